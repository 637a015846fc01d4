"""A load of writers whose every answer is kept, to be compared with what was applied."""
import collections
import random
import threading
import time

from harness.host import Reply
from harness.mesh import eventually
from harness.wire import actor, text

NOT_APPLIED = ("NOT_APPLIED", "UNAVAILABLE", "RESOURCE_EXHAUSTED", "SHUTTING_DOWN")
WRITERS = 8


class Load:
    """Writers with an actor each. The state is the list of the numbers that were applied, and up
    to `padding` bytes behind a bar, a different number of them each time."""

    def __init__(self, mesh, timeout_ms=1500, padding=0):
        self.mesh, self.timeout_ms, self.padding = mesh, timeout_ms, padding
        self.acked = {mesh.name("written"): [] for _ in range(WRITERS)}
        self.refused = {name: [] for name in self.acked}
        self.told = collections.Counter()  # the codes of errors
        self.over = threading.Event()
        for name in self.acked:
            mesh.host.on(name, "add", self._add)
        mesh.register(*[actor(name, ["add"]) for name in self.acked])
        self.threads = [threading.Thread(target=self._write, args=(name,)) for name in self.acked]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join(30)

    def _add(self, call):
        applied = (call.state or "").partition("|")[0]
        return Reply(state=text(f"{applied} {call.payload.value.decode()}".strip() +
                                "|" * bool(self.padding) + "-" * random.randint(0, self.padding)))

    def _write(self, name):
        client, number = self.mesh.kernel.client, 0
        while not self.over.is_set():
            number += 1
            try:
                outcome = client.invoke(name, "add", text(number),
                                        metadata={"request-timeout": str(self.timeout_ms)})
            except OSError:
                time.sleep(0.01)
                continue
            if outcome.ok:
                self.acked[name].append(number)
                continue
            code = outcome.text.partition(":")[0]
            self.told[code] += 1
            if code in NOT_APPLIED:
                self.refused[name].append(number)
                time.sleep(0.01)
        client.close()

    @property
    def total(self) -> int:
        return sum(len(numbers) for numbers in self.acked.values())

    def progress(self, what, more=40):
        before = self.total
        eventually(lambda: self.total >= before + more, 30, what)

    def check(self):
        for name, acked in self.acked.items():
            client = self.mesh.kernel.client
            answer = eventually(lambda: (got := client.invoke(name, "get")).ok and got, 10,
                                f"an answer of {name}")
            state = answer.value or ""  # an actor may have lost all it ever had
            applied = [int(word) for word in state.partition("|")[0].split()]
            assert sorted(set(applied)) == applied, f"{name}: doubled or out of order: {applied}"
            lost = set(acked) - set(applied)
            assert not lost, f"{name}: acknowledged and lost: {sorted(lost)}"
            risen = set(self.refused[name]) & set(applied)
            assert not risen, f"{name}: refused and applied: {sorted(risen)}"
            client.close()
