"""Stores that fail while a load is on: nothing acknowledged is lost, nothing refused is applied,
and the kernel goes on by itself when the fault is over."""
import os
import signal
import sqlite3
import subprocess
import time

import pytest
from harness.mesh import eventually
from load import WRITERS, Load
from stores import HISTORY, no_gaps, sqlite_revisions


ROOM = 24 << 20


@pytest.fixture
def small_disk(tmp_path):
    """A real file system of 24 MiB that really gets full; the path of it."""
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={ROOM},mode=700", "tmpfs", folder],
                          capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"a small disk can not be mounted here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


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


def until_full(load):
    """The load itself fills it; nothing is acknowledged any more."""
    def stuck():
        before = load.total
        time.sleep(0.5)
        return load.total == before
    eventually(stuck, 60, "a full disk")


def test_a_disk_that_is_really_full(small_disk, fresh):
    """Twice: filled by the load itself; reads go on, from memory and from the database; with room
    again the kernel goes on by itself, and what it had acknowledged is there."""
    database, ballast = small_disk / "spawn.db", small_disk / "ballast"
    mesh = fresh({"statestores": {"main": {"config": {"path": str(database),
                                                      "history": {"keep": HISTORY}}}}})
    warm, *cold = (mesh.counter() for _ in range(3))
    for name in (warm, *cold):
        mesh.invoke(name, "inc").expect_ok()
    mesh.kernel.crash()
    assert mesh.count(warm) == 1
    ballast.write_bytes(bytes(ROOM * 3 // 4))
    with Load(mesh, timeout_ms=700, padding=16_000) as load:
        for name, ballast_left in zip(cold, (ROOM // 2, 0)):
            until_full(load)
            assert mesh.count(warm) == 1 and mesh.count(name) == 1
            os.truncate(ballast, ballast_left)
            load.progress("writes with room again")
    assert load.told and set(load.told) <= {"OUTCOME_UNKNOWN", "NOT_APPLIED", "UNAVAILABLE",
                                            "DEADLINE_EXCEEDED"}, load.told
    for said in ("the database fails", "the database works again"):
        assert any(said in line for line in mesh.kernel.log), said
    load.check()
    mesh.kernel.crash()
    load.check()
    mesh.kernel.stop()
    no_gaps(load, lambda name: sqlite_revisions(database, name))


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
