"""(m) What a swap of the statestore costs those who call meanwhile."""
import json
import subprocess
import threading
from statistics import median

from runner import processes as p
from runner.report import Table

CONNECTIONS = 256
EVERY_SECONDS = 1.0
SWAPS, SWAPS_FULL = 10, 60
OLDER, NEWER = "1.0.0", "1.0.1"


def _newer(lab: p.Lab, older):
    """The same plugin under another version."""
    file = lab.new_folder("newer") / "plugin.so"
    file.write_bytes(older.read_bytes().replace(OLDER.encode(), NEWER.encode()))
    return file


def _swap(lab: p.Lab, kernel, to) -> dict:
    done = subprocess.run(
        [lab.program("spawnctl"), "--admin", str(kernel.log_path.parent / "admin.sock"), "--json",
         "plugins", "swap", "--probation-ms=0", "main", str(to)],
        capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        raise RuntimeError(f"spawnctl plugins swap: {done.stderr.strip()}")
    return json.loads(done.stdout)


class Swapper:
    """Swaps once a second, on a thread of its own: the same again, the newer one, the same, ..."""

    def __init__(self, lab, kernel, swaps: int):
        older = lab.build / "plugins" / "statestore" / "sqlite" / OLDER / "plugin.so"
        newer = _newer(lab, older)
        self._files = [(older, newer, newer, older)[i % 4] for i in range(swaps)]
        self._lab, self._kernel, self._over = lab, kernel, threading.Event()
        self.reports, self.failed = [], None
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()

    def _run(self):
        try:
            for file in self._files:
                if self._over.wait(EVERY_SECONDS):
                    return
                self.reports.append(_swap(self._lab, self._kernel, file))
        except RuntimeError as error:
            self.failed = error


def run(lab: p.Lab, options) -> list:
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
    with Swapper(lab, kernel, swaps) as swapper:
        busy = p.load(lab, "counter", port, CONNECTIONS, swaps * 1.3 + 1, who)
    if swapper.failed is not None:
        raise swapper.failed
    pauses = [each["pause_us"] / 1000 for each in swapper.reports]
    waits = [each["wait_p99_us"] / 1000 for each in swapper.reports]
    table.add(CONNECTIONS, f"{calm['rps']:,.0f}", f"{busy['rps']:,.0f}", busy["errors"],
              len(pauses), f"{median(pauses):.1f}", f"{max(pauses):.1f}", f"{max(waits):.1f}",
              f"{calm['p99_us'] / 1000:.1f}", f"{busy['p99_us'] / 1000:.1f}")
    table.note("The same file again, a newer version, that again, the older one, and so on. pause: "
               "from the closing of the gates to their opening; SQLite's file is closed, written "
               "back and opened in it. wait: of a batch at the gate. Nothing lost and nothing twice: "
               "tests/fault/test_swap.py.")
    return [table]
