#!/usr/bin/env python3
"""Makes docs/plugin-reference/ from the comments of the plugin headers: a page for each kind.

plugin_reference.py [--check] [ROOT]: ROOT is the repository (default: where this script lies). With
--check nothing is written; a page that is not what the headers say is named, and the exit code is 1.
"""
import re
import sys
from pathlib import Path

HEADERS = "plugin-api/include/spawn/plugin"
PAGES = {  # page -> what it is about, headers
    "statestore": ("keeps the state of actors", ["statestore.h"]),
    "transport": ("moves messages between kernels", ["transport.h"]),
    "activator": ("brings events from outside to actors", ["activator.h"]),
    "workflow": ("says what a part of an actor's answer means", ["workflow.h"]),
    "actors": ("has actors that run in the kernel's own process", ["actors.h", "live_actors.h"]),
    "sink": ("takes what actors publish; beside another kind", ["sink.h"]),
    "handoff": ("hands what a store keeps in memory to the next one; beside statestore",
                ["handoff.h"]),
    "host": ("what every plugin has and gets: words, instances, the kernel's services",
             ["abi.h", "entry.h", "host.h"]),
}
TOKEN = re.compile(r"/\*(?P<comment>.*?)\*/|(?P<define>^#define (?:[^\n]*\\\n)*[^\n]*)|"
                   r"(?P<other>^#[^\n]*)|(?P<mark>[{};,])|(?P<text>[^{};,/#]+|/|#)", re.S | re.M)
THREAD = re.compile(r"\s*\[(control|lane|any)\]")


def words(comment):
    """The text of a comment: paragraphs and lists, without the stars and the alignment."""
    lines = [re.sub(r"^\s*\* ?|^\s+", "", line).rstrip() for line in comment.strip().splitlines()]
    text = "\n".join(re.sub(r"^ +\[", "- [", line) for line in lines).strip(" -=\n")
    return re.sub(r"[ \t]{2,}", " ", text)


def inline(text):
    return re.sub(r"\s*\n\s*", " ", text).replace("|", "\\|").strip()


class Token:
    def __init__(self, found, line, last_line):
        self.kind, self.text = found.lastgroup, found.group(found.lastgroup)
        self.line, self.last_line = line, last_line


def tokens(source):
    out, line = [], 1
    for found in TOKEN.finditer(source):
        raw = found.group()
        begins = line + len(raw) - len(raw.lstrip("\n ")) if found.lastgroup == "text" else line
        last = line + raw.count("\n")
        if found.lastgroup != "text" or raw.strip():
            lead = raw[:len(raw) - len(raw.lstrip())].count("\n")
            trail = raw[len(raw.rstrip()):].count("\n")
            begins = line + lead if found.lastgroup == "text" else line
            out.append(Token(found, begins, last - (trail if found.lastgroup == "text" else 0)))
        line = last
    return out


class Item:
    """A declaration: what stands in front of it, its own text, its members, what stands behind."""

    def __init__(self):
        self.before, self.code, self.members, self.after = [], "", None, []

    @property
    def words(self):
        return "\n\n".join(w for w in map(words, self.before + self.after) if w)


def read_items(stream, end, stop="}"):
    """Declarations up to the mark that closes; `end` is what closes one: ';' or ','."""
    items, now, done_line = [], Item(), 0
    depth = 0
    while stream:
        token = stream.pop(0)
        if token.kind == "comment":
            if items and not now.code and token.line == done_line:
                items[-1].after.append(token.text)
                done_line = token.last_line
            else:
                now.before.append(token.text)
        elif token.kind == "define":
            code = token.text.replace("\\\n", " ")
            now.after += re.findall(r"/\*(.*?)\*/", code, re.S)
            now.code = " ".join(re.sub(r"/\*.*?\*/", "", code, flags=re.S).split())
            items.append(now)
            now, done_line = Item(), token.last_line
        elif token.kind == "mark" and token.text == "{":
            code = " ".join(now.code.split())
            if code.startswith("extern"):
                now = Item()
                continue
            head = []
            while stream and stream[0].kind == "comment" and stream[0].line == token.line:
                head.append(stream.pop(0).text)
            now.after += head
            now.members = read_items(stream, "," if code.endswith("enum") else ";")
        elif token.kind == "mark" and token.text == stop and depth == 0:
            if now.code.strip():
                items.append(now)
            return items
        elif token.kind == "mark" and token.text == end and depth == 0:
            if now.code.strip() or now.members is not None:
                items.append(now)
            now, done_line = Item(), token.line
        elif token.kind in ("mark", "text"):
            depth += token.text.count("(") - token.text.count(")")
            now.code += token.text
            done_line = 0 if end == ";" else token.last_line
            if end == "," and stream and stream[0].kind == "comment" and \
                    stream[0].line == token.last_line and stream[1:] and stream[1].text == stop:
                now.after.append(stream.pop(0).text)
    return items


def heading(item):
    code = " ".join(item.code.split())
    if code.startswith("#define"):
        found = re.match(r'#define (\w+)\s+"([^"]+)"', code)
        name = re.match(r"#define (\w+(?:\([^)]*\))?)(?: (\d\w*))?", code)
        number = f" = {name.group(2)}" if name.group(2) else ""
        return (f"`{found.group(1)}`: \"{found.group(2)}\"" if found
                else f"`{name.group(1)}`{number}" if item.words else None)
    if code.startswith("typedef struct") and item.members is not None:
        return f"`{code.split()[-1]}`"
    if code.startswith("struct") and item.members is not None:
        return f"`{code.split()[1]}`"
    if code.startswith("enum"):
        names = [" ".join(m.code.split()).split(" ")[0] for m in item.members]
        return f"`{names[0]}` to `{names[-1]}`" if len(names) > 1 else f"`{names[0]}`"
    opaque = re.match(r"typedef struct (\w+) \1$", code)
    return f"`{code}`" if code.startswith("typedef") and (item.words or not opaque) else None


def member_row(member):
    text = " · ".join(inline(words(each)) for each in member.before + member.after)
    thread = ", ".join(dict.fromkeys(THREAD.findall(text)))
    text = re.sub(r"\s+([,;.])(?!\.)", r"\1", THREAD.sub("", text))
    text = re.sub(r"([.;]),", r"\1", text).strip(" ;,")
    return " ".join(member.code.split()), thread, text


def table(members):
    rows = [member_row(m) for m in members]
    threads = any(thread for _, thread, _ in rows)
    yield "| | thread | |" if threads else "| | |"
    yield "|---|---|---|" if threads else "|---|---|"
    for code, thread, text in rows:
        yield f"| `{code}` | {thread} | {text} |" if threads else f"| `{code}` | {text} |"


def section(item):
    title = heading(item)
    if title is None:
        return
    yield f"### {title}\n"
    if item.words:
        yield THREAD.sub(lambda m: m.group().replace("[", "\\["), item.words) + "\n"
    if item.members:
        yield "\n".join(table(item.members)) + "\n"


def header_part(root, name):
    source = (root / HEADERS / name).read_text(encoding="utf-8")
    first = re.match(r"/\*(.*?)\*/", source, re.S)
    yield f"## {name}\n"
    yield re.sub(rf"^{re.escape(name)} - ", "", words(first.group(1))) + "\n"
    rest = tokens(source[first.end():])
    guard = next(i for i, token in enumerate(rest) if token.kind == "define")
    for item in read_items(rest[guard + 1:], ";"):
        yield from section(item)


def page(root, name):
    about, headers = PAGES[name]
    files = ", ".join(f"`spawn/plugin/{header}`" for header in headers)
    out = [f"# Reference: {name}\n",
           f"{about[0].upper()}{about[1:]}. Made from {files} by `tools/plugin_reference.py`: change "
           "the comments there. What the threads mean and what stays as it is: "
           "[ABI policy](../../plugin-api/ABI-POLICY.md).\n"]
    for header in headers:
        out += header_part(root, header)
    return "\n".join(out)


def index():
    rows = "\n".join(f"| [{name}]({name}.md) | {about} |" for name, (about, _) in PAGES.items())
    return ("# Reference of the plugin interface\n\nMade from the headers by "
            "`tools/plugin_reference.py`. How to begin: [plugin guide](../plugin-guide.md).\n\n"
            f"| page | |\n|---|---|\n{rows}\n")


def pages(root):
    folder = Path("docs/plugin-reference")
    return {folder / "README.md": index()} | {
        folder / f"{name}.md": page(root, name) for name in PAGES}


def main(arguments):
    check = "--check" in arguments
    given = [a for a in arguments if a != "--check"]
    root = Path(given[0]) if given else Path(__file__).resolve().parents[1]
    stale = 0
    for path, text in pages(root).items():
        file = root / path
        if check and (not file.exists() or file.read_text(encoding="utf-8") != text):
            print(f"{path}: is not what the headers say; run tools/plugin_reference.py")
            stale += 1
        elif not check:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
