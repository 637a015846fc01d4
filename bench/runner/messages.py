"""(h) Effects of durable and of volatile actors. (i) A pipe over three actors."""
from statistics import median

from runner import processes as p
from runner import tally
from runner.report import Table

EFFECT_CONNECTIONS = (16, 64)
PIPE_CONNECTIONS = (1, 16, 64)
ROUNDS = 5
WARMUP_SECONDS = 0.5
MODES = ("none", "snapshot", "commit")
ACTORS = 3  # of a chain


def start(lab: p.Lab, durability: str, mode: str):
    """(kernel, its port, host, its port). Every actor that the mode needs has been called."""
    host_port = p.free_port()
    kernel, port = p.start_kernel(lab, durability, host_port)
    host = p.start_host(lab, host_port, port)
    p.load(lab, mode, port, max(PIPE_CONNECTIONS), 1.0, {"kernel": kernel})
    return kernel, port, host, host_port


def effect_round(lab, kernel, port, host, host_port, connections, seconds) -> dict:
    base = tally.read(host_port)
    with tally.Sampler(host_port) as seen:
        out = p.load(lab, "effect", port, connections, seconds,
                     {"kernel": kernel, "host": host}, ["--warmup", WARMUP_SECONDS])
    lab.settle()  # what waits is taken
    sent, taken = (now - before for now, before in zip(tally.read(host_port), base))
    out |= {"effects": seen.taken_per_second(WARMUP_SECONDS), "behind": seen.behind(),
            "sent": sent, "taken": taken}
    return out


def effects(lab: p.Lab, options) -> list:
    subjects = {durability: start(lab, durability, "effect") for durability in MODES}
    table = Table("Effects: one in each answer, to an actor of its own",
                  ["mode of both", "connections", "calls/s", "effects/s", "of none",
                   "of snapshot", "p50 us", "CPU-s/1,000", "kernel", "host", "behind", "lost",
                   "errors"])
    for connections in EFFECT_CONNECTIONS:
        rounds = [{durability: effect_round(lab, *subject, connections, options.seconds / ROUNDS)
                   for durability, subject in subjects.items()} for _ in range(ROUNDS)]
        for durability in MODES:
            runs = [each[durability] for each in rounds]

            def of(other):
                return median(mine["effects"] / each[other]["effects"]
                              for mine, each in zip(runs, rounds))
            table.add(durability, connections, f"{median(r['rps'] for r in runs):,.0f}",
                      f"{median(r['effects'] for r in runs):,.0f}", f"{of('none'):.2f}",
                      f"{of('snapshot'):.2f}", f"{median(r['p50_us'] for r in runs):.0f}",
                      f"{median(sum(r['cpu'].values()) for r in runs):.3f}",
                      *(f"{median(r['cpu'][part] for r in runs):.3f}"
                        for part in ("kernel", "host")),
                      f"{median(r['behind'] for r in runs):,.0f}",
                      f"{sum(r['sent'] - r['taken'] for r in runs):,}",
                      sum(r["errors"] for r in runs))
    table.note(f"Medians of {ROUNDS} rounds in turns. effects/s: taken by their receivers, which "
               "count each in a state of 64 bytes of their own. behind: sent and not yet taken at "
               "the end of a round. lost: never taken, all rounds together; in commit a negative "
               "number would be effects whose action ran twice.")
    return [table]


def pipe(lab: p.Lab, options) -> list:
    kernel, port, host, _ = start(lab, "commit", "chain")
    table = Table(f"Pipe over {ACTORS} actors, all in commit",
                  ["what", "connections", "per second", "of a call", "p50 us", "x a call", "p99 us",
                   "CPU-s/1,000", "kernel", "host", "errors"])
    for connections in PIPE_CONNECTIONS:
        rounds = [{mode: p.load(lab, mode, port, connections, options.seconds / ROUNDS,
                                {"kernel": kernel, "host": host}, ["--warmup", WARMUP_SECONDS])
                   for mode in ("counter", "chain")} for _ in range(ROUNDS)]
        for mode, name in (("counter", "a commit call"), ("chain", f"a chain of {ACTORS}")):
            runs = [each[mode] for each in rounds]
            plain = [each["counter"] for each in rounds]
            share = median(mine["rps"] / other["rps"] for mine, other in zip(runs, plain))
            longer = median(mine["p50_us"] / other["p50_us"] for mine, other in zip(runs, plain))
            table.add(name, connections, f"{median(r['rps'] for r in runs):,.0f}", f"{share:.2f}",
                      f"{median(r['p50_us'] for r in runs):.0f}", f"{longer:.1f}",
                      f"{median(r['p99_us'] for r in runs):.0f}",
                      f"{median(sum(r['cpu'].values()) for r in runs):.3f}",
                      *(f"{median(r['cpu'][part] for r in runs):.3f}"
                        for part in ("kernel", "host")),
                      sum(r["errors"] for r in runs))
    table.note(f"Medians of {ROUNDS} rounds in turns. A chain is a call and two pipes: three "
               "actions, three commits one after the other, two message rows; it is answered by "
               "the last. A third of a call's rate and three times its p50 would cost nothing.")
    return [table]
