"""Swaps plugins of kernels at work, once a second, on a thread of its own."""
import json
import subprocess
import threading
from dataclasses import dataclass

EVERY_SECONDS = 1.0
OLDER, NEWER = "1.0.0", "1.0.1"


@dataclass
class Target:
    """An instance of a kernel, and the plugin it is of: kind/name."""
    kernel: object
    instance: str
    plugin: str


def _newer(lab, older):
    """The same plugin under another version."""
    file = lab.new_folder("newer") / "plugin.so"
    file.write_bytes(older.read_bytes().replace(OLDER.encode(), NEWER.encode()))
    return file


def _swap(lab, target: Target, to) -> dict:
    done = subprocess.run(
        [lab.program("spawnctl"), "--admin", str(target.kernel.log_path.parent / "admin.sock"),
         "--json", "plugins", "swap", "--probation-ms=0", target.instance, str(to)],
        capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        raise RuntimeError(f"spawnctl plugins swap: {done.stderr.strip()}")
    return json.loads(done.stdout)


class Swapper:
    """The same again, the newer one, the same, the older one, ...; of several targets each in its
    turn. Use with `with`: its end waits for the swaps that are left, and raises what failed."""

    def __init__(self, lab, targets, swaps: int):
        older = lab.build / "plugins" / targets[0].plugin / OLDER / "plugin.so"
        files = (older, _newer(lab, older))
        count = len(targets)
        self._steps = [(targets[i % count], files[(0, 1, 1, 0)[i // count % 4]])
                       for i in range(swaps)]
        self._lab, self._failed, self._over = lab, None, threading.Event()
        self.reports = []
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, kind, *_):
        if kind is not None:
            self._over.set()
        self._thread.join()
        if kind is None and self._failed is not None:
            raise self._failed

    def milliseconds(self, what: str) -> list:
        return [each[what] / 1000 for each in self.reports]

    def _run(self):
        try:
            for target, file in self._steps:
                if self._over.wait(EVERY_SECONDS):
                    return
                self.reports.append(_swap(self._lab, target, file))
        except (RuntimeError, subprocess.TimeoutExpired) as error:
            self._failed = error
