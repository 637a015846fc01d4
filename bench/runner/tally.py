"""How many messages the bench host has sent and taken: asked of the host itself, past the kernel;
and how many the states of its actors tell of, asked through the kernel."""
import re
import threading
import time

from runner.processes import http

PAUSE_SECONDS = 0.05
_COUNT = re.compile(rb'"count":(\d+)')
_COUNTS = re.compile(rb'"sent":(\d+),"taken":(\d+)')


def _text(number: int, value: bytes) -> bytes:
    return bytes([number << 3 | 2, len(value)]) + value  # a short protobuf field


# An ActorInvocation of Count on tally, as the kernel would send it.
_ID = _text(1, b"tally") + _text(2, b"spawn-system")
_REQUEST = _text(1, _ID) + _text(2, b"Count") + _text(3, _text(3, _ID))


def read(host_port: int) -> tuple:
    """(sent, taken) since the host started. OSError when it does not listen."""
    status, body = http(host_port, "POST", "/api/v1/actors/actions", _REQUEST)
    found = _COUNTS.search(body)
    if status != 200 or not found:
        raise RuntimeError(f"bench_host: no tally in its answer, HTTP {status}")
    return int(found[1]), int(found[2])


def states(kernel_port: int, letter: str, actors: int, system: str = "spawn-system") -> int:
    """What the actors <letter>0, ... have counted, together."""
    out = 0
    for name in (f"{letter}{i}" for i in range(actors)):
        id = _text(1, name.encode()) + _text(2, system.encode())
        request = (_text(1, _text(1, system.encode())) + _text(2, _text(1, id)) +
                   _text(3, b"Count") + _text(7, b""))
        status, body = http(kernel_port, "POST", f"/api/v1/system/{system}/actors/{name}/invoke",
                            request)
        found = _COUNT.search(body)
        if status != 200 or not found:
            raise RuntimeError(f"bench_host: no count of {name}, HTTP {status}: {body[:200]!r}")
        out += int(found[1])
    return out


class Sampler:
    """Reads the tally now and then on a thread of its own. Use with `with`."""

    def __init__(self, host_port: int):
        self.host_port = host_port
        self.samples = []  # (monotonic seconds, sent, taken)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    def _run(self):
        while not self._stop.is_set():
            self.samples.append((time.monotonic(), *read(self.host_port)))
            self._stop.wait(PAUSE_SECONDS)

    def taken_per_second(self, warmup: float) -> float:
        """Between `warmup` seconds after the first message and the last one sent."""
        sent = [each[1] for each in self.samples]
        moving = [i for i in range(1, len(sent)) if sent[i] > sent[i - 1]]
        if not moving:
            raise RuntimeError("no message was sent while it was looked at")
        last = self.samples[moving[-1] - 1]
        begin = self.samples[moving[0]][0] + warmup
        first = next((each for each in self.samples if each[0] >= begin), last)
        if first[0] >= last[0]:
            raise RuntimeError("too short to measure: --seconds")
        return (last[2] - first[2]) / (last[0] - first[0])

    def behind(self) -> int:
        """Messages sent and not yet taken when the last one was sent."""
        sent = max(each[1] for each in self.samples)
        at = next(each for each in self.samples if each[1] == sent)
        return sent - at[2]
