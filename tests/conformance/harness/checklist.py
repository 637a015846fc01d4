"""Which test serves which item of the conformance checklist, read from the docstrings.

Run it to print README.md's table: PYTHONPATH=. /usr/bin/python3 -m harness.checklist
"""
import ast
import re
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1]
ITEMS = ([f"R{n}" for n in range(1, 12)] + [f"S{n}" for n in range(1, 8)]
         + [f"I{n}" for n in range(1, 17)] + [f"W{n}" for n in range(1, 9)]
         + [f"L{n}" for n in range(1, 12)] + ["D1", "D5", "D6", "D8", "D9", "D13", "D26", "D40",
                                              "3.7", "Bad input"])
ELSEWHERE = {"L3": "the kill -9 torture, a C++ program of its own"}
_ITEM = re.compile(r"\b(?:[RSIWL]\d{1,2}|D\d{1,2}|3\.7|Bad input)\b")


def tests():
    """(file, test, items named in the docstring) of every test; "" for a missing docstring."""
    for file in sorted(FOLDER.rglob("test_*.py")):
        if file.name == "test_harness.py":
            continue
        for node in ast.parse(file.read_text()).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield file.name, node.name, _ITEM.findall(ast.get_docstring(node) or "")


def table() -> str:
    served = {item: {} for item in ITEMS}
    for file, test, items in tests():
        for item in items:
            if item in served:
                served[item].setdefault(file.removesuffix(".py"), []).append(
                    test.removeprefix("test_"))
    lines = ["| item | tests |", "|---|---|"]
    for item in ITEMS:
        cells = [f"**{file}**: " + ", ".join(dict.fromkeys(names))
                 for file, names in served[item].items()]
        if item in ELSEWHERE:
            cells.append(ELSEWHERE[item])
        lines.append(f"| {item} | {'; '.join(cells)} |")
    return "\n".join(lines)


def missing() -> list:
    """Items without a test and tests without an item."""
    every = [(file, test, items) for file, test, items in tests()]
    named = {item for _, _, items in every for item in items}
    return ([item for item in ITEMS if item not in named and item not in ELSEWHERE]
            + [f"{file}: {test}" for file, test, items in every if not items])


if __name__ == "__main__":
    print(table())
