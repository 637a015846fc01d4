#!/usr/bin/python3
"""Writes the small plugin files that the corpus of elf_note begins with: elf_seeds.py DIRECTORY.

Each is one load segment in which an address is an offset, so that a fuzzer finds its way; the
bytes of a compiled plugin are in good.bin.
"""
import json
import struct
import sys

NEEDED, HASH, STRTAB, SYMTAB, STRSZ, RPATH, TEXTREL, RUNPATH, FLAGS = 1, 4, 5, 6, 10, 15, 22, 29, 30
GNU_HASH = 0x6FFFFEF5
LOAD, DYNAMIC, NOTE, STACK = 1, 2, 4, 0x6474E551
GLOBAL, WEAK, UNIQUE, LOCAL = 1, 2, 10, 0
ENTRY = "spawn_plugin_entry_1"
MANIFEST = {
    "abi": {"major": 1, "minor": 0}, "kind": "statestore", "name": "seed", "version": "1.2.3",
    "license": "MIT", "lanes": "many", "blocking": False, "unloadable": True,
    "capabilities": ["list"], "config_schema": {"type": "object"},
}


def manifest(**changes):
    made = {**MANIFEST, **changes}
    return json.dumps({k: v for k, v in made.items() if v != "gone"}).encode() + b"\0"


def note(desc, owner=b"SPAWN\0", kind=1):
    pad = lambda b: b + b"\0" * (-len(b) % 4)
    return struct.pack("<III", len(owner), len(desc), kind) + pad(owner) + pad(desc)


def elf(notes=None, symbols=((ENTRY, GLOBAL, 0, 1),), needed=("libc.so.6",), paths=(), flags=None,
        textrel=False, stack=6, tables="gnu", machine=62, end=True, dynamics=1):
    if notes is None:
        notes = note(manifest() + b"\0" * 40)
    strings, out, segments = bytearray(b"\0"), bytearray(), []

    def text(name):
        strings.extend(name.encode() + b"\0")
        return len(strings) - len(name) - 1

    count = 2 + dynamics + (stack is not None)
    base = 64 + 56 * count

    def place(data):
        out.extend(b"\0" * (-len(out) % 8))
        at = base + len(out)
        out.extend(data)
        return at

    notes_at = place(notes)
    table = bytes(24) + b"".join(
        struct.pack("<IBBHQQ", text(name), bind << 4 | 1, how, index, 0, 0)
        for name, bind, how, index in symbols)
    n = len(symbols) + 1
    entries = [(NEEDED, text(name)) for name in needed] + [(kind, text(p)) for kind, p in paths]
    if flags is not None:
        entries.append((FLAGS, flags))
    if textrel:
        entries.append((TEXTREL, 0))
    if tables in ("gnu", "both"):
        chain = [0] * (n - 2) + [1] if n > 1 else []
        entries.append((GNU_HASH, place(struct.pack("<IIIIQI", 1, 1, 1, 6, 0, 1 if n > 1 else 0) +
                                        struct.pack("<%dI" % len(chain), *chain))))
    if tables in ("sysv", "both"):
        entries.append((HASH, place(struct.pack("<II", 1, n))))
    entries += [(SYMTAB, place(table)), (STRTAB, place(bytes(strings))), (STRSZ, len(strings))]
    dynamic = b"".join(struct.pack("<QQ", *e) for e in entries + ([(0, 0)] if end else []))
    dynamic_at = place(dynamic)
    total = base + len(out)
    segments.append((LOAD, 5, 0, 0, 0, total, total, 4096))
    segments.append((NOTE, 4, notes_at, notes_at, 0, len(notes), len(notes), 4))
    segments += [(DYNAMIC, 6, dynamic_at, dynamic_at, 0, len(dynamic), len(dynamic), 8)] * dynamics
    if stack is not None:
        segments.append((STACK, stack, 0, 0, 0, 0, 0, 16))
    head = b"\x7fELF\2\1\1" + bytes(9) + struct.pack(
        "<HHIQQQIHHHHHH", 3, machine, 1, 0, 64, 0, 0, 64, 56, count, 64, 0, 0)
    return head + b"".join(struct.pack("<IIQQQQQQ", *s) for s in segments) + bytes(out)


def with_manifest(**changes):
    return elf(notes=note(manifest(**changes) + b"\0" * 8))


many = [("extra%d" % i, WEAK, 0, 1) for i in range(7)]
SEEDS = {
    "small": elf(),
    "both_tables": elf(tables="both"),
    "sysv_table": elf(tables="sysv"),
    "no_table": elf(tables="none"),
    "no_symbols": elf(symbols=()),
    "aarch64": elf(machine=183),
    "other_machine": elf(machine=3),
    "no_stack": elf(stack=None),
    "stack": elf(stack=7),
    "textrel": elf(textrel=True),
    "textrel_flag": elf(flags=4),
    "rpath": elf(paths=((RPATH, "/a"), (RUNPATH, "$ORIGIN"))),
    "unique": elf(symbols=((ENTRY, GLOBAL, 0, 1), ("once", UNIQUE, 0, 1))),
    "exports": elf(symbols=many),
    "hidden": elf(symbols=(("h", GLOBAL, 2, 1), ("i", GLOBAL, 1, 1), ("l", LOCAL, 0, 1),
                           ("u", GLOBAL, 0, 0), ("spawn_plugin_entry_", GLOBAL, 0, 1))),
    "libraries": elf(needed=("libprotobuf.so.32", "libgrpc++.so.1")),
    "protobuf_full": elf(needed=("libprotobuf.so.32",), notes=note(manifest(protobuf="full"))),
    "two_dynamics": elf(dynamics=2),
    "no_dynamic": elf(dynamics=0),
    "endless_dynamic": elf(end=False),
    "cut": elf()[:700],
    "other_owner": elf(notes=note(b"\1\2\3\4", b"GNU\0", 3) + note(manifest())),
    "only_other_owner": elf(notes=note(b"\1\2\3\4", b"GNU\0", 3)),
    "newer": elf(notes=note(manifest(), kind=2)),
    "older": elf(notes=note(manifest(), kind=0)),
    "two_notes": elf(notes=note(manifest()) + note(manifest())),
    "two_differ": elf(notes=note(manifest()) + note(manifest(name="other"))),
    "no_end": elf(notes=note(b"{}")),
    "past_end": elf(notes=note(manifest() + b"x")),
    "note_too_long": elf(notes=struct.pack("<III", 6, 4000, 1) + b"SPAWN\0\0\0"),
    "not_json": elf(notes=note(b"{\"a\":\0")),
    "not_utf8": elf(notes=note(b"{\"a\":\"\xff\"}\0")),
    "a_list": elf(notes=note(b"[1,2.5,-3,null,true,\"\\u00e9\\ud83d\\ude00\"]\0")),
    "deep": elf(notes=note(b"[" * 80 + b"]" * 80 + b"\0")),
    "kind": with_manifest(kind="other"),
    "kind_number": with_manifest(kind=1),
    "name": with_manifest(name="../x"),
    "version": with_manifest(version="1.x"),
    "pre_version": with_manifest(version="1.2.3-rc.1+b"),
    "license": with_manifest(license=1),
    "abi_gone": with_manifest(abi="gone"),
    "abi_text": with_manifest(abi={"major": "1", "minor": 0}),
    "abi_two": with_manifest(abi={"major": 2, "minor": 0}),
    "lanes_one": with_manifest(lanes="one", blocking=True),
    "lanes": with_manifest(lanes="two"),
    "blocking": with_manifest(blocking="no"),
    "unloadable": with_manifest(unloadable=1),
    "protobuf": with_manifest(protobuf="half"),
    "capabilities": with_manifest(capabilities={}),
    "capability": with_manifest(capabilities=[1]),
    "schema": with_manifest(config_schema=[]),
    "empty": b"",
    "class32": elf()[:4] + b"\1" + elf()[5:],
    "big_endian": elf()[:5] + b"\2" + elf()[6:],
    "head_only": elf()[:30],
    "executable": elf()[:16] + b"\2" + elf()[17:],
    "headers_cut": elf()[:100],
    "header_size": elf()[:54] + b"\1" + elf()[55:],
}

for file, data in SEEDS.items():
    with open("%s/%s.bin" % (sys.argv[1], file), "wb") as to:
        to.write(data)
