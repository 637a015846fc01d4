"""tests/fixtures/plugins: the list in the README is the list that is built, and each file breaks
the rule it is there for, as far as that can be seen without running it."""
import os
import pathlib
import re
import subprocess

import pytest

BUILD = pathlib.Path(os.environ["SPAWN_BUILD_DIR"]) / "fixtures"
README = pathlib.Path(os.environ["SPAWN_SOURCE_DIR"]) / "tests/fixtures/plugins/README.md"

pytestmark = pytest.mark.skipif(not (BUILD / "good_c/plugin.so").exists(),
                                reason="the target spawn_fixtures was not built")


def readelf(option, name):
    return subprocess.run(["readelf", "-W", option, BUILD / name / "plugin.so"],
                          capture_output=True, text=True).stdout


def exports(name):
    out = set()
    for line in readelf("--dyn-syms", name).splitlines():
        columns = line.split()
        if len(columns) >= 8 and re.fullmatch(r"\d+:", columns[0]) \
                and "UND" not in columns and "LOCAL" not in columns:
            out.add(columns[-1])
    return out


def listed():
    return re.findall(r"^\| `(\w+)` \|", README.read_text(), re.M)


def test_the_readme_lists_what_is_built():
    built = sorted(p.parent.name for p in BUILD.glob("*/plugin.so"))
    assert sorted(listed()) == built


@pytest.mark.parametrize("name", [n for n in listed() if n not in {
    "no_entry", "entry_2_only", "extra_export", "unique_symbol", "not_elf", "cut_elf"}])
def test_all_others_export_the_entry_alone(name):
    assert exports(name) == {"spawn_plugin_entry_1"}


@pytest.mark.parametrize("name, expected", [
    ("no_entry", {"fixture_is_no_plugin"}),
    ("entry_2_only", {"spawn_plugin_entry_2"}),
    ("extra_export", {"spawn_plugin_entry_1", "fixture_leaked_helper"}),
    ("unique_symbol", {"spawn_plugin_entry_1", "fixture_unique_object"}),
])
def test_symbol_fixtures_export_what_they_are_for(name, expected):
    assert exports(name) == expected


def test_marks_of_the_file_are_as_documented():
    assert re.search(r"GNU_STACK.*RWE", readelf("-l", "exec_stack"))
    assert not re.search(r"GNU_STACK.*RWE", readelf("-l", "good_c"))
    assert "libprotobuf.so" in readelf("-d", "needs_protobuf")
    assert "libprotobuf" not in readelf("-d", "good_c")
    assert "spawn_fixture_function_that_does_not_exist" in readelf("--dyn-syms", "undefined_symbol")
    # UNIQUE is printed by newer tools as its name, by others as a number.
    symbols = readelf("--dyn-syms", "unique_symbol")
    assert re.search(r"(UNIQUE|: 10).*fixture_unique_object", symbols)


def test_notes_are_as_documented():
    assert "SPAWN" in readelf("-n", "good_c")
    assert ".note.spawn" not in readelf("-S", "no_note")
    assert b'"kind":"workflow"' in (BUILD / "wrong_kind/plugin.so").read_bytes()
    assert b'"major":2' in (BUILD / "note_major/plugin.so").read_bytes()
