#!/usr/bin/python3
"""Keeps of a fuzzer's corpus what reaches a new line of the kernel: minimise.py BUILD NAME [FOLDER]

Files with a name stay. Those named by a hash are chosen anew from themselves and from FOLDER,
small ones first; none is larger than 4 KiB and none has the shape of the planted over-read.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

BYTES_MAX = 4096
HERE = Path(__file__).resolve().parent
LEARNT = re.compile("[0-9a-f]{40}")


def call(*command, **env):
    ran = subprocess.run([str(c) for c in command], env={**os.environ, **env}, check=False,
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return ran.returncode == 0, ran.stdout.decode(errors="replace")


def lines(build, name, inputs, work):
    """The lines of the kernel that the inputs reach together."""
    raw = work / (inputs.name + ".raw")
    profile = raw.with_suffix(".profile")
    program = build / "bin" / (name + "_fuzzer")
    call(program, "-runs=0", inputs, LLVM_PROFILE_FILE=str(raw))
    call("llvm-profdata-19", "merge", "-sparse", raw, "-o", profile)
    ok, text = call("llvm-cov-19", "export", "-format=lcov", "-skip-branches", "-skip-functions",
                    "-instr-profile", profile, program, HERE.parent.parent / "kernel")
    if not ok or not raw.exists():
        sys.exit("%s does not run on %s" % (program, inputs))
    raw.unlink()
    profile.unlink()
    found, file = set(), ""
    for line in text.splitlines():
        if line.startswith("SF:"):
            file = line
        elif line.startswith("DA:") and not line.endswith(",0"):
            found.add((file, line.split(",")[0]))
    return found


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    build, name = Path(sys.argv[1]).resolve(), sys.argv[2]
    corpus = HERE / "corpus" / name
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        for part in ("named", "from", "merged"):
            (work / part).mkdir()
        for source in [corpus] + [Path(p) for p in sys.argv[3:]]:
            for file in source.iterdir():
                if not LEARNT.fullmatch(file.name):
                    if source == corpus:
                        shutil.copy(file, work / "named")
                elif file.stat().st_size <= BYTES_MAX:
                    shutil.copy(file, work / "from")
        shutil.copytree(work / "named", work / "merged", dirs_exist_ok=True)
        call(build / "bin" / (name + "_fuzzer"), "-merge=1", "-use_counters=0", work / "merged",
             work / "from", LLVM_PROFILE_FILE="/dev/null")
        known = lines(build, name, work / "named", work)
        files = sorted((f for f in (work / "merged").iterdir() if LEARNT.fullmatch(f.name)),
                       key=lambda f: (f.stat().st_size, f.name))
        with ThreadPoolExecutor(2) as pool:
            reached = list(pool.map(lambda f: lines(build, name, f, work), files))
        kept = []
        for file, found in zip(files, reached):
            ok, _ = call(build / "bin" / (name + "_planted"), file, LLVM_PROFILE_FILE="/dev/null") \
                if found - known else (False, "")
            if ok:
                known |= found
                kept.append(file)
        for file in corpus.iterdir():
            if LEARNT.fullmatch(file.name):
                file.unlink()
        for file in kept:
            shutil.copy(file, corpus)
    print("%s: %d files, %d of them learnt, %d lines" %
          (name, len(list(corpus.iterdir())), len(kept), len(known)))


main()
