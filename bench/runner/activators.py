"""(l) Messages into actors in commit, against loops without a kernel; memory while many wait."""
import contextlib
import sys
from statistics import median

from runner import processes as p
from runner.intake import ACTORS, WINDOW, Intake
from runner.report import Table
from runner.sources import DURABLE, SOURCES
from servers.server import Missing

ROUNDS = 5
CONNECTIONS = 256  # of the calls beside it
KERNEL_PER_SECOND = 15_000  # about; so many messages are made for each second asked for
PACE = 0.5  # of the measured rate, for the lag
WAITING, WAITING_FULL = 100_000, 1_000_000
WARM_UP = 5_000
# So that what grows is not SQLite's page cache.
SMALL_CACHE = {"statestores": {"main": {
    "use": "sqlite", "config": {"path": "spawn.db", "cache_kib": 2048}}}}
TARGET = 0.5


def one_round(intake: Intake, seconds: float) -> dict:
    many = max(WINDOW, int(intake.source.per_second * seconds))
    some = max(WINDOW, int(min(intake.source.per_second, KERNEL_PER_SECOND) * seconds))
    out = {}
    for name, messages, drain in (("bare", many, intake.drain_without),
                                  ("by hand", some, intake.by_hand)):
        intake.fill("bare", messages)
        intake.lab.settle()
        out[name] = drain(messages)
    intake.ctl("activators", "pause", "bench")
    intake.fill("actors", some)
    intake.lab.settle()
    out["kernel"] = intake.drain(some)
    out["calls"] = p.load(intake.lab, "counter", intake.port, CONNECTIONS, seconds,
                          {"kernel": intake.kernel, "host": intake.host}, ["--warmup", 0.5])
    out["calls"]["per_second"] = out["calls"]["rps"]
    return out


def throughput(intake: Intake, options, table: Table, costs: Table):
    intake.warm_up(min(WARM_UP, max(ACTORS, intake.source.per_second)))
    seconds = options.seconds / ROUNDS
    rounds = [one_round(intake, seconds) for _ in range(ROUNDS)]

    def rate(who):
        return median(each[who]["per_second"] for each in rounds)

    def of(who):
        return [each["kernel"]["per_second"] / each[who]["per_second"] for each in rounds]

    def cpu(who, part):
        return f"{median(each[who]['cpu'][part] for each in rounds):.3f}"

    behind = intake.behind(PACE * rate("kernel"), options.seconds)
    table.add(intake.source.name, f"{rate('bare'):,.0f}", f"{rate('by hand'):,.0f}",
              f"{rate('calls'):,.0f}", f"{rate('kernel'):,.0f}", f"{median(of('bare')):.2f}",
              f"{min(of('bare')):.2f}", f"{max(of('bare')):.2f}", f"{median(of('by hand')):.2f}",
              f"{median(of('calls')):.2f}", f"{behind:,}",
              sum(each["kernel"]["amiss"] for each in rounds))
    costs.add(intake.source.name, cpu("bare", "loop"), cpu("by hand", "loop"),
              cpu("by hand", "host"),
              *(cpu("kernel", part) for part in ("kernel", "host", "server")),
              *(cpu("calls", part) for part in ("kernel", "host")))


def waiting(intake: Intake, options, table: Table):
    messages = WAITING_FULL if options.full else WAITING
    intake.warm_up(WARM_UP)
    idle = p.resident_bytes(intake.kernel.pid)
    intake.ctl("activators", "pause", "bench")
    filled = intake.fill("actors", messages)
    intake.lab.settle()
    samples = [p.resident_bytes(intake.kernel.pid)]
    out = intake.drain(messages, lambda: samples.append(p.resident_bytes(intake.kernel.pid)))
    half = max(samples[:max(len(samples) // 2, 1)])
    table.add(intake.source.name, f"{messages:,}", f"{messages / filled['seconds']:,.0f}",
              f"{out['per_second']:,.0f}",
              *(f"{each / 1e6:.1f}" for each in (idle, samples[0], half, max(samples),
                                                 max(samples) - idle)), out["amiss"])


def one_source(lab: p.Lab, options, source, server, tables):
    rates, costs, memory = tables
    intake = Intake(lab, source, server)
    throughput(intake, options, rates, costs)
    intake.stop()
    if source.name in DURABLE:
        with source.server() as fresh:
            intake = Intake(lab, source, fresh, SMALL_CACHE)
            waiting(intake, options, memory)
            intake.stop()


def run(lab: p.Lab, options) -> list:
    rates = Table("Activators: messages/s into actors in commit, against loops without a kernel",
                  ["source", "bare/s", "by hand/s", "commit calls/s", "messages/s", "of bare",
                   "lowest", "highest", "of by hand", "of calls", "behind", "amiss"])
    costs = Table("Activators: CPU-s of 1,000 messages",
                  ["source", "bare loop", "by hand: loop", "host", "messages: kernel", "host",
                   "server", "calls: kernel", "host"])
    memory = Table("Activators: the kernel's memory while messages wait at the broker",
                   ["source", "messages", "filled/s", "messages/s", "idle MB", "all waiting MB",
                    "first half MB", "peak MB", "over idle", "amiss"])
    for source in SOURCES:
        if options.sources and source.name not in options.sources:
            continue
        print(f"    {source.name}", file=sys.stderr, flush=True)
        with contextlib.ExitStack() as stack:
            try:
                server = stack.enter_context(source.server())
                one_source(lab, options, source, server, (rates, costs, memory))
            except Missing as missing:
                rates.note(f"{source.name}: skipped: {missing}")
            except Exception as error:  # the other sources are still worth having
                rates.note(f"{source.name}: FAILED: {error}")
    rates.note(f"Medians of {ROUNDS} rounds in turns. bare: a program that takes messages over the "
               "same client library and acknowledges them as the activator does, and nothing else. "
               f"by hand: such a program that also calls the host for each of {ACTORS} actors, 64 "
               "at once, and stores states and message ids in SQLite before it acknowledges. "
               f"commit calls: HTTP calls at {CONNECTIONS} connections to the kernel, without an "
               "id to remember. messages/s: each was acknowledged after the commit of its actor's 64 "
               "bytes of state and of its id. behind: not taken yet at the end of "
               f"{options.seconds:.0f} s of messages at half the measured rate; the window is "
               f"{WINDOW}. amiss: lost, dead, taken or acknowledged twice. Target: {TARGET:.2f} of "
               "bare.")
    memory.note("SQLite's page cache is 2 MiB here. all waiting: the activator is paused and every "
                "message is at the broker; then it works them off, and the highest is looked for.")
    return [rates, costs, memory]
