"""(k) Sagas of five steps on one node."""
from statistics import median

from runner import processes as p
from runner import tally
from runner.report import Table

CONNECTIONS = (1, 16, 64, 256)
ROUNDS = 5
STEPS = "abcde"  # step a of saga n calls the actor a<n>, and so on
ACTORS = 256  # of each letter
SAGAS_PER_SECOND = 1500  # so many are made for each second asked for; also the target
WARMUP_SECONDS = 0.5


def workflows() -> list:
    steps = [{"name": letter, "actor": letter + "{input.n}", "parent": "Sink", "action": "Take",
              "compensate": {"action": "Take"}} for letter in STEPS]
    return ["forward", "pipe", "effect", "broadcast",
            {"use": "saga", "config": {"sagas": {"five": {"deadline": "1h", "steps": steps}}}}]


def saga_round(lab, kernel, port, host, host_port, connections, seconds) -> dict:
    base = tally.read(host_port)[1]
    wanted = max(100, int(SAGAS_PER_SECOND * seconds * min(1.0, connections / CONNECTIONS[-1])))
    out = p.load(lab, "saga", port, connections, 60 + 10 * seconds,
                 {"kernel": kernel, "host": host},
                 ["--calls", wanted, "--actors", ACTORS, "--parent", "saga/five"])
    out["wrong"] = tally.read(host_port)[1] - base - len(STEPS) * wanted
    return out


def run(lab: p.Lab, options) -> list:
    host_port = p.free_port()
    kernel, port = p.start_kernel(lab, "commit", host_port, more={"workflows": workflows()})
    host = p.start_host(lab, host_port, port)
    saga_round(lab, kernel, port, host, host_port, CONNECTIONS[-1], 1.0)  # every actor is in memory
    table = Table(f"Sagas of {len(STEPS)} steps, each awaited by its caller",
                  ["what", "connections", "per second", "of a call", "steps/s", "p50 ms",
                   "p99 ms", "CPU-s/1,000", "kernel", "host", "errors", "steps amiss"])
    for connections in CONNECTIONS:
        rounds = []
        for _ in range(ROUNDS):
            plain = p.load(lab, "counter", port, connections, options.seconds / ROUNDS,
                           {"kernel": kernel, "host": host}, ["--warmup", WARMUP_SECONDS])
            rounds.append((plain, saga_round(lab, kernel, port, host, host_port, connections,
                                             options.seconds / ROUNDS)))
        for at, name in enumerate(("a commit call", "a saga")):
            runs = [each[at] for each in rounds]
            rate = median(r["rps"] for r in runs)
            share = median(each[at]["rps"] / each[0]["rps"] for each in rounds)
            table.add(name, connections, f"{rate:,.0f}", f"{share:.3f}",
                      f"{len(STEPS) * rate:,.0f}" if at else "",
                      *(f"{median(r[key] for r in runs) / 1000:.2f}" for key in ("p50_us", "p99_us")),
                      f"{median(sum(r['cpu'].values()) for r in runs):.3f}",
                      *(f"{median(r['cpu'][part] for r in runs):.3f}"
                        for part in ("kernel", "host")),
                      sum(r["errors"] for r in runs), sum(r.get("wrong", 0) for r in runs))
    table.note(f"Medians of {ROUNDS} rounds in turns. A saga's time is from `start` to the answer of "
               f"`await`, its {len(STEPS)} steps one after the other, each a commit of an actor of its "
               "own and one of the saga. steps amiss: actions that ran beyond, or short of, five a "
               f"saga. Target: {SAGAS_PER_SECOND:,} sagas/s.")
    return [table]
