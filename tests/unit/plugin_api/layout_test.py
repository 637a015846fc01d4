"""The layout of the stable ABI is what plugin-api/abi/layout-1.txt says, and all of it is there."""
import difflib
import os
import pathlib
import re
import subprocess

SOURCE = pathlib.Path(os.environ["SPAWN_SOURCE_DIR"])
HEADERS = SOURCE / "plugin-api/include/spawn/plugin"
GOLDEN = SOURCE / "plugin-api/abi/layout-1.txt"

# Drafts that still share a file with a stable header (ABI-POLICY.md, "Drafts").
DRAFTS = {"spawn_ss_query", "spawn_statestore_query", "spawn_kv_op", "spawn_kv_event",
          "spawn_transport_kv", "SPAWN_STATESTORE_QUERY", "SPAWN_TRANSPORT_KV"}
DRAFT_NUMBERS = re.compile(r"SPAWN_KV_")


def dump():
    run = subprocess.run([os.environ["SPAWN_LAYOUT_DUMP"]], capture_output=True, text=True)
    assert run.returncode == 0, f"unlisted bytes in a struct:\n{run.stderr}"
    return run.stdout


def headers():
    for name in ("abi.h", "host.h", "entry.h", "statestore.h", "transport.h", "workflow.h",
                 "activator.h", "sink.h", "actors.h", "live_actors.h",
                 "handoff.h"):
        text = (HEADERS / name).read_text()
        yield name, re.sub(r"/\*.*?\*/", "", text, flags=re.S)


def test_the_layout_is_the_golden_one():
    golden, now = GOLDEN.read_text(), dump()
    diff = "".join(difflib.unified_diff(golden.splitlines(True), now.splitlines(True),
                                        "plugin-api/abi/layout-1.txt", "the headers"))
    assert not diff, (
        "The ABI differs from its golden dump. Once a release is tagged a line may be added, "
        "never changed or taken away (ABI-POLICY.md). To accept: run bin/spawn_layout_dump > "
        "plugin-api/abi/layout-1.txt\n" + diff)


def test_every_struct_of_the_headers_is_dumped():
    structs = set(re.findall(r"^struct (\w+) size", dump(), re.M))
    declared = set()
    for _, text in headers():
        declared |= set(re.findall(r"struct (spawn_\w+)\s*\{", text))
    assert declared - DRAFTS == structs


def test_every_number_of_the_headers_is_dumped():
    numbers = set(re.findall(r"^number (\w+) ", dump(), re.M))
    missing = []
    for name, text in headers():
        for constant in re.findall(r"\b(SPAWN_[A-Z0-9_]+)\s*=\s*[-\d(]", text):
            if constant not in numbers and not DRAFT_NUMBERS.match(constant):
                missing.append(f"{name}: {constant}")
    assert not missing


def test_every_interface_id_of_the_headers_is_dumped():
    ids = set(re.findall(r"^id (\w+) ", dump(), re.M))
    missing = []
    for name, text in headers():
        for constant in re.findall(r'#define (SPAWN_\w+) "', text):
            if constant not in ids and constant not in DRAFTS:
                missing.append(f"{name}: {constant}")
    assert not missing
