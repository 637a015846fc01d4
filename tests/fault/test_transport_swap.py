"""Transports are swapped while messages flow: calls between systems are answered once, and what is
said on a channel is heard once, in order, also by those who send no ids.

SPAWN_SWAPS says how many swaps there are (6; with SPAWN_NIGHTLY=1 60, one a second).
"""
import threading
import time

import pytest
from harness.host import Reply
from harness.mesh import Mesh, counting, eventually
from harness.wire import SYSTEM, TEXT_URL, actor, text
from servers.nats import Nats
from servers.nats_client import NatsClient
from servers.server import Missing
from swaps import Swaps, built, swapped, version

CALLERS = 4
AHEAD = 20
BETWEEN_S = 0.25  # what is said on the channel comes all the time


@pytest.fixture(scope="module")
def nats():
    try:
        server = Nats().start()
    except Missing as reason:
        pytest.skip(str(reason))
    yield server
    server.stop()


def over(nats, **more):
    return {"transport": {"use": "nats", "config": {"url": nats.url}},
            "cross_system": {"enabled": True}, "timeouts": {"request_ms": 20_000}} | more


class Calls:
    """Clients of one kernel who call a counter of another system, and keep what they were told."""

    def __init__(self, near, far):
        self.near, self.far = near, far
        self.counter = far.name("counter")
        counting(far.host, self.counter)
        far.client.register(actor(self.counter, ["inc", "read"], system="abroad"), system="abroad")
        eventually(lambda: near.invoke(self.counter, "read", system="abroad").ok, 10,
                   "the other kernel is reached")
        self.ok, self.failed, self.over = 0, [], threading.Event()
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self._call) for _ in range(CALLERS)]

    def _call(self):
        client = self.near.kernel.client
        while not self.over.is_set():
            got = client.invoke(self.counter, "inc", system="abroad")
            with self.lock:
                self.ok += got.ok
                if not got.ok:
                    self.failed.append(got.text)
        client.close()

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join(60)

    def progress(self, more=30):
        before = self.ok
        eventually(lambda: self.ok >= before + more or self.failed, 30, "calls go on")

    def check(self):
        assert not self.failed, self.failed[:5]
        count = self.near.invoke(self.counter, "read", system="abroad").expect_ok().value
        assert int(count) == self.ok, "each call took effect once"


class Talk:
    """A plain client of NATS says numbers on a channel, and an actor hears them."""

    def __init__(self, nats, mesh):
        self.mesh, self.name = mesh, mesh.name("ear")
        self.heard, self.said, self.over = [], 0, threading.Event()
        mesh.host.on(self.name, "hear", self._hear)
        mesh.register(actor(self.name, ["hear"], channels=[("numbers", "hear")]))
        self.client = NatsClient(nats.host, nats.port)
        self.thread = threading.Thread(target=self._say)

    def _hear(self, call):
        self.heard.append(int(call.payload.value))
        return Reply()

    def _say(self):
        subject = f"spawn.channel.{SYSTEM}.numbers"
        while not self.over.is_set():
            self.said += 1
            self.client.publish(subject, str(self.said).encode(),
                                headers={"spawn-type-url": TEXT_URL})
            time.sleep(0.002)
            # No more than fit into a mailbox: a channel drops what is too much.
            patience = time.monotonic() + 5
            while self.said - len(self.heard) >= AHEAD and time.monotonic() < patience:
                time.sleep(0.002)
        self.client.flush()

    def __enter__(self):
        self.thread.start()
        eventually(lambda: self.heard, 10, "the channel is heard")
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join(30)
        self.client.close()

    def check(self):
        eventually(lambda: self.said in self.heard, 20, "the last one is heard")
        lost = sorted(set(range(1, self.said + 1)) - set(self.heard))
        assert not lost, f"{len(lost)} of {self.said} are lost: {lost[:20]}"
        assert self.heard == sorted(set(self.heard)), "each once, in order"


def test_nats_under_load(fresh, nats, tmp_path, capsys):
    """Both ends of the calls are swapped, in turn; the one that is called also hears a channel."""
    near = fresh(over(nats, system=SYSTEM))
    far = fresh(over(nats, system="abroad"))
    newer = version("transport", "nats", "1.0.1", tmp_path)
    with Talk(nats, near) as talk, Calls(near, far) as calls:
        swaps = Swaps(built("transport", "nats"), newer, lambda: calls.ok + len(talk.heard))
        for number, to in enumerate(swaps):
            calls.progress()
            time.sleep(BETWEEN_S)
            mesh = (near, far)[number % 2]
            done = swapped(mesh.kernel, "transport/nats", to)
            swaps.pauses.append(done["pause_us"])
            assert done["to"].endswith("1.0.1") == (to == newer)
        calls.progress()
    calls.check()
    talk.check()
    swaps.report(capsys, "nats")


def test_a_call_under_way_ends_through_the_old_one(fresh, nats, tmp_path):
    """On both ends: the one that asks, and the one that is asked, have swapped meanwhile."""
    near = fresh(over(nats, system=SYSTEM))
    far = fresh(over(nats, system="abroad"))
    slow, gate, waits = far.name("slow"), threading.Event(), threading.Event()

    def act(call):
        waits.set()
        gate.wait(20)
        return Reply(payload=text("done"))

    far.host.on(slow, "act", act)
    far.client.register(actor(slow, ["act", "read"], system="abroad"), system="abroad")
    eventually(lambda: near.invoke(slow, "read", system="abroad").ok, 10)
    told = []
    asks = threading.Thread(target=lambda: told.append(
        near.kernel.client.invoke(slow, "act", system="abroad")))
    asks.start()
    assert waits.wait(10)
    newer = version("transport", "nats", "1.0.1", tmp_path)
    for mesh in (near, far):
        assert swapped(mesh.kernel, "transport/nats", newer, drain_ms=100)["older_kept"] == 1
    gate.set()
    asks.join(20)
    assert told[0].expect_ok().value == "done"
    assert swapped(near.kernel, "transport/nats", newer)["older_kept"] == 0


def test_memory_under_load(tmp_path, capsys):
    """One kernel alone: what its actors say to each other over a channel goes past the transport,
    and nothing of it waits."""
    mesh = Mesh({"transport": {"use": "memory"}})
    try:
        newer = version("transport", "memory", "1.0.1", tmp_path)
        name = mesh.counter()
        counted = [0]
        swaps = Swaps(built("transport", "memory"), newer, lambda: counted[0])
        for to in swaps:
            for _ in range(10):
                mesh.invoke(name, "inc").expect_ok()
                counted[0] += 1
            swaps.pauses.append(swapped(mesh.kernel, "transport/memory", to)["pause_us"])
        assert mesh.count(name) == counted[0]
        swaps.report(capsys, "memory transport")
    finally:
        mesh.dispose()
