"""The headers against the ABI of the releases (plugin-api/abi/abidiff.py), and that the comparison
finds what it is for: a planted break is found, growth that the policy allows is not one."""
import os
import pathlib
import re
import shutil
import subprocess

import pytest

SOURCE = pathlib.Path(os.environ["SPAWN_SOURCE_DIR"])
ABI = SOURCE / "plugin-api/abi"
HEADERS = SOURCE / "plugin-api/include/spawn/plugin"
MISSING = [tool for tool in ("abidw", "abidiff", "gcc") if shutil.which(tool) is None]

pytestmark = pytest.mark.skipif(
    bool(MISSING), reason=f"not installed: {', '.join(MISSING)} (packages abigail-tools, gcc)")


def compared(*arguments):
    done = subprocess.run([ABI / "abidiff.py", *map(str, arguments)], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, check=False)
    return done.returncode, done.stdout


def changed(folder, header, before, after):
    """A copy of the headers with one text replaced, compared."""
    include = folder / "include"
    shutil.copytree(HEADERS.parents[1], include)
    file = include / "spawn/plugin" / header
    text = file.read_text()
    assert text.count(before) == 1, f"{header} has changed: {before!r}"
    file.write_text(text.replace(before, after))
    return compared("--include", include)


def test_the_headers_keep_the_abi_of_every_release():
    code, told = compared()
    assert code == 0, told


def test_every_struct_of_the_headers_is_compared():
    uses = set(re.findall(r"^USES\((\w+)\)", (ABI / "abi_types.c").read_text(), re.M))
    dumped = set(re.findall(r"^struct (\w+) size", (ABI / "layout-1.txt").read_text(), re.M))
    assert uses == dumped


@pytest.mark.parametrize("header, before, after, named", [
    # A field in the middle of a struct that may grow at its end.
    ("workflow.h", "  uint64_t call_id; ", "  uint64_t planted;\n  uint64_t call_id; ", "planted"),
    # A slot in the middle of a table.
    ("statestore.h", "  void (*cancel)(", "  void (*planted)(void);\n  void (*cancel)(", "planted"),
    # A field at the end of a struct that never grows.
    ("abi.h", "  void* ctx;\n} spawn_buf;", "  void* ctx;\n  void* planted;\n} spawn_buf;", "planted"),
    # The header of every op, which is a part of other structs.
    ("abi.h", "void* host_private[2];", "void* host_private[3];", "host_private"),
    # A type, with the same size.
    ("host.h", "int64_t (*unix_ms)(", "uint64_t (*unix_ms)(", "unix_ms"),
    # The same beside growth, which does not hide it.
    ("entry.h", "void (*destroy)(spawn_instance* self);",
     "int (*destroy)(spawn_instance* self); void (*more)(void);", "destroy"),
    # A struct that is gone.
    ("sink.h", "} spawn_sink_message;", "} spawn_sink_massage;\ntypedef int spawn_sink_message;",
     "spawn_sink_message"),
])
def test_a_break_is_found_and_named(tmp_path, header, before, after, named):
    code, told = changed(tmp_path, header, before, after)
    assert code == 1 and named in told and "is not that of 0.1.0" in told, told


@pytest.mark.parametrize("header, before, after", [
    ("workflow.h", "  spawn_buf out_owner; /*", "  spawn_buf out_owner;\n  uint64_t more; /*"),
    ("host.h", "spawn_slice why);\n};", "spawn_slice why);\n  void (*more)(void);\n};"),
])
def test_growth_at_the_end_is_none(tmp_path, header, before, after):
    code, told = changed(tmp_path, header, before, after)
    assert code == 0, told


def test_a_release_is_written_once():
    before = (ABI / "released/0.1.0.abi").read_bytes()
    code, told = compared("--write", "0.1.0")
    assert code == 1 and "is there already" in told
    assert (ABI / "released/0.1.0.abi").read_bytes() == before
