"""tools/check_docs.py finds what it is there for: each planted fault, and nothing else."""
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(os.environ.get("SPAWN_SOURCE_DIR", Path(__file__).resolve().parents[3]))

GOOD = {
    "README.md": "# Top\n\n[page](docs/page.md#second-part-a-b) [out](https://example.org/x)\n"
                 "```\n[in code](nowhere.md) `gone.cpp`\n```\n",
    "docs/README.md": "see [page](page.md), `kernel/cell/turn.cpp`, `cell/turn.{hpp,cpp}`, `kernel/cell`\n",
    "docs/page.md": "# Page\n\n## Second part: a, `b`\n\n`turn.cpp`, `cell/*.hpp`, `run()`, `a b.cpp`\n",
    "docs/life-of-a-message.md": "| 1 | `cell/turn.cpp` `run()` | text |\n",
    "kernel/README.md": "[cell](cell/README.md)\n",
    "kernel/cell/README.md": "`turn.hpp`, `/etc/passwd.txt`, `${X}/y.cpp`, `<dir>/z.cpp`\n",
    "kernel/cell/turn.cpp": "void run() {}\n",
    "kernel/cell/turn.hpp": "void run();\n",
}


def run(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return subprocess.run([sys.executable, str(ROOT / "tools/check_docs.py"), str(root)],
                          capture_output=True, text=True, check=False)


def test_a_good_tree_has_no_faults(tmp_path):
    ended = run(tmp_path, GOOD)
    assert ended.returncode == 0, ended.stdout


@pytest.mark.parametrize("text, told", [
    ("[x](gone.md)", "there is no such file"),
    ("[x](page.md#gone)", "page.md has no such heading"),
    ("`kernel/cell/gone.cpp`", "there is no such file"),
    ("`gone.hpp`", "there is no such file"),
    ("`cell/turn.{hpp,c}`", "there is no such file"),
    ("`cell/*.py`", "there is no such file"),
    ("`kernel/gone`", "there is no such folder"),
])
def test_a_planted_wrong_name_is_found(tmp_path, text, told):
    ended = run(tmp_path, GOOD | {"docs/other.md": f"first line\n{text}\n"})
    assert ended.returncode == 1
    lines = ended.stdout.splitlines()
    assert len(lines) == 1 and lines[0].startswith("docs/other.md:2: ") and told in lines[0], lines


def test_a_function_that_is_gone_from_its_file_is_found(tmp_path):
    ended = run(tmp_path, GOOD | {"kernel/cell/turn.cpp": "void walk() {}\n"})
    assert ended.returncode == 1
    assert "`run()` is in none of the files" in ended.stdout


@pytest.mark.parametrize("folder", ["kernel/lane", "tools"])
def test_a_folder_without_a_readme_is_found(tmp_path, folder):
    ended = run(tmp_path, GOOD | {f"{folder}/file.cpp": ""})
    assert ended.returncode == 1
    assert f"{folder}: has no README.md" in ended.stdout


QUOTED = "# Q\n\n<!-- from kernel/cell/turn.cpp -->\n```cpp\n%s\n```\n"


def test_code_that_is_quoted_from_a_file_stands_in_it(tmp_path):
    ended = run(tmp_path, GOOD | {"docs/quote.md": QUOTED % "  void run() {}"})
    assert ended.returncode == 0, ended.stdout


@pytest.mark.parametrize("text, told", [
    (QUOTED % "void run() { now(); }", "the code is not in it"),
    (QUOTED.replace("turn.cpp", "gone.cpp") % "void run() {}", "there is no such file"),
    ("<!-- from kernel/cell/turn.cpp -->\n\ntext\n", "no code block follows"),
])
def test_code_that_is_not_is_told(tmp_path, text, told):
    ended = run(tmp_path, GOOD | {"docs/quote.md": text})
    assert ended.returncode == 1 and told in ended.stdout, ended.stdout
