"""The power is cut under load: kernel and database server die in the same moment, and what was not
synced is lost, torn or there, at random. Nothing acknowledged is lost, nothing refused is applied,
revisions have no gap, and the database opens by itself.

SPAWN_POWER_CUTS says how often for each store (20; 500 when SPAWN_NIGHTLY=1), SPAWN_POWER_SEED
what is lost (printed by a test that fails).
"""
import os
import random
import shutil
import sqlite3
import threading
import time
from contextlib import ExitStack, closing, contextmanager

import pytest
from load import Load
from power import Missing as NoDisk
from power import PowerDisk
from servers import processes
from servers.postgres import Postgres
from servers.server import Failed, Missing
from stores import HISTORY, PostgresStore, no_gaps, only, sqlite_revisions

NIGHTLY = os.environ.get("SPAWN_NIGHTLY") == "1"
CUTS = int(os.environ.get("SPAWN_POWER_CUTS", "500" if NIGHTLY else "20"))
CUTS_PER_DISK = 25  # then a fresh one: the checks look at all that was ever written
SEED = int(os.environ.get("SPAWN_POWER_SEED", random.randrange(1 << 32)))
PADDING = 24_000    # so that logs are full and checkpoints run within a few cuts
BEFORE_A_CUT = (5, 120)  # acknowledgements
EARLY = 0.2              # of the cuts come while all is still starting after the last one


def rounds():
    """How many cuts on each disk."""
    return [min(CUTS_PER_DISK, CUTS - done) for done in range(0, CUTS, CUTS_PER_DISK)]


@contextmanager
def power_disk(seed, names):
    with ExitStack() as stack:
        try:
            disk = stack.enter_context(PowerDisk(seed, names))
        except NoDisk as reason:
            pytest.skip(str(reason))
        print(f"SPAWN_POWER_SEED={SEED}")
        yield disk


def add(total, lost):
    return {key: total.get(key, 0) + value for key, value in lost.items()}


# --- SQLite ---------------------------------------------------------------------------------------
def database_on(disk):
    """In a folder that the store makes itself."""
    return disk.path / "data" / "spawn.db"


def sqlite_on(disk, **more):
    return {"statestores": {"main": {"config": {
        "path": str(database_on(disk)), "history": {"keep": HISTORY},
        "checkpoint_mib": 4} | more}}}


def cut_under(kernel, disk):
    lost = disk.cut([kernel.process.pid])
    kernel.kill9()
    disk.remount()
    return lost


def sound(disk, beside):
    """The file as it was found, before the store has seen it."""
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir()
    assert database_on(disk).exists(), "the database is gone"
    for file in database_on(disk).parent.glob("spawn.db*"):
        shutil.copy(file, beside)
    with closing(sqlite3.connect(beside / "spawn.db")) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def cut_sqlite(mesh, disk, cuts):
    """A load over so many cuts; the load, and what was lost of what was not synced."""
    total = {}
    with Load(mesh, padding=PADDING) as load:
        disk.settle()  # the actors' names, so that a store that loses them goes on as well
        for number in range(cuts):
            if number == 0 or random.random() > EARLY:
                mesh.kernel.await_ready()
                load.progress("writes", random.randint(*BEFORE_A_CUT))
            time.sleep(random.uniform(0, 0.05))
            total = add(total, cut_under(mesh.kernel, disk))
            sound(disk, mesh.kernel.folder / "copy")
            mesh.kernel.launch()
        mesh.kernel.await_ready()
    return load, total


def test_sqlite(fresh):
    acked, total = 0, {}
    for number, cuts in enumerate(rounds()):
        with power_disk(SEED + 1000 * number, "folder") as disk:
            mesh = fresh(sqlite_on(disk))
            load, lost = cut_sqlite(mesh, disk, cuts)
            load.check()
            mesh.kernel.stop()
            no_gaps(load, lambda name: sqlite_revisions(database_on(disk), name))
        acked, total = acked + load.total, add(total, lost)
    print(f"{CUTS} cuts, {acked} acknowledged, none lost; of what was not synced: {total}")
    assert total["lost"] + total["torn"] > 0, "the cuts had nothing to lose"


def test_the_first_acknowledgement(fresh):
    """Of a database, its log and its folder that did not exist before."""
    for number in range(max(3, CUTS // 4)):
        with power_disk(SEED + number, "folder") as disk:
            mesh = fresh(sqlite_on(disk))
            name = mesh.counter()
            mesh.invoke(name, "inc").expect_ok()
            cut_under(mesh.kernel, disk)
            sound(disk, mesh.kernel.folder / "copy")
            mesh.kernel.start()
            assert mesh.count(name) == 1
            mesh.kernel.stop()


def finds_out(tries):
    """A control: of a store that does not sync, the check of the tests above says so. What a cut takes
    is chance, and it may be nothing that was acknowledged: again, on another disk."""
    for number in range(10):
        load, mesh = tries(SEED + number)
        try:
            load.check()
        except AssertionError as told:
            assert "acknowledged and lost" in str(told)
            return
        finally:
            mesh.kernel.kill9()
    pytest.fail("a store that does not sync lost nothing")


def test_sqlite_that_does_not_sync_is_found_out(fresh):
    """With `synchronous: normal`, which commit mode takes only when told so."""
    with ExitStack() as disks:
        def cut(seed):
            disk = disks.enter_context(power_disk(seed, "folder"))
            mesh = fresh(sqlite_on(disk, synchronous="normal") |
                         {"durability": {"default": "commit", "allow_volatile": True}})
            return cut_sqlite(mesh, disk, 6)[0], mesh
        finds_out(cut)


# --- PostgreSQL -----------------------------------------------------------------------------------
class PostgresOnDisk(Postgres):
    """initdb works behind the disk, where it is quick."""

    def __init__(self, disk, **settings):
        super().__init__(data=disk.path / "data", **settings)
        self.disk = disk

    def start(self):
        """As Debian's scripts do: a cut may leave a lock file of zeros, and PostgreSQL, which says
        that it is bogus, leaves it to its administrator."""
        if self.process is not None:
            (self.data / "postmaster.pid").unlink(missing_ok=True)
        return super().start()

    def prepare(self):
        there, self.data = self.data, self.disk.behind / "data"
        self.data.mkdir()
        super().prepare()
        self.data = there


@contextmanager
def postgres_on(disk, **settings):
    try:
        made = PostgresOnDisk(disk, **settings)
    except Missing as reason:
        pytest.skip(str(reason))
    with made as server:
        yield server


def postgres_config(server):
    """Patient: a server is slow while it recovers on a disk like this, and nothing hangs here."""
    return {"statestores": only(PostgresStore.config(server, connect_ms=15_000,
                                                     statement_ms=15_000))}


def cut_both(kernel, server, disk):
    """The kernel is on the machine whose power is cut."""
    lost = disk.cut([*processes.tree(server.process.pid), kernel.process.pid])
    kernel.kill9()
    server.kill9()
    disk.end_users()
    disk.remount()
    return lost


def checkpoint(server):
    """Somewhere beside what follows."""
    def ask():
        try:
            server.psql("CHECKPOINT", 10)
        except Failed:
            pass  # the power went
    thread = threading.Thread(target=ask)
    thread.start()
    return thread


def cut_recovery(server, disk):
    """Again, before the server is back, or just then."""
    def cut():
        if server.alive:
            disk.cut(processes.tree(server.process.pid))
    timer = threading.Timer(random.uniform(0.05, 0.5), cut)
    timer.start()
    try:
        server.start()
    except Failed:
        pass  # the power went
    timer.join()
    server.kill9()
    disk.end_users()
    disk.remount()


def cut_postgres(mesh, server, disk, cuts):
    total = {}
    with Load(mesh, timeout_ms=700, padding=PADDING) as load:
        server.psql("CHECKPOINT")
        disk.settle()  # the actors' names, so that a store that loses them goes on as well
        for number in range(cuts):
            load.progress("writes", random.randint(*BEFORE_A_CUT))
            asked = [checkpoint(server)] if number % 2 else []
            time.sleep(random.uniform(0, 0.1))
            total = add(total, cut_both(mesh.kernel, server, disk))
            for thread in asked:
                thread.join()
            if random.random() < EARLY:
                cut_recovery(server, disk)
            server.start()
            mesh.kernel.start()
        load.progress("writes after the last cut")
    return load, total


def test_postgres(fresh):
    """It recovers by itself, with its defaults: fsync and full_page_writes are on."""
    acked, total = 0, {}
    for number, cuts in enumerate(rounds()):
        with power_disk(SEED + 1000 * number, "own") as disk, postgres_on(disk) as server:
            mesh = fresh(postgres_config(server))
            load, lost = cut_postgres(mesh, server, disk, cuts)
            load.check()
            no_gaps(load, lambda name: PostgresStore.revisions(server, name))
            mesh.kernel.stop()
        acked, total = acked + load.total, add(total, lost)
    print(f"{CUTS} cuts, {acked} acknowledged, none lost; of what was not synced: {total}")
    assert total["lost"] + total["torn"] > 0, "the cuts had nothing to lose"


def test_postgres_that_does_not_sync_is_found_out(fresh):
    """With `synchronous_commit: off`."""
    with ExitStack() as disks:
        def cut(seed):
            disk = disks.enter_context(power_disk(seed, "own"))
            server = disks.enter_context(postgres_on(disk, synchronous_commit=False))
            mesh = fresh(postgres_config(server))
            return cut_postgres(mesh, server, disk, 3)[0], mesh
        finds_out(cut)
