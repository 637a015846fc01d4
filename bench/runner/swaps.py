"""(m) What a swap of the statestore costs those who call meanwhile; and of each kind, counted."""
from statistics import median

from runner import counted_swaps
from runner import processes as p
from runner.report import Table
from runner.swapping import Swapper, Target

CONNECTIONS = 256
SWAPS, SWAPS_FULL = 10, 60


def _statestore(lab: p.Lab, options) -> Table:
    table = Table("Swapping the statestore (SQLite) once a second under load",
                  ["connections", "commit calls/s", "while swapping/s", "errors", "swaps",
                   "pause median ms", "most ms", "wait p99 ms", "call p99 ms",
                   "while swapping, p99 ms"])
    swaps = SWAPS_FULL if options.full else SWAPS
    host_port = p.free_port()
    kernel, port = p.start_kernel(lab, "commit", host_port)
    host = p.start_host(lab, host_port, port)
    who = {"kernel": kernel, "host": host}
    calm = p.load(lab, "counter", port, CONNECTIONS, options.seconds, who, ["--warmup", 0.5])
    with Swapper(lab, [Target(kernel, "main", "statestore/sqlite")], swaps) as swapper:
        busy = p.load(lab, "counter", port, CONNECTIONS, swaps * 1.3 + 1, who)
    lab.stop(kernel, host)
    pauses, waits = swapper.milliseconds("pause_us"), swapper.milliseconds("wait_p99_us")
    table.add(CONNECTIONS, f"{calm['rps']:,.0f}", f"{busy['rps']:,.0f}", busy["errors"],
              len(pauses), f"{median(pauses):.1f}", f"{max(pauses):.1f}", f"{max(waits):.1f}",
              f"{calm['p99_us'] / 1000:.1f}", f"{busy['p99_us'] / 1000:.1f}")
    table.note("The same file again, a newer version, that again, the older one, and so on. pause: "
               "from the closing of the gates to their opening; SQLite's file is closed, written "
               "back and opened in it. wait: of a batch at the gate.")
    return table


def run(lab: p.Lab, options) -> list:
    return [_statestore(lab, options), *counted_swaps.run(lab, options)]
