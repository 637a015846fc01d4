"""Every kind of bad input, as something that can be done again and again (test_neighbours)."""
import base64
import os
import re
import socket
import sqlite3
import threading
import time

from harness import host as manners
from harness.client import REGISTER_PATH, http_bytes, read_response
from harness.host import Reply
from harness.wire import SYSTEM, actor, invocation, protocol_pb, text

INVOKE = f"{REGISTER_PATH}/{SYSTEM}/actors/x/invoke"
LARGE = 100_000_000
QUICK = {"request-timeout": "250"}
CUT_OFF_MS = 1000  # timeouts.client_read_ms


def key(letter: str) -> str:
    return base64.b64encode(32 * letter.encode()).decode()


def error_of(outcome, code: str = "", http: int = 0) -> str:
    """The text of a clear error: a code, a decodable body; any code where none is given."""
    assert not outcome.ok, "served in spite of the fault"
    outcome.expect_error(code, http or outcome.http, status=outcome.message.status.status)
    return outcome.text


class Fault:
    """`threads` threads that call harm() while it is on. harm() checks the error its caller gets.

    log: what the log must say of it; metric: what must have grown;
    grain_s: what a neighbour's p99 may grow by, whatever it was; a fifth of a stall (D3).
    """
    grain_s = 0.001
    threads = 2
    pause = 0.005
    log = ""
    metric = ""

    def __init__(self, mesh):
        self.mesh, self.on, self.over = mesh, threading.Event(), False
        self.begun = self.active = self.rounds = 0
        self.wrong = []  # errors that were not clear
        self.local = threading.local()
        self.lock = threading.Lock()
        self.prepare()
        self.workers = [threading.Thread(target=self._work, daemon=True)
                        for _ in range(self.threads)]
        for worker in self.workers:
            worker.start()

    @property
    def client(self):
        """One of its own for each thread."""
        if not hasattr(self.local, "client"):
            self.local.client = self.mesh.kernel.client
        return self.local.client

    def prepare(self):
        pass

    def harm(self):
        raise NotImplementedError

    def _count(self, begun: int, ended: int):
        with self.lock:
            self.begun += begun
            self.rounds += ended
            self.active += begun - ended

    def _work(self):
        while not self.over:
            if not self.on.wait(0.05):
                continue
            self._count(1, 0)
            try:
                self.harm()
            except OSError:
                pass  # cut off in the middle: that is what a kernel may do
            except AssertionError as problem:
                self.wrong.append(str(problem))
            self._count(0, 1)
            time.sleep(self.pause)

    def switch(self, on: bool, seconds: float = 10.0):
        """Returns when harm is being done, or when none is done any more."""
        before, deadline = self.begun, time.monotonic() + seconds
        self.on.set() if on else self.on.clear()
        while (self.begun == before) if on else self.active:
            assert time.monotonic() < deadline, f"{type(self).__name__} does not follow"
            time.sleep(0.002)

    def end(self):
        self.over = True
        self.on.clear()
        for worker in self.workers:
            worker.join(10)


# --- what clients send ----------------------------------------------------------------------------
class GarbageBody(Fault):
    log = "a request was answered with an error"
    metric = 'spawn_request_failures_total{code="INVALID_ARGUMENT"}'

    def harm(self):
        response = self.client.post(INVOKE, b"\xff" * 2000)
        assert response.status == 400, response
        said = response.decode(protocol_pb.InvocationResponse).status.message
        assert said.startswith("INVALID_ARGUMENT: "), said
        with socket.create_connection(("127.0.0.1", self.mesh.kernel.port), 2) as raw:
            raw.sendall(b"\x16\x03\x01 nonsense\r\n\r\n")


class OverLongName(Fault):
    log = "a request was answered with an error"
    metric = 'spawn_request_failures_total{code="INVALID_ARGUMENT"}'

    def harm(self):
        outcome = self.client.send(invocation("n" * 513, "act"), path=INVOKE)
        assert "513" in error_of(outcome, "INVALID_ARGUMENT", 400)


class LargeBody(Fault):
    """As fast as it goes, and on after the refusal, as a client does that does not listen."""
    threads = 1
    pause = 0.0
    grain_s = 0.002  # a lane copies what comes until limits.body_bytes, and reads on a while
    headers = {"Content-Length": str(LARGE)}
    piece, pieces = b"x" * 250_000, LARGE // 250_000
    log = "a request was answered with an error"
    metric = 'spawn_request_failures_total{code="TOO_LARGE"}'

    def harm(self):
        raw = socket.create_connection(("127.0.0.1", self.mesh.kernel.port), 0.3)
        with raw, raw.makefile("rb") as stream:
            try:
                raw.sendall(http_bytes("POST", INVOKE, headers=self.headers, length=False))
                for _ in range(self.pieces):
                    raw.sendall(self.piece)
            finally:
                assert read_response(stream).status == 413


class LargeBodyInChunks(LargeBody):
    headers = {"Transfer-Encoding": "chunked"}
    piece = b"3d090\r\n" + b"x" * 250_000 + b"\r\n"


class SlowLoris(Fault):
    """100 connections, a byte on each now and then; each is cut off in time."""
    threads = 1
    log = "a slow client was cut off"
    metric = 'spawn_slow_clients_total'

    def prepare(self):
        self.sockets = {}  # and when they were opened

    def harm(self):
        while len(self.sockets) < 100:
            raw = self.mesh.kernel.client.socket()
            raw.sendall(b"POST /api/v1/system HTTP/1.1\r\nX-A: ")
            self.sockets[raw] = time.monotonic()
        for raw, since in list(self.sockets.items()):
            try:
                raw.send(b"a")
            except OSError:
                del self.sockets[raw]
                raw.close()
                continue
            assert time.monotonic() - since < CUT_OFF_MS / 1000 + 3, "a slow client is not cut off"
        time.sleep(0.02)


class UnknownActor(Fault):
    log = "a request was answered with an error"
    metric = 'spawn_request_failures_total{code="ACTOR_NOT_FOUND"}'

    def harm(self):
        error_of(self.client.invoke("nobody", "act"), "ACTOR_NOT_FOUND", 500)


class UnknownAction(Fault):
    log = "a request was answered with an error"
    metric = 'spawn_request_failures_total{code="ACTION_NOT_FOUND"}'

    def prepare(self):
        self.name = self.mesh.counter()

    def harm(self):
        error_of(self.client.invoke(self.name, "absent"), "ACTION_NOT_FOUND", 500)


# --- what hosts do --------------------------------------------------------------------------------
class BadHost(Fault):
    """An actor for each thread, so that no call waits for another."""
    threads = 4
    log = "a host failed an action"
    metric = "spawn_host_failures_total"
    code = "HOST_ERROR"

    def manner(self, call):
        raise NotImplementedError

    def prepare(self):
        self.names = [self.mesh.name("bad") for _ in range(self.threads)]
        for name in self.names:
            self.mesh.host.on(name, "act", self.manner)
        self.mesh.register(*[actor(name, ["act"]) for name in self.names])

    def harm(self):
        if not hasattr(self.local, "name"):
            self.local.name = self.names.pop()
        outcome = self.client.invoke(self.local.name, "act", metadata=QUICK)
        error_of(outcome, self.code, 500)


class GarbageHost(BadHost):
    def manner(self, call):
        return manners.nonsense()


class ClosingHost(BadHost):
    def manner(self, call):
        return manners.slam()


class LateHost(BadHost):
    code = "DEADLINE_EXCEEDED"

    def manner(self, call):
        return Reply(delay=0.4)


class SilentHost(LateHost):
    def manner(self, call):
        return manners.never()


# --- what happens to databases --------------------------------------------------------------------
class SecondStore(Fault):
    """The actors of the type `Other` are in a database of their own, in which the fault is."""
    store = {}

    def prepare(self):
        kernel = self.mesh.kernel
        self.path = kernel.folder / "other.db"
        kernel.config["statestores"]["other"] = {
            "use": "sqlite", "config": {"path": str(self.path)} | self.store}
        kernel.config["actors"] = {"Other": {"statestore": "other"}}
        kernel.restart()
        self.mesh.host.on("Other", "set", lambda call: Reply(state=text(time.time_ns())))
        self.mesh.register(actor("Other", ["set"]))
        self.mesh.invoke("Other", "set").expect_ok()


class UnreadableDatabase(SecondStore):
    """Pages of the file are overwritten while the kernel is down."""
    log = "loading an actor failed"
    metric = "spawn_load_failures_total"

    def prepare(self):
        super().prepare()
        self.mesh.kernel.stop()
        with sqlite3.connect(self.path) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            page = database.execute("PRAGMA page_size").fetchone()[0]
            (root,) = database.execute("SELECT rootpage FROM sqlite_master WHERE name = 'record'"
                                       ).fetchone()
        with open(self.path, "r+b") as file:
            file.seek((root - 1) * page)
            file.write(os.urandom(page))
        self.mesh.kernel.start()

    def harm(self):
        error_of(self.client.invoke("Other", "get", metadata=QUICK))


class LockedDatabase(SecondStore):
    """Another process holds the write lock, for longer than the caller waits."""
    threads = 1
    log = "a save is tried again"
    metric = "spawn_save_retries_total"
    store = {"busy_timeout_ms": 50}

    def harm(self):
        intruder = sqlite3.connect(self.path, timeout=5, isolation_level=None)
        try:
            intruder.execute("BEGIN IMMEDIATE")
            error_of(self.client.invoke("Other", "set", metadata=QUICK))
            intruder.execute("ROLLBACK")
        except sqlite3.OperationalError:
            pass  # not even locked: the kernel keeps others out, or is just writing
        finally:
            intruder.close()


class FullDisk(Fault):
    threads = 1
    log = "a save is tried again"
    metric = "spawn_save_retries_total"

    def prepare(self):
        self.name = self.mesh.counter("filling")

    def harm(self):
        self.mesh.kernel.disk_full()
        try:
            error_of(self.client.invoke(self.name, "inc", metadata=QUICK))
        finally:
            self.mesh.kernel.disk_full(False)


class WrongKey(Fault):
    log = "loading an actor failed"
    metric = "spawn_load_failures_total"

    def prepare(self):
        kernel = self.mesh.kernel
        kernel.env["SPAWN_STATESTORE_KEY"] = key("r")
        kernel.restart()
        self.name = self.mesh.counter("sealed")
        self.mesh.invoke(self.name, "inc").expect_ok()
        kernel.env["SPAWN_STATESTORE_KEY"] = key("w")
        kernel.restart()
        self.mesh.register(actor(self.name, ["inc"]))  # registrations are sealed, too

    def harm(self):
        error_of(self.client.invoke(self.name, "inc"), "CORRUPT", 500)


KINDS = [GarbageBody, OverLongName, LargeBody, LargeBodyInChunks, SlowLoris, UnknownActor,
         UnknownAction, GarbageHost, LateHost, SilentHost, ClosingHost, UnreadableDatabase,
         LockedDatabase, FullDisk, WrongKey]


def metric(client, name: str) -> float:
    """The sum of a metric over its labels; with {label="value"} only of what has it."""
    stem, _, label = name.rstrip("}").partition("{")
    lines = client.get("/metrics").plain.decode().splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines
               if re.match(rf"{stem}[{{ ]", line) and label in line)
