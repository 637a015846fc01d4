"""(n) Actors in one process: the Savina micro set on our native actors, on CAF and on Erlang/OTP.

Definitions of the benchmarks, and what a program has to print: bench/native/README.md.
"""
import json
import os
import resource
import shutil
import statistics
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from runner.processes import Lab, Skip
from runner.report import Table

SOURCE = Path(__file__).resolve().parent.parent / "native"
ROUNDS = 5
ROUNDS_FULL = 15
RUN_SECONDS = 900
COMPILE_SECONDS = 120


@dataclass(frozen=True)
class Bench:
    """`n` is what each program is told; the others are what it then has to report."""
    name: str
    n: int
    actors: int
    messages: int


BENCHES = (
    Bench("ping_pong", 1_000_000, 2, 2 * 1_000_000),
    Bench("counting", 5_000_000, 2, 5_000_000),
    Bench("thread_ring", 1_000_000, 100, 1_000_000),
    Bench("big", 20_000, 64, 2 * 64 * 20_000),
    Bench("fork_join_create", 200_000, 200_000, 200_000),
    Bench("fork_join_throughput", 100_000, 60, 60 * 100_000),
    Bench("banking", 500_000, 1_001, 4 * 500_000),
)


class Spawn:
    name = "spawn"

    def __init__(self, lab: Lab):
        self.program = lab.program("spawn_native_bench")

    def command(self, bench: str, n: int, threads: int) -> list:
        return [self.program, bench, n, threads]


class Caf(Spawn):
    name = "caf"

    def __init__(self, lab: Lab):
        try:
            self.program = lab.program("caf_native_bench")
        except Skip as reason:
            raise Skip(f"{reason}; it needs libcaf-dev when the build is configured") from None


class Erlang:
    name = "erlang"
    # A scheduler that finds nothing to do sleeps at once instead of spinning for a while: with one
    # CPU, or a busy machine, that is faster.
    FLAGS = ("+sbwt", "none", "+sbwtdcpu", "none", "+sbwtdio", "none")

    def __init__(self, lab: Lab):
        for tool in ("erlc", "erl"):
            if shutil.which(tool) is None:
                raise Skip(f"{tool} is not installed: it comes with erlang-base")
        self.folder = lab.new_folder("erlang")
        done = subprocess.run(["erlc", "-Werror", "-o", self.folder,
                               *sorted((SOURCE / "erlang").glob("*.erl"))],
                              capture_output=True, text=True, timeout=COMPILE_SECONDS)
        if done.returncode != 0:
            raise RuntimeError(f"erlc: {(done.stdout + done.stderr).strip()}")

    def command(self, bench: str, n: int, threads: int) -> list:
        return ["erl", "+S", f"{threads}:{threads}", *self.FLAGS, "-noinput", "-pa", self.folder,
                "-run", "savina", "main", bench, n]


@dataclass
class Figures:
    """Of one system in one benchmark. `cpu_idle`: what start and set-up cost, without messages."""
    seconds: list = field(default_factory=list)
    cpu: list = field(default_factory=list)
    cpu_idle: float = 0.0

    def median(self) -> float:
        return statistics.median(self.seconds)

    def median_cpu(self) -> float:
        return max(statistics.median(self.cpu) - self.cpu_idle, 1e-3)


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure(system, bench: str, n: int, cpus: set) -> tuple:
    """(what the program printed, CPU-seconds of the whole process) of one run on these CPUs."""
    before = _children_cpu()
    command = [str(part) for part in system.command(bench, n, len(cpus))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=RUN_SECONDS,
                          stdin=subprocess.DEVNULL,
                          preexec_fn=lambda: os.sched_setaffinity(0, cpus))
    if done.returncode != 0:
        raise RuntimeError(f"{system.name} {bench} {n}: ended with {done.returncode}: "
                           f"{(done.stderr or done.stdout).strip()[-500:]}")
    row = json.loads(done.stdout.splitlines()[-1])
    return row, _children_cpu() - before


def check(system, bench: Bench, row: dict):
    """Whoever counts otherwise did other work, and can not be compared."""
    for key, wanted in (("system", system.name), ("bench", bench.name), ("actors", bench.actors),
                        ("messages", bench.messages)):
        if row[key] != wanted:
            raise RuntimeError(f"{system.name} {bench.name}: \"{key}\" is {row[key]!r}, and has to "
                               f"be {wanted!r}")


def rounds(systems: list, count: int, cpus: set) -> dict:
    """(bench, system) -> Figures. In every round each system has its turn in each benchmark."""
    figures = {(bench.name, system.name): Figures() for bench in BENCHES for system in systems}
    for bench in BENCHES:
        for system in systems:
            got = figures[bench.name, system.name]
            got.cpu_idle = measure(system, bench.name, 1, cpus)[1]
    for _ in range(count):
        for bench in BENCHES:
            for system in systems:
                row, cpu = measure(system, bench.name, bench.n, cpus)
                check(system, bench, row)
                got = figures[bench.name, system.name]
                got.seconds.append(row["seconds"])
                got.cpu.append(cpu)
    return figures


def table(title: str, figures: dict) -> Table:
    out = Table(title, ["benchmark", "spawn M/s", "CAF M/s", "Erlang M/s", "spawn M/CPU-s",
                        "CAF M/CPU-s", "Erlang M/CPU-s", "spawn/CAF", "by CPU", "spawn/Erlang", "by CPU "])
    for bench in BENCHES:
        by = {name: figures.get((bench.name, name)) for name in ("spawn", "caf", "erlang")}
        millions = bench.messages / 1e6
        cells = [f"{millions / got.median():.3f}" if got else "missing" for got in by.values()]
        cells += [f"{millions / got.median_cpu():.3f}" if got else "-" for got in by.values()]
        ours = by["spawn"]
        for peer in (by["caf"], by["erlang"]):
            if ours and peer:
                cells += [f"{peer.median() / ours.median():.2f}",
                          f"{peer.median_cpu() / ours.median_cpu():.2f}"]
            else:
                cells += ["-", "-"]
        out.add(bench.name, *cells)
    return out


def run(lab: Lab, options) -> list:
    systems, missing = [], []
    for kind in (Spawn, Caf, Erlang):
        try:
            systems.append(kind(lab))
        except Skip as reason:
            missing.append(f"{kind.name} is missing: {reason}.")
    if not systems:
        raise Skip(" ".join(missing))
    cpus = os.sched_getaffinity(0)
    count = ROUNDS_FULL if options.full else ROUNDS
    tables = []
    places = [("one thread on one CPU", {max(cpus)})]
    if len(cpus) > 1:
        places.append((f"{len(cpus)} threads on {len(cpus)} CPUs", cpus))
    for place, on in places:
        made = table(f"Native actors: millions of messages a second, {place}",
                     rounds(systems, count, on))
        for text in missing:
            made.note(text)
        tables.append(made)
    tables[-1].note(
        f"Medians of {count} rounds, in which the systems take turns; fork_join_create counts "
        "actors. CPU-s: CPU-seconds of the whole process less those of a run with N = 1, which "
        "other work on the machine moves less. What each benchmark is: native/README.md.")
    return tables
