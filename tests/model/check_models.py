#!/usr/bin/env python3
"""Checks the models of docs/models with spin: whole state spaces, and each rule switched off.

check_models.py [--more] [--schedules] [NAME...]
  --more        also the larger scopes, some minutes
  --schedules   prints the schedule that was found for each rule that is off
  --jobs N      so many runs at a time, 2 unless told
  NAME          only runs whose name contains it

One line per run. Exit 1 if a run did not end as it must, 77 if spin or gcc is not here.
"""
import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

MODELS = Path(__file__).resolve().parents[2] / "docs" / "models"
SKIPPED = 77
RUN_SECONDS_MAX = 60
MORE_SECONDS_MAX = 900
MEMORY_MB_MAX = 900
DEPTH_MAX = 20000

ALL = "all"            # every state, in depth, against the assertions
PROGRESS = "progress"  # every weakly fair cycle against the claim of the model
SHORT = "short"        # in breadth, so that the first violation has a shortest schedule

COMPILE = {ALL: ["-DSAFETY", "-DNOCLAIM", "-DNOFAIR"], PROGRESS: ["-DNFAIR=4"],
           SHORT: ["-DSAFETY", "-DNOCLAIM", "-DNOFAIR", "-DBFS"]}
# Weak fairness; assertions are for the other runs.
RUN = {ALL: [], PROGRESS: ["-a", "-f", "-A"], SHORT: []}


class Run(NamedTuple):
    name: str
    model: str
    mode: str
    macros: str = ""
    finds: str = ""  # what must be violated: names of invariants, or "progress"; "" = nothing
    more: bool = False


RUNS = [
    Run("saves", "commit", ALL),
    Run("saves, progress", "commit", PROGRESS, "REQUESTS=2"),
    Run("messages", "delivery", ALL, "LAYOUTS=2"),
    Run("messages, native", "delivery", ALL, "NATIVE_ONLY LAYOUTS=1 CRASHES=1 FAILURES=0"),
    Run("messages, progress", "delivery", PROGRESS, "LAYOUTS=1 CRASHES=1 FAILURES=0"),
    Run("messages, native, progress", "delivery", PROGRESS,
        "NATIVE_ONLY SENDERS=1 LAYOUTS=1 CRASHES=1 FAILURES=0"),
    Run("saga", "saga", ALL),
    Run("saga, progress", "saga", PROGRESS, "TRAFFIC=0 CRASHES=1 CALLS=1"),

    Run("rule 1 off", "commit", SHORT, "NO_RULE_1 TROUBLES=1", "I1"),
    Run("rule 2 off", "commit", SHORT, "NO_RULE_2 REQUESTS=2", "I2"),
    Run("rule 7 off", "commit", SHORT, "NO_RULE_7", "I3"),
    Run("rule 8 off", "commit", SHORT, "NO_RULE_8", "I3"),
    Run("rule 8 off, runs again", "commit", SHORT, "NO_RULE_8 ALWAYS_RERUN", "I4"),
    Run("rule 11 off", "delivery", SHORT, "NO_RULE_11 LAYOUTS=1 CRASHES=0 TRIES=1", "I5"),
    Run("rule 12 off, a mark", "delivery", SHORT, "NO_RULE_12 LAYOUTS=1", "I5"),
    Run("rule 12 off, no mark", "delivery", SHORT, "NO_RULE_12_ROW LAYOUTS=1", "I4"),
    Run("rule 12 off, saga", "saga", SHORT, "NO_RULE_12", "I4"),
    Run("rule 13 off", "delivery", SHORT, "NO_RULE_13 LAYOUTS=1", "I7"),
    Run("rule 13 off, open lane", "delivery", SHORT, "NO_RULE_13_LANE LAYOUTS=1", "I7"),
    Run("rule 14 off", "delivery", PROGRESS, "NO_RULE_14 LAYOUTS=1 CRASHES=0 FAILURES=0",
        "progress"),
    Run("rule 18 off", "delivery", PROGRESS,
        "NO_RULE_18 NATIVE_ONLY LAYOUTS=1 CRASHES=0 FAILURES=0", "progress"),
    Run("rule 19 off", "delivery", PROGRESS, "NO_RULE_19 LAYOUTS=1 CRASHES=0 FAILURES=0",
        "progress"),
    Run("rule 19 off, saga", "saga", SHORT, "NO_RULE_19", "I11"),
    Run("rule 19 off, saga hangs", "saga", PROGRESS, "NO_RULE_19 TRAFFIC=0 CRASHES=0",
        "progress"),
    Run("rule 22 off", "commit", SHORT, "NO_RULE_22 TROUBLES=1", "I4"),
    Run("rule 22 off, saga", "saga", SHORT, "NO_RULE_22", "I4"),

    Run("a client that gives up", "commit", PROGRESS, "NO_REPEAT REQUESTS=2 TROUBLES=1",
        "progress"),

    Run("saves, three troubles", "commit", ALL, "TROUBLES=3", more=True),
    Run("saves, four troubles", "commit", ALL, "REQUESTS=2 TROUBLES=4", more=True),
    Run("messages, all layouts", "delivery", ALL, "LAYOUTS=5", more=True),
    Run("messages, two failures", "delivery", ALL, "LAYOUTS=1 FAILURES=2", more=True),
    Run("messages, buried at once", "delivery", ALL, "LAYOUTS=1 TRIES=1", more=True),
    Run("messages, native, more", "delivery", ALL, "NATIVE_ONLY LAYOUTS=1", more=True),
    Run("messages, more progress", "delivery", PROGRESS, "LAYOUTS=1", more=True),
    Run("saga, more traffic", "saga", ALL, "TRAFFIC=3", more=True),
    Run("saga, more progress", "saga", PROGRESS, more=True),
]


class Fault(Exception):
    """A run that could not be made, or did not end as it must."""


def call(command, folder, seconds):
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=seconds, check=False)
    return done.returncode, done.stdout


def compile_model(run, folder):
    shutil.copy(MODELS / f"{run.model}.pml", folder)
    macros = [f"-D{macro}" for macro in run.macros.split()]
    # Not left to the exit codes: spin answers 0 to some errors.
    code, text = call(["spin", "-a", *macros, f"{run.model}.pml"], folder, RUN_SECONDS_MAX)
    if code or "rror" in re.sub(r"^ltl .*$", "", text, flags=re.M):
        raise Fault(f"spin does not take the model:\n{text}")
    # Compiling takes longer than most of the runs.
    optimise = "-O0" if run.finds else "-O2" if run.more else "-Og"
    code, text = call(["gcc", "-w", optimise, f"-DMEMLIM={MEMORY_MB_MAX}", *COMPILE[run.mode],
                       "-o", "pan", "pan.c"], folder, RUN_SECONDS_MAX)
    if code:
        raise Fault(f"gcc does not take what spin made:\n{text}")
    return macros


def schedule(run, folder, macros):
    """What the model printed on the way to the violation, and the line of the assertion."""
    _, text = call(["spin", "-t", "-T", *macros, f"{run.model}.pml"], folder, RUN_SECONDS_MAX)
    steps = [line.strip() for line in text.splitlines()
             if not re.match(r"\s|ltl |spin: |#|\d+ processes|Never claim|.*\bproc ", line)
             or "START OF CYCLE" in line]
    where = re.search(r"spin: \S+\.pml:(\d+), Error: assertion violated", text)
    return steps, int(where.group(1)) if where else 0


def invariant(model, line):
    """The name in the comment beside an assertion."""
    text = (MODELS / f"{model}.pml").read_text(encoding="utf-8").splitlines()
    for each in text[line - 1:line + 2]:
        if found := re.search(r"/\* (I\d+)", each):
            return found.group(1)
    raise Fault(f"{model}.pml:{line}: this assertion says no invariant")


def must_be_complete(report):
    for sign in ("max search depth too small", "Search not completed", "MEMLIM", "out of memory",
                 "bit state", "Bit statespace", "hash compact"):
        if sign in report:
            raise Fault(f"not every state was seen: {sign}")
    if "errors: 0" not in report:
        raise Fault(f"spin's report is not understood:\n{report}")


def unreached(report):
    """Steps that spin lists as never taken: (process, number, line, text)."""
    out, process = set(), None
    for line in report.splitlines():
        if found := re.match(r"unreached in (?:proctype )?(\S+)", line):
            process = found.group(1)
        elif found := re.match(r'\s+\S+\.pml:(\d+), state (\d+), "(.*)"', line):
            if process != "init" and found.group(3) != "-end-":
                out.add((process, int(found.group(2)), int(found.group(1)), found.group(3)))
    return out


def execute(run, options):
    """(a line or more to print, whether it ended as it must, steps that no state took)"""
    with tempfile.TemporaryDirectory(prefix="spawn-model-") as folder:
        macros = compile_model(run, folder)
        begin = time.monotonic()
        _, report = call(["./pan", f"-m{DEPTH_MAX}", *RUN[run.mode]], folder,
                         MORE_SECONDS_MAX if run.more else RUN_SECONDS_MAX)
        seconds = time.monotonic() - begin
        states = re.search(r"(\d+) states, stored(?: \((\d+\.?\d*(?:e\+\d+)?) visited\))?", report)
        count = int(float(states.group(2) or states.group(1))) if states else 0
        wrong = re.search(r"pan:\d+: (.*?) \(", report)
        if not wrong:
            must_be_complete(report)
            if run.finds:
                raise Fault(f"nothing was violated in {count} states, and {run.finds} must be")
            missed = unreached(report) if run.mode == ALL else None
            return f"{count:9,} states {seconds:6.1f} s  holds", True, missed
        steps, line = schedule(run, folder, macros)
        kind = wrong.group(1)
        found = ("progress" if kind == "acceptance cycle" else
                 invariant(run.model, line) if kind.startswith("assertion violated") and line else
                 kind)
        text = "".join(f"\n      {step}" for step in steps)
        if found not in run.finds.split():
            raise Fault(f"{found} is violated ({run.model}.pml:{line}):{text}")
        return (f"{count:9,} states {seconds:6.1f} s  {found} violated, as it must" +
                (text if options.schedules else "")), True, None


def attempt(run, options):
    try:
        return execute(run, options)
    except (Fault, subprocess.TimeoutExpired) as fault:
        return f"FAILED: {fault}", False, None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--more", action="store_true")
    parser.add_argument("--schedules", action="store_true")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    for tool in ("spin", "gcc"):
        if not shutil.which(tool):
            print(f"skipped: {tool} is not installed")
            return SKIPPED
    runs = [r for r in RUNS if (options.more or not r.more) and
            (not options.names or any(name in r.name for name in options.names))]
    begin, failed, never = time.monotonic(), 0, {}
    with ThreadPoolExecutor(options.jobs) as pool:
        ended = pool.map(lambda run: attempt(run, options), runs)
        for run, (line, as_it_must, missed) in zip(runs, ended):
            print(f"{run.name:28} {line}", flush=True)
            failed += not as_it_must
            if missed is not None:
                never[run.model] = never.get(run.model, missed) & missed
    if not options.names:
        # A step that no state takes is a part of the protocol that was not checked.
        for model, steps in never.items():
            for process, _, line, text in sorted(steps):
                failed += 1
                print(f"FAILED: {model}.pml:{line}: no run takes this step of {process}: {text}")
    print(f"{len(runs)} runs, {failed} failed, {time.monotonic() - begin:.0f} s")
    return 1 if failed or not runs else 0


if __name__ == "__main__":
    sys.exit(main())
