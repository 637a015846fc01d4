"""What a run needs of a broker: a queue to publish to, what the broker has of it, and how the
activator of a kernel gets at it. A subclass for each broker; its server is one of tests/servers."""
import itertools
import json
import os
import time
from dataclasses import dataclass

CONFIRM_S = 10.0  # how long a publisher waits for a broker that says nothing
PATIENCE_S = 120.0  # for a broker that is coming back on a busy machine
_numbers = itertools.count(1)


class Unavailable(Exception):
    """The broker can not be asked now."""


@dataclass(frozen=True)
class Letter:
    id: int   # once in a run
    set: int  # number of the actor

    @property
    def actor(self) -> str:
        return f"set-{self.set}"

    @property
    def body(self) -> bytes:
        return json.dumps({"id": self.id, "set": self.set}).encode()


class Source:
    """Used by one thread at a time, except that publish() has a thread of its own."""
    keeps = True          # what it confirmed is there when it was killed and started again
    keeps_order = False   # messages of one actor run in the order they were published

    def __init__(self):
        self.server = None  # a servers.Server
        self.queue = self.out = ""

    def __enter__(self):
        self.server.start()
        return self

    def __exit__(self, *_):
        self.disconnect()
        self.server.stop()

    def fresh(self) -> None:
        """A queue, and a place that a sink publishes to, which nobody has used."""
        self.queue = f"in-{os.getpid()}-{next(_numbers)}"
        self.out = f"out-{self.queue}"
        self.make()

    def restart(self) -> None:
        """Killed with -9 and started again."""
        self.server.kill9()
        self.server.start()

    # --- what a broker's class says ---------------------------------------------------------------
    def make(self) -> None:
        """Makes self.queue and self.out."""
        raise NotImplementedError

    def ways(self) -> tuple:
        """The port behind the gate, and the one the gate has to listen on (0: any)."""
        return self.server.port, 0

    def plugin(self, port: int) -> dict:
        """`use` and `config` of an activator that reaches the broker through this port."""
        raise NotImplementedError

    @property
    def destination(self) -> str:
        """self.out, as a sink of that plugin names it."""
        return self.out

    def publish(self, letters: list) -> set:
        """The ids that the broker confirmed; those that it did not may be there or not."""
        raise NotImplementedError

    def left(self) -> int:
        """Messages that are not settled, exact when no kernel runs."""
        raise NotImplementedError

    def lost(self, ids: set) -> set:
        """Those of these confirmed ids that the broker itself does not have any more, as a bare
        client sees it. A broker that keeps nothing of what was settled has lost none."""
        raise NotImplementedError

    def published(self) -> list:
        """(dedup id, body) of all that came out of the sink."""
        raise NotImplementedError

    def disconnect(self) -> None:
        """Drops the connections of this client."""


def patiently(ask, seconds: float = PATIENCE_S):
    """The answer of a broker that is just coming back."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return ask()
        except (OSError, Unavailable):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
