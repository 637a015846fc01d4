"""tools/plugin_reference.py: a comment of a header becomes the row it belongs to, and a page that is
not what the headers say is named."""
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(os.environ.get("SPAWN_SOURCE_DIR", Path(__file__).resolve().parents[3]))
HEADERS = "plugin-api/include/spawn/plugin"


def run(root, *options):
    return subprocess.run([sys.executable, str(ROOT / "tools/plugin_reference.py"), *options,
                           str(root)], capture_output=True, text=True, check=False)


def tree(tmp_path):
    shutil.copytree(ROOT / HEADERS, tmp_path / HEADERS)
    assert run(tmp_path).returncode == 0
    return tmp_path


def page(root, name):
    return (root / "docs/plugin-reference" / f"{name}.md").read_text()


def test_comments_stand_with_what_they_are_about(tmp_path):
    root = tree(tmp_path)
    transport, host = page(root, "transport"), page(root, "host")
    for row in (
            "| `spawn_buf out_reply` | REQUEST only |",
            "| `void (*grant)(spawn_tp_lane* l, uint64_t sub_id, uint32_t credit)` | lane |  |",
            "| `uint64_t sub_id` | chosen by the kernel, unique in the instance, echoed in deliveries; "
            "UNSUBSCRIBE looks at nothing else |"):
        assert row in transport
    for row in ("| `SPAWN_E_ABORTED = 16` | had NO effect: another op of its group failed |",
                "### `SPAWN_HOST_LOOP`: \"spawn.host.loop/1\"\n\ntimers, fds and posts",
                "| `uint16_t flags` |  |"):
        assert row in host


def test_every_declaration_of_the_headers_is_on_a_page(tmp_path):
    root = tree(tmp_path)
    for name, header in (("statestore", "statestore.h"), ("workflow", "workflow.h"),
                         ("activator", "activator.h"), ("sink", "sink.h"),
                         ("handoff", "handoff.h"), ("host", "entry.h")):
        text = page(root, name)
        lines = (root / HEADERS / header).read_text().splitlines()
        ends = [line.split()[1].rstrip(";") for line in lines if line.startswith("} spawn_")]
        assert ends and all(f"### `{end}`" in text for end in ends), (name, ends)


def test_a_page_that_is_not_what_the_header_says_is_named(tmp_path):
    root = tree(tmp_path)
    assert run(root, "--check").returncode == 0
    header = root / HEADERS / "sink.h"
    header.write_text(header.read_text().replace("headers arrive as headers", "they arrive"))
    ended = run(root, "--check")
    assert ended.returncode == 1 and ended.stdout.startswith("docs/plugin-reference/sink.md: ")
    assert ended.stdout.count("\n") == 1
    assert "headers arrive as headers" in page(root, "sink"), "a check writes nothing"
