#!/usr/bin/env python3
"""Checks what can be checked of the documents: links, names of files, functions, READMEs, and code
under `<!-- from FILE -->`, which has to stand in that file word for word, indentation aside.

check_docs.py [ROOT]: ROOT is the repository (default: where this script lies). One line per fault.
"""
import glob
import os
import re
import sys
from pathlib import Path

SKIPPED = {".git", ".cache", "build", "node_modules"}
# Made by a build or a run, so rightly absent from the tree.
GENERATED = {"bench/RESULTS.md", "spawn_manifest.h", "counter.pb.h"}
ENDINGS = "cpp|hpp|h|c|py|sh|md|json|yaml|cmake|proto|txt|map|in"
# Where a name in a document may begin, besides the document's own folder.
BASES = ("", "kernel", "plugin-api", "plugin-api/include", "plugin-api/include/spawn/plugin",
         "sdk/cpp/include", "tests")
LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`\n]+)`")
FENCE = re.compile(r"^(```|~~~).*?^\1", re.M | re.S)
QUOTE = re.compile(r"^<!-- from (\S+) -->\n(?:```\w*\n(.*?)^```)?", re.M | re.S)
HEADING = re.compile(r"^#{1,6}\s+(.*)$", re.M)
FILE = re.compile(rf"[\w.*/-]+\.({ENDINGS})$")
WALKED = "docs/life-of-a-message.md"  # rows that name a file and functions of it


def without_fences(text):
    """The text with code blocks blanked out, so that line numbers stay."""
    return FENCE.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)


def documents(root):
    for folder, names, files in os.walk(root):
        names[:] = sorted(n for n in names if n not in SKIPPED)
        for name in sorted(files):
            if name.endswith(".md"):
                yield Path(folder) / name


def all_names(root):
    out = set()
    for folder, names, files in os.walk(root):
        names[:] = [n for n in names if n not in SKIPPED]
        out.update(files)
    return out


def anchors(text):
    """Anchors of headings, as common Markdown renderers make them."""
    out = set()
    for heading in HEADING.findall(without_fences(text)):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").strip().lower()
        out.add(re.sub(r"[^\w\- ]", "", plain).replace(" ", "-"))
    return out


def expand(name):
    """a.{hpp,cpp} -> a.hpp, a.cpp; {a,b}.hpp likewise."""
    found = re.search(r"\{([^{}]*)\}", name)
    if not found:
        return [name]
    return [each for part in found.group(1).split(",")
            for each in expand(name[:found.start()] + part.strip() + name[found.end():])]


def find(root, beside, name):
    """The files that a name in a document can mean."""
    places = [beside] + [root / base for base in BASES]
    hits = []
    for place in places:
        hits += [Path(hit) for hit in glob.glob(str(place / name))]
    return hits


def link_fault(root, document, target):
    if re.match(r"[a-z][a-z0-9+.-]*:", target):
        return None
    path, _, anchor = target.partition("#")
    to = (document.parent / path) if path else document
    if os.path.relpath(to, root) in GENERATED:
        return None
    if not to.exists():
        return f"link to {target}: there is no such file"
    if anchor and to.suffix == ".md" and anchor not in anchors(to.read_text(encoding="utf-8")):
        return f"link to {target}: {to.name} has no such heading"
    return None


def name_fault(root, document, code, known, tops):
    """Why a name between backticks is none of a file or folder of the tree, or None."""
    if re.search(r"[<>$~\s()]", code) or code.startswith(("/", "-", ".")):
        return None
    for name in expand(code):
        is_file = FILE.match(name)
        is_folder = not is_file and "/" in name and name.split("/")[0] in tops and \
            re.match(r"[\w./*-]+$", name)
        bare = "/" not in name and "*" not in name
        if not (is_file or is_folder) or name in GENERATED or (bare and name in known):
            continue
        if not find(root, document.parent, name):
            return f"`{code}`: there is no such {'file' if is_file else 'folder'}"
    return None


def row_faults(root, document, text):
    """Functions `f()` of a table row must stand in a file that the row names."""
    for number, line in enumerate(text.splitlines(), 1):
        codes = CODE.findall(line) if line.startswith("|") else []
        functions = [c[:-2] for c in codes if re.match(r"\w+\(\)$", c)]
        files = [hit for c in codes if FILE.match(c) for hit in find(root, document.parent, c)
                 if hit.is_file()]
        text_of_files = "\n".join(f.read_text(encoding="utf-8", errors="replace") for f in files)
        for function in functions:
            if not re.search(rf"\b{function}\(", text_of_files):
                yield number, f"`{function}()` is in none of the files this row names"


def quote_faults(root, raw):
    """Code that is said to be taken from a file, and is not."""
    for found in QUOTE.finditer(raw):
        number, file, code = raw[:found.start()].count("\n") + 1, root / found[1], found[2]
        if not code:
            yield number, f"from {found[1]}: no code block follows"
        elif not file.exists():
            yield number, f"from {found[1]}: there is no such file"
        elif plain(code) not in plain(file.read_text(encoding="utf-8")):
            yield number, f"from {found[1]}: the code is not in it"


def plain(code):
    return "\n".join(line.strip() for line in code.strip().splitlines())


def folders_without_readme(root):
    """Each top folder of the tree and each folder of kernel/."""
    for top in sorted(root.iterdir()):
        if top.is_dir() and not top.name.startswith(".") and top.name not in SKIPPED:
            if any(top.iterdir()) and not (top / "README.md").exists():
                yield top
    for folder in sorted((root / "kernel").glob("*/")):
        if folder.is_dir() and not (folder / "README.md").exists():
            yield folder


def faults(root):
    known = all_names(root)
    tops = {p.name for p in root.iterdir() if p.is_dir() and p.name not in SKIPPED}
    for document in documents(root):
        raw = document.read_text(encoding="utf-8")
        text = without_fences(raw)
        name = document.relative_to(root)
        for number, line in enumerate(text.splitlines(), 1):
            for target in LINK.findall(line):
                if why := link_fault(root, document, target):
                    yield f"{name}:{number}: {why}"
            for code in CODE.findall(line):
                if why := name_fault(root, document, code, known, tops):
                    yield f"{name}:{number}: {why}"
        for number, why in quote_faults(root, raw):
            yield f"{name}:{number}: {why}"
        if str(name) == WALKED:
            for number, why in row_faults(root, document, text):
                yield f"{name}:{number}: {why}"
    for folder in folders_without_readme(root):
        yield f"{folder.relative_to(root)}: has no README.md"


if __name__ == "__main__":
    found = list(faults(Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[1])))
    print("\n".join(found) or "docs: no faults")
    sys.exit(1 if found else 0)
