"""One run: a queue that is filled, kernels that empty it into actors, faults, and the verdict."""
import collections
import json
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

from brokers.host import ADD, SINK, TELL, TYPE
from brokers.publisher import Publisher
from brokers.source import patiently
from harness.client import Client
from harness.kernel import Kernel, merge
from harness.wire import UNNAMED, actor
from servers import processes
from servers.gate import Gate
from test_messages import rows

SETS = 300
ACTIVATOR = "orders"
FLOW_S = 240.0    # for messages to go on after a fault
SETTLE_S = 120.0  # for all to be settled, when there are no faults any more
SETTLE_PER_MESSAGE_S = 0.002
_POLL_S = 0.1
CONFIG = {"runtime": {"lane_stall_ms": 5000},  # two processors for all these programs
          "workflows": ["forward", "pipe", "effect", "broadcast", "publish"]}
ROUTE = {"actor": "set-{body.set}", "register_ref": TYPE}


class Violated(AssertionError):
    """A message that was confirmed had no effect, or had it twice."""


class HostProcess:
    """host.py; used by several threads."""

    def __init__(self):
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("host.py"))], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True, preexec_fn=processes.end_with_parent(signal.SIGKILL))
        self.port = int(self._process.stdout.readline())

    def calls(self) -> int:
        with self._lock:
            self._process.stdin.write("\n")
            self._process.stdin.flush()
            return int(self._process.stdout.readline())

    def dispose(self):
        self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(5)
        self._process.stdout.close()


class Run:
    """Context manager. config: of the kernels; keys: of the activator."""

    def __init__(self, source, count: int, action: str = ADD, config: dict = None, **keys):
        self.source, self.count, self.action = source, count, action
        self.told = collections.Counter()  # faults
        self._keys, self._config = keys, config or {}
        source.fresh()
        port, at = source.ways()
        self.gate = Gate(port, at=at)
        self.host = HostProcess()
        self.kernel = self.new_kernel()
        self.publisher = Publisher(source, count, SETS, self.host.calls)
        self.began = self.seconds = 0.0

    def __enter__(self):
        try:
            self.kernel.start()
            client = Client(self.kernel.port)
            client.register(actor(TYPE, [ADD, TELL], kind=UNNAMED))
            client.close()
            self.began = time.monotonic()
            self.publisher.__enter__()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.publisher.__exit__()
        self.kernel.dispose()
        self.host.dispose()
        self.gate.__exit__()

    def new_kernel(self) -> Kernel:
        """Not started. A second one needs a store that both can use."""
        activator = {"name": ACTIVATOR, "route": ROUTE | {"action": self.action},
                     "retry": {"first_ms": 20, "max_ms": 200}}
        sink = {"name": SINK, "via": ACTIVATOR, "destination": self.source.destination}
        return Kernel(self.host.port, merge(CONFIG | {"sinks": [sink], "activators": [
            activator | self.source.plugin(self.gate.port) | self._keys]}, self._config))

    # --- faults -----------------------------------------------------------------------------------
    def while_they_flow(self, *faults) -> None:
        """Each fault at its own place among the messages; then all are published and settled."""
        for number, (name, fault) in enumerate(faults, 1):
            self.publisher.reach(self.count * number // (len(faults) + 1), FLOW_S)
            fault()
            self.told[name] += 1
        self.publisher.reach(self.count, FLOW_S + self.count * SETTLE_PER_MESSAGE_S)
        self.settle()

    def kernel_killed(self):
        return "kernel killed", self.kernel.crash

    def kernel_killed_unheard(self):
        """With acknowledgements on their way that the broker never gets."""
        def kill():
            self.gate.stall()
            time.sleep(0.3)
            self.kernel.kill9()
            self.gate.cut()
            self.gate.flow()
            self.kernel.start()
        return "kernel killed unheard", kill

    def broker_killed(self):
        return "broker killed", self.source.restart

    def network_cut(self, seconds: float = 0.5):
        def cut():
            self.gate.refuse()
            time.sleep(seconds)
            self.gate.refuse(False)
        return "network cut", cut

    def network_stalled(self, seconds: float):
        def stall():
            self.gate.stall()
            time.sleep(seconds)
            self.gate.flow()
        return "network stalled", stall

    # --- the end ----------------------------------------------------------------------------------
    def settle(self) -> None:
        """Returns when the broker has nothing left, and says so while no kernel holds anything."""
        deadline = time.monotonic() + SETTLE_S + self.count * SETTLE_PER_MESSAGE_S
        while True:
            while not self._idle():
                assert time.monotonic() < deadline, \
                    f"{patiently(self.source.left)} messages are not settled, " \
                    f"{self.in_flight()} in flight\n{self.kernel.tail()}"
                time.sleep(_POLL_S)
            self.seconds = time.monotonic() - self.began
            self._stop()
            left = patiently(self.source.left)
            self.kernel.start()
            if left == 0:
                return

    def _stop(self) -> None:
        self.kernel.stop()
        hanging = [line for line in self.kernel.log if "a plugin hangs" in line]
        if hanging:
            raise Violated(f"an operation never ended: {hanging[0]}")

    def await_acknowledging(self, kernel, more: int = 100) -> None:
        """Waits until this kernel has acknowledged so many messages."""
        deadline = time.monotonic() + FLOW_S
        while self._told(kernel)["acknowledged"] < more:
            assert time.monotonic() < deadline, f"it gets no messages\n{kernel.tail()}"
            time.sleep(_POLL_S)

    def _idle(self) -> bool:
        return self.in_flight() == 0 and patiently(self.source.left) == 0

    def in_flight(self) -> int:
        return self._told(self.kernel)["in_flight"]

    @staticmethod
    def _told(kernel) -> dict:
        """What spawnctl says of the activator."""
        (told,) = rows(SimpleNamespace(kernel=kernel), "activators", "list")
        return told

    def states(self) -> dict:
        """Number of the actor -> ids in the order of their effect."""
        client, out = Client(self.kernel.port), {}
        for number in range(SETS):
            answer = client.invoke(f"set-{number}", "get", ref=TYPE).expect_ok()
            out[number] = [int(word) for word in (answer.value or "").split()]
        client.close()
        return out

    def judge(self) -> str:
        """Violated unless each confirmed message had its effect once; the figures, for people."""
        states = self.states()
        found = collections.Counter(id for ids in states.values() for id in ids)
        confirmed, doubtful = self.publisher.confirmed, self.publisher.doubtful
        missing = confirmed - found.keys()
        gone = self.source.lost(missing) if missing else set()
        if not self.told["broker killed"]:
            _none(gone, "confirmed, and the broker does not have them though it was never killed")
        _none(missing - gone, "confirmed, and without effect")
        _none({id for id, times in found.items() if times > 1}, "took effect twice")
        _none(found.keys() - confirmed - doubtful, "never sent")
        sent_to = self.publisher.letters
        _none({id for number, ids in states.items() for id in ids if sent_to[id].set != number},
              "at another actor than they were sent to")
        if self.source.keeps_order:
            _none({number for number, ids in states.items() if ids != sorted(ids)},
                  "actors that saw messages out of order")
        letters = rows(self, "dead-letters", "list")
        if letters:
            raise Violated(f"{len(letters)} dead letters, such as {letters[0]}")
        return self._figures(found, gone)

    def judge_published(self) -> None:
        """What is in states and what came out of the sink are the same messages."""
        stored = {id for ids in self.states().values() for id in ids}
        deadline = time.monotonic() + SETTLE_S
        out = []
        while True:
            out += self.source.published()
            bodies = collections.defaultdict(set)
            for dedup_id, body in out:
                bodies[dedup_id].add(int(body))
            told = {one for some in bodies.values() for one in some}
            if stored <= told or time.monotonic() > deadline:
                break
            time.sleep(_POLL_S)
        _none(stored - told, "in a state, and not published")
        _none(told - stored, "published, and in no state")
        _none({one for one, some in bodies.items() if len(some) > 1 or not one},
              "dedup ids of no message or of several")
        if len(bodies) != len(told):
            raise Violated(f"{len(told)} messages were published under {len(bodies)} dedup ids")

    def _figures(self, found, gone) -> str:
        faults = ", ".join(f"{times} x {name}" for name, times in self.told.items())
        return json.dumps({"messages": self.count, "confirmed": len(self.publisher.confirmed),
                           "in doubt": len(self.publisher.doubtful),
                           "lost by the broker": len(gone), "effects": len(found),
                           "calls": self.host.calls(), "seconds": round(self.seconds, 1),
                           "faults": faults or "none"})


def _none(of: set, what: str) -> None:
    if of:
        raise Violated(f"{len(of)} {what}, such as {sorted(of)[:10]}")


@contextmanager
def second_kernel(run: Run):
    """Another kernel with the same activator and store, for as long as the block; it is stopped at
    its end unless it is gone by then."""
    kernel = run.new_kernel()
    try:
        kernel.start()
        yield kernel
        if kernel.alive:
            kernel.stop()
    finally:
        kernel.dispose()
