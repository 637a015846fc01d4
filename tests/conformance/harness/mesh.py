"""A kernel with its host and a client: what most tests hold in their hands."""
import itertools
import os
import threading
import time
from contextlib import contextmanager

from harness.client import Client
from harness.host import Host, Reply
from harness.kernel import Kernel
from harness.wire import NOOP, actor, text, workflow

_numbers = itertools.count(1)


def eventually(question, seconds: float = 5.0, what: str = "condition"):
    """Asks until the answer is true, and returns it."""
    deadline = time.monotonic() + seconds
    while True:
        answer = question()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(0.005)


def now_ms() -> int:
    return time.time_ns() // 1_000_000


class Mesh:
    def __init__(self, config=None, env=None, host_listens=True, start=True):
        self.host = Host(listen=host_listens)
        self.kernel = Kernel(self.host.port, config, env)
        self.client = Client(self.kernel.port)
        if start:
            try:
                self.kernel.start()
            except BaseException:
                self.dispose()
                raise

    def dispose(self):
        self.client.close()
        self.host.stop()
        self.kernel.dispose()

    @staticmethod
    def name(stem: str = "actor") -> str:
        """A name no other test uses, so that tests may share a kernel."""
        return f"{stem}-{os.getpid()}-{next(_numbers)}"

    def register(self, *actors, **options):
        return self.client.register(*actors, **options)

    def invoke(self, name, action, *payload, **options):
        return self.client.invoke(name, action, *payload, **options)

    def counter(self, stem: str = "counter", actions=(), **settings) -> str:
        """Registers an actor that adds: `inc` (payload: by how much, else 1), `read`."""
        name = self.name(stem)
        counting(self.host, name)
        self.register(actor(name, ["inc", "read", *actions], **settings))
        return name

    def plain(self, stem: str = "actor", actions=("act",), **settings) -> str:
        """Registers an actor without functions of its own: it echoes its context."""
        name = self.name(stem)
        self.register(actor(name, actions, **settings))
        return name

    def speaker(self, topic: str, payload=NOOP, **settings) -> str:
        """Registers an actor whose action `speak` broadcasts on the topic."""
        name = self.name("speaker")
        self.host.on(name, "speak", reply=Reply(workflow=workflow(broadcast=(topic, payload))))
        self.register(actor(name, ["speak"], **settings))
        return name

    def count(self, name) -> int:
        return int(self.invoke(name, "read").expect_ok().value)


def counting(host: Host, owner: str):
    """Binds `inc` and `read` to an actor or a parent. Tags are kept as they came."""
    def inc(call):
        step = int(call.payload.value) if call.payload not in (None, "noop") else 1
        total = int(call.state or 0) + step
        return Reply(payload=text(total), state=text(total), tags=call.tags)

    host.on(owner, "inc", inc)
    host.on(owner, "read", lambda call: Reply(payload=text(call.state or 0), tags=call.tags))


@contextmanager
def holding(mesh, *names):
    """The host sits on every `hold` of these actors until the end of the block, or until asked."""
    gate = threading.Event()

    def hold(call):
        gate.wait(20)
        return Reply()

    for name in names:
        mesh.host.on(name, "hold", hold)
    try:
        yield gate
    finally:
        gate.set()
