"""Fills a broker's queue, and remembers what the broker confirmed."""
import random
import threading
import time
from contextlib import contextmanager

from brokers.source import Letter, Unavailable

_PIECE = 100      # messages of one publish()
_LEAD_MAX = 2000
STOP_S = 30.0
_PAUSE_S = 0.02
_AFTER_REFUSAL_S = 0.5  # a broker that confirms nothing is just coming back


class Publisher:
    """A thread. Ids 0, 1, .. are sent once each, in order; one that was not confirmed is in doubt
    and may have effect or not. It waits while it is too far ahead of the actors, so that messages
    are on their way all along."""

    def __init__(self, source, count: int, sets: int, calls):
        self.count = count
        self.confirmed, self.doubtful = set(), set()
        self._source, self._calls = source, calls
        chance = random.Random(count)
        self.letters = [Letter(id, chance.randrange(sets)) for id in range(count)]
        self._over = threading.Event()
        self._pause_s = 0.0
        self._problem = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join(STOP_S)

    @property
    def sent(self) -> int:
        return len(self.confirmed) + len(self.doubtful)

    @contextmanager
    def slowly(self):
        """While the block lasts, all of them would take a minute."""
        self._pause_s = 60.0 * _PIECE / self.count
        try:
            yield
        finally:
            self._pause_s = 0.0

    def reach(self, count: int, seconds: float) -> None:
        """Waits until that many were sent."""
        deadline = time.monotonic() + seconds
        while self.sent < count:
            if self._problem is not None:
                raise self._problem
            assert time.monotonic() < deadline, \
                f"only {self.sent} of {count} messages were published in {seconds} s"
            time.sleep(_PAUSE_S)

    def _run(self):
        try:
            for first in range(0, self.count, _PIECE):
                self._send(self.letters[first:first + _PIECE])
                self._over.wait(self._pause_s)
                while not self._over.is_set() and self._is_ahead():
                    time.sleep(_PAUSE_S)
                if self._over.is_set():
                    return
        except Exception as problem:  # whatever it is, the test has to hear of it
            self._problem = problem

    def _is_ahead(self) -> bool:
        """There are enough confirmed messages that no actor was called for yet."""
        return len(self.confirmed) - self._calls() > min(_LEAD_MAX, self.count // 4)

    def _send(self, letters: list):
        confirmed = None
        while confirmed is None and not self._over.is_set():
            try:
                confirmed = self._source.publish(letters)
            except (OSError, Unavailable):  # there was nobody to send to
                time.sleep(_PAUSE_S)
        if not confirmed:
            self._over.wait(_AFTER_REFUSAL_S)
        confirmed = confirmed or set()
        self.confirmed |= confirmed
        self.doubtful |= {one.id for one in letters} - confirmed
