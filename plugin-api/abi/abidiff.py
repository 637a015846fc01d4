#!/usr/bin/env python3
"""The C ABI of the headers against that of every release, with libabigail.

abidiff.py                  compares with each file of released/; 1 and a report on a break
abidiff.py --write VERSION  makes released/VERSION.abi, once for each release
--include DIR               other headers than ../include

A struct that has a struct_size may have grown at its end; nothing else may have changed. Numbers
(enums, macros) are not in debug information: layout-1.txt has them.
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
TOOLS = ("abidw", "abidiff", "gcc")
# Says how long an op is and is a part of it, so it never grows itself.
NEVER = {"spawn_op"}


def run(*command):
    return subprocess.run([str(each) for each in command], cwd=HERE, check=True, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout


def dump(include: Path, work: Path) -> Path:
    """The ABI as XML; no path of this machine is in it."""
    library, out = work / "libspawn-abi.so", work / "now.abi"
    run("gcc", "-std=c11", "-g", "-gdwarf-4", "-O0", "-fPIC", "-shared",
        f"-fdebug-prefix-map={HERE}=.", f"-I{include}", "abi_types.c", "-o", library)
    run("abidw", "--no-corpus-path", "--no-comp-dir-path", "--no-show-locs", "--no-elf-needed",
        "--out-file", out, library)
    return out


def may_grow(include: Path) -> set:
    """Structs that say how long they are, themselves or in the op they begin with."""
    found = set()
    for header in sorted((include / "spawn/plugin").glob("*.h")):
        text = re.sub(r"/\*.*?\*/", "", header.read_text(), flags=re.S)
        for name, first in re.findall(r"struct (spawn_\w+)\s*\{\s*([^;]*);", text):
            if first.startswith("uint32_t struct_size") or first == "spawn_op op":
                found.add(name)
    return found - NEVER


def breaks(report: str, growing: set) -> list:
    """The parts of a report (abidiff --leaf-changes-only) that are more than growth at an end."""
    out = []
    for part in re.split(r"\n\s*\n", report.strip()):
        lines = part.splitlines()
        if lines[0].startswith("Leaf changes summary"):
            if not all(re.search(r"summary: (\d+ (leaf|artifact)|0 Removed, 0 Changed)", line)
                       for line in lines):
                out.append(part)
            continue
        grown = re.fullmatch(r"'struct (\w+)( at \S+)?' changed:", lines[0])
        size = re.fullmatch(r"  type size changed from (\d+) to \d+ \(in bits\)",
                            lines[1] if len(lines) > 1 else "")
        good = grown and size and grown.group(1) in growing
        for line in lines[2:] if good else ():
            added = re.fullmatch(r"    '.*', at offset (\d+) \(in bits\)", line)
            heading = re.fullmatch(r"  \d+ data member insertions?:", line)
            good = good and (heading or (added and int(added.group(1)) >= int(size.group(1))))
        if not good:
            out.append(part)
    return out


def compare(old: Path, now: Path, growing: set) -> list:
    done = subprocess.run(["abidiff", "--leaf-changes-only", "--harmless", "--no-added-syms",
                           "--no-show-locs", old, now], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    if done.returncode & 3:
        return [f"abidiff failed ({done.returncode}): {done.stdout}"]
    return breaks(done.stdout, growing) if done.stdout.strip() else []


def main() -> int:
    options = argparse.ArgumentParser(description="the ABI against that of the releases")
    options.add_argument("--write", metavar="VERSION")
    options.add_argument("--include", type=Path, default=HERE.parent / "include")
    args = options.parse_args()
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        print(f"abidiff.py: not installed: {', '.join(missing)} (packages abigail-tools, gcc)",
              file=sys.stderr)
        return 3
    include = args.include.resolve()
    with tempfile.TemporaryDirectory(prefix="spawn-abi-") as work:
        now = dump(include, Path(work))
        if args.write:
            to = HERE / "released" / f"{args.write}.abi"
            if to.exists():
                print(f"abidiff.py: {to} is there already; a release stays as it was",
                      file=sys.stderr)
                return 1
            to.parent.mkdir(exist_ok=True)
            shutil.copyfile(now, to)
            print(f"wrote {os.path.relpath(to)}")
            return 0
        releases = sorted((HERE / "released").glob("*.abi"))
        broken = {old.stem: compare(old, now, may_grow(include)) for old in releases}
    for version, found in broken.items():
        for each in found:
            print(f"the ABI is not that of {version} any more:\n{each}\n")
    if not releases:
        print("abidiff.py: released/ has nothing to compare with", file=sys.stderr)
        return 2
    if any(broken.values()):
        return 1
    print(f"the ABI is that of {', '.join(broken)}, or has grown at the end")
    return 0


if __name__ == "__main__":
    sys.exit(main())
