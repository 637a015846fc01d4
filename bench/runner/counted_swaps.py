"""(m) Nothing lost and nothing doubled at a pace: a plugin of each kind is swapped once a second, and
what its actors counted is compared with what their callers were told."""
from runner import processes as p
from runner import tally
from runner.intake import ACTORS, Intake
from runner.report import Table
from runner.sources import SOURCES
from runner.swapping import Swapper, Target
from servers.nats import Nats
from servers.server import Missing

SECONDS, SECONDS_FULL = 10, 60
CONNECTIONS = 256
SETTLE_SECONDS = 60.0
RATE = 10_000
EFFECTS = RATE // 2  # each is two operations
# Per broker: what two CPUs with a server beside the kernel keep up with.
MESSAGES = {"nats": 6_500, "rabbitmq": 9_000, "kafka": 10_000}


class Counts:
    """One run: `asked` operations of `told` ones answered well, `counted` by the actors."""

    def __init__(self, swapper, seconds, told, asked, counted, p99_us=None):
        self.swapper, self.seconds = swapper, seconds
        self.told, self.asked, self.counted, self.p99_us = told, asked, counted, p99_us


def _paced(lab, mode, port, rate, seconds, extra=()) -> dict:
    return p.load(lab, mode, port, CONNECTIONS, seconds * 4, {},
                  ["--calls", rate * seconds, "--rate", rate, *extra])


def _store(use):
    def run(lab, seconds):
        host_port = p.free_port()
        store = p.sqlite if use == "sqlite" else lambda _: {"use": use}
        kernel, port = p.start_kernel(lab, "commit", host_port, store)
        p.start_host(lab, host_port, port)
        with Swapper(lab, [Target(kernel, "main", f"statestore/{use}")], seconds) as swapper:
            told = _paced(lab, "counter", port, RATE, seconds)
        return Counts(swapper, told["seconds"], told["calls"], RATE * seconds,
                      tally.states(port, "c", ACTORS), told["p99_us"])
    return run


def _effects(lab, seconds):
    host_port = p.free_port()
    kernel, port = p.start_kernel(lab, "commit", host_port)
    p.start_host(lab, host_port, port)
    with Swapper(lab, [Target(kernel, "workflow/effect", "workflow/effect")], seconds) as swapper:
        told = _paced(lab, "effect", port, EFFECTS, seconds)

    def counted() -> int:
        return tally.states(port, "s", ACTORS) + tally.states(port, "t", ACTORS)
    p.wait_until("the effects", lambda: counted() >= 2 * told["calls"], SETTLE_SECONDS, 0.5)
    return Counts(swapper, told["seconds"], 2 * told["calls"], 2 * EFFECTS * seconds, counted(),
                  told["p99_us"])


def _abroad(lab, seconds):
    """Calls by one kernel to the system of another, over NATS; both swap, in turn."""
    with Nats() as server:
        over = {"transport": {"use": "nats", "config": {"url": server.url}},
                "cross_system": {"enabled": True}}
        near, near_port = p.start_kernel(lab, "commit", p.free_port(), more=over)
        host_port = p.free_port()
        far, far_port = p.start_kernel(lab, "commit", host_port, more=over | {"system": "abroad"})
        p.start_host(lab, host_port, far_port, "abroad")
        p.load(lab, "counter", far_port, 1, SETTLE_SECONDS, {},
               ["--system", "abroad", "--calls", ACTORS])
        targets = [Target(each, "transport/nats", "transport/nats") for each in (near, far)]
        with Swapper(lab, targets, seconds) as swapper:
            told = _paced(lab, "counter", near_port, RATE, seconds,
                          ["--system", "abroad", "--spawned"])
        counted = tally.states(far_port, "c", ACTORS, "abroad") - ACTORS
        return Counts(swapper, told["seconds"], told["calls"], RATE * seconds, counted,
                      told["p99_us"])


def _messages(name):
    def run(lab, seconds):
        source = next(each for each in SOURCES if each.name == name)
        with source.server() as server:
            intake = Intake(lab, source, server)
            intake.warm_up(ACTORS)
            before = intake.told()["acknowledged"]
            messages = MESSAGES[name] * seconds
            with Swapper(lab, [Target(intake.kernel, "bench", f"activator/{name}")],
                         seconds) as swapper:
                filled = intake.fill("actors", messages, "--per-second", MESSAGES[name])

            def counted() -> int:
                return tally.states(intake.port, "t", ACTORS) - ACTORS
            p.wait_until("the messages", lambda: counted() >= messages, SETTLE_SECONDS, 0.5)
            p.wait_until("all are acknowledged",
                         lambda: intake.told()["acknowledged"] - before >= messages,
                         SETTLE_SECONDS)
            return Counts(swapper, filled["seconds"], messages, messages, counted())
    return run


KINDS = {
    "statestore/sqlite": _store("sqlite"),
    "statestore/memory": _store("memory"),
    "workflow/effect": _effects,
    "transport/nats": _abroad,
    "activator/nats": _messages("nats"),
    "activator/rabbitmq": _messages("rabbitmq"),
    "activator/kafka": _messages("kafka"),
}


def run(lab: p.Lab, options) -> list:
    table = Table("Swaps of each kind once a second, counted",
                  ["plugin", "operations/s", "seconds", "operations", "swaps", "refused", "lost",
                   "doubled", "pause median ms", "most ms", "p99 ms"])
    seconds = SECONDS_FULL if options.full else SECONDS
    for plugin, measure in KINDS.items():
        try:
            got = measure(lab, seconds)
        except Missing as missing:
            table.note(f"{plugin}: skipped: {missing}")
            continue
        finally:
            lab.stop(*list(lab.processes))
        pauses = sorted(got.swapper.milliseconds("pause_us"))
        table.add(plugin, f"{got.told / got.seconds:,.0f}", f"{got.seconds:.0f}", f"{got.told:,}",
                  len(pauses), got.asked - got.told, max(0, got.told - got.counted),
                  max(0, got.counted - got.told), f"{pauses[len(pauses) // 2]:.1f}",
                  f"{pauses[-1]:.1f}", "-" if got.p99_us is None else f"{got.p99_us / 1000:.1f}")
    table.note("The older file again, the newer one, that again, the older one. An operation is a "
               "call answered, an effect sent and taken (two), or a message the broker confirmed; "
               f"each counts up one of {ACTORS} actors in commit, whose states are read at the end. "
               "p99: of calls, from when each was due. The pace is kept from outside.")
    return [table]
