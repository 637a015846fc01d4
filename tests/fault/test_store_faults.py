"""Stores that fail while a load is on: nothing acknowledged is lost, nothing refused is applied,
and the kernel goes on by itself when the fault is over."""
import os
import signal
import sqlite3
import threading
import time

import pytest
from harness.host import Reply
from harness.mesh import eventually
from harness.wire import actor, text

NOT_APPLIED = ("NOT_APPLIED", "UNAVAILABLE", "RESOURCE_EXHAUSTED", "SHUTTING_DOWN")
WRITERS = 8


class Load:
    """Writers with an actor each. The state is the list of the numbers that were applied."""

    def __init__(self, mesh, timeout_ms=1500):
        self.mesh, self.timeout_ms = mesh, timeout_ms
        self.acked = {mesh.name("written"): [] for _ in range(WRITERS)}
        self.refused = {name: [] for name in self.acked}
        self.over = threading.Event()
        for name in self.acked:
            mesh.host.on(name, "add", lambda call: Reply(
                state=text(((call.state or "") + " " + call.payload.value.decode()).strip())))
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
            elif outcome.text.partition(":")[0] in NOT_APPLIED:
                self.refused[name].append(number)
                time.sleep(0.01)
        client.close()

    @property
    def total(self) -> int:
        return sum(len(numbers) for numbers in self.acked.values())

    def progress(self, what, more=40):
        before = self.total
        eventually(lambda: self.total >= before + more, 15, what)

    def check(self):
        for name, acked in self.acked.items():
            client = self.mesh.kernel.client
            state = eventually(lambda: (got := client.invoke(name, "get")).ok and got.value, 10,
                               f"the state of {name}")
            applied = [int(word) for word in state.split()]
            assert sorted(set(applied)) == applied, f"{name}: doubled or out of order: {applied}"
            lost = set(acked) - set(applied)
            assert not lost, f"{name}: acknowledged and lost: {sorted(lost)}"
            risen = set(self.refused[name]) & set(applied)
            assert not risen, f"{name}: refused and applied: {sorted(risen)}"
            client.close()


@pytest.fixture
def mesh(fresh):
    return fresh({"timeouts": {"request_ms": 3000}})


def test_a_disk_that_fills_up_under_load(mesh):
    """Three times, shorter and longer than the callers' deadlines; no restart needed."""
    with Load(mesh, timeout_ms=700) as load:
        for seconds in (0.2, 0.5, 1.6):
            load.progress("writes before the disk is full")
            mesh.kernel.disk_full()
            time.sleep(0.05)  # what is on its way may still get through
            before = load.total
            time.sleep(seconds)
            stuck = load.total - before
            mesh.kernel.disk_full(False)
            assert stuck <= WRITERS, f"{stuck} acknowledged while nothing could be written"
            load.progress("writes with room again")
    load.check()
    mesh.kernel.crash()
    load.check()


def test_a_disk_that_is_full_when_the_kernel_dies(mesh):
    """What was not written is not acknowledged, also across kill -9."""
    with Load(mesh) as load:
        for _ in range(3):
            load.progress("writes")
            mesh.kernel.disk_full()
            time.sleep(0.1)
            mesh.kernel.crash()
    load.check()


def test_a_database_that_another_process_locks_under_load(mesh):
    """A backup tool with a write lock: callers wait or are told; then it goes on."""
    with Load(mesh, timeout_ms=700) as load:
        for seconds in (0.3, 1.5):
            load.progress("writes before the lock")
            intruder = sqlite3.connect(mesh.kernel.database, timeout=5, isolation_level=None)
            try:
                intruder.execute("BEGIN IMMEDIATE")
                time.sleep(seconds)
                intruder.execute("ROLLBACK")
            except sqlite3.OperationalError as problem:
                assert "locked" in str(problem)  # the kernel keeps others out
            finally:
                intruder.close()
            load.progress("writes after the lock")
    load.check()
    mesh.kernel.crash()
    load.check()


def test_a_reader_does_not_disturb(mesh):
    """Reading the database while it is written: both get on."""
    with Load(mesh) as load:
        load.progress("writes")
        try:
            with sqlite3.connect(f"file:{mesh.kernel.database}?mode=ro", uri=True) as reader:
                assert reader.execute("SELECT count(*) FROM record").fetchone()[0] > 0
        except sqlite3.OperationalError as problem:
            assert "locked" in str(problem)
        load.progress("writes beside a reader")
    load.check()


def test_a_frozen_kernel_loses_nothing(mesh):
    """SIGSTOP for two seconds, longer than the callers' deadlines: late answers, no lost ones."""
    with Load(mesh, timeout_ms=1000) as load:
        for _ in range(2):
            load.progress("writes before it is frozen")
            os.kill(mesh.kernel.process.pid, signal.SIGSTOP)
            time.sleep(2)
            os.kill(mesh.kernel.process.pid, signal.SIGCONT)
            load.progress("writes after the thaw")
    load.check()
    mesh.kernel.crash()
    load.check()


def test_a_removed_database_file_is_no_silent_loss(mesh):
    """Someone deletes the files under a running kernel: it must not crash or go silent; whoever
    was acknowledged is served from what the kernel still holds open."""
    with Load(mesh) as load:
        load.progress("writes")
        for file in mesh.kernel.folder.glob("spawn.db*"):
            if not file.name.endswith(".lock"):
                file.unlink()
        time.sleep(0.5)
        assert mesh.kernel.alive, mesh.kernel.tail()
    load.check()
