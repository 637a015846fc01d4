#!/usr/bin/env python3
"""Measures everything, prints tables, writes bench/RESULTS.md. How to read them: README.md."""
import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.dont_write_bytecode = True

from runner import (activators, messages, native, peers, programs, ready, recovery,  # noqa: E402
                    sagas, sidecar, stores, swaps)
from runner.processes import Lab, Skip, busy_share  # noqa: E402
from runner.report import Run  # noqa: E402
from runner.sources import SOURCES  # noqa: E402

HERE = Path(__file__).resolve().parent
BUSY_SAID = 0.1
SECTIONS = {
    "sidecar": sidecar.run,
    "journal": programs.journal,
    "actors": programs.actors,
    "ready": ready.run,
    "table_call": programs.table_call,
    "effects": messages.effects,
    "pipe": messages.pipe,
    "recovery": recovery.run,
    "sagas": sagas.run,
    "stores": stores.run,
    "activators": activators.run,
    "swaps": swaps.run,
    "peers": peers.run,
    "native": native.run,
}
# Long, or in need of more than the packages that everything needs.
ONLY_WHEN_ASKED = ("stores", "activators", "peers", "native")


def arguments():
    flags = argparse.ArgumentParser(description=__doc__)
    flags.add_argument("--build", type=Path, default=HERE.parent / "build" / "release",
                       help="folder of a release build")
    flags.add_argument("--only", default="", metavar="NAMES",
                       help=f"some of {','.join(SECTIONS)}; RESULTS.md is then left alone")
    flags.add_argument("--peers", action="store_true",
                       help="also Restate and workerd, taken from npm")
    flags.add_argument("--seconds", type=float, default=4.0, help="for each figure")
    flags.add_argument("--full", action="store_true", help="a million actors and a million rows instead of 100,000")
    flags.add_argument("--sources", default="", metavar="NAMES",
                       help=f"activators: some of {','.join(s.name for s in SOURCES)}")
    flags.add_argument("--dir", type=Path, default=Path(tempfile.gettempdir()),
                       help="where databases are made; a real disk")
    flags.add_argument("--out", type=Path, help="write the results there")
    options = flags.parse_args()
    options.build = options.build.resolve()
    given = sys.argv[1:]
    if "--build" in given:  # ./dev bench adds it
        del given[given.index("--build"):given.index("--build") + 2]
    options.command = " ".join(["./dev bench", *given])
    names = [name for name in options.only.split(",") if name]
    for name in names:
        if name not in SECTIONS:
            flags.error(f"--only: \"{name}\" is none of {', '.join(SECTIONS)}")
    options.sources = [name for name in options.sources.split(",") if name]
    for name in options.sources:
        if name not in [source.name for source in SOURCES]:
            flags.error(f"--sources: \"{name}\" is none of them")
    if options.seconds <= 0:
        flags.error("--seconds: more than 0")
    if options.out is None and not names:
        options.out = HERE / "RESULTS.md"
    options.names = names or [n for n in SECTIONS
                              if n not in ONLY_WHEN_ASKED or n == "peers" and options.peers]
    return options


def main() -> int:
    options = arguments()
    options.dir.mkdir(parents=True, exist_ok=True)
    run = Run(HERE.parent, options.dir, options.command)
    body, failed = [], False
    for name in options.names:
        print(f"==> {name}", file=sys.stderr, flush=True)
        options.busy = busy_share()
        try:
            with Lab(options.build, options.dir) as lab:
                lines = [line for table in SECTIONS[name](lab, options) for line in table.lines()]
        except Skip as reason:
            lines = [f"## {name}: skipped", "", str(reason), ""]
        except Exception as error:  # the other sections are still worth having
            failed = True
            lines = [f"## {name}: FAILED", "", "```", str(error), "```", ""]
        if options.busy > BUSY_SAID:
            lines += [f"Others used {options.busy:.0%} of the CPUs when this section began.", ""]
        print("\n".join(lines), flush=True)
        body += lines
    if options.out:
        options.out.write_text("\n".join(run.head() + body).rstrip() + "\n")
        print(f"written: {options.out}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
