"""The stores a bank can keep its money in: configuration, a look into it, and its faults."""
import shutil
import sqlite3
import time

from bank.books import BRANCH
from bank.store_view import PostgresView, SqliteView, TwoViews
from stores import PostgresStore, only


class InSqlite:
    """Faults: a disk that is full, a program that locks the database."""

    branches = False
    later_across = True  # sums with a due time also go between accounts and branches
    one_look = True      # everything can be seen as of one moment while the kernel runs

    @staticmethod
    def config(folder) -> dict:
        return {}

    @staticmethod
    def view(kernel):
        return SqliteView(kernel.database)

    def faults(self) -> list:
        return [("disk full", self._disk_full), ("database locked", self._locked)]

    @staticmethod
    def _disk_full(bank):
        bank.kernel.disk_full()
        time.sleep(bank.rng.choice((0.05, 0.3, 0.8)))
        bank.kernel.disk_full(False)

    @staticmethod
    def _locked(bank):
        intruder = sqlite3.connect(bank.kernel.database, timeout=5, isolation_level=None)
        try:
            intruder.execute("BEGIN IMMEDIATE")
            time.sleep(bank.rng.choice((0.05, 0.3, 0.8)))
            intruder.execute("ROLLBACK")
        finally:
            intruder.close()

    @staticmethod
    def keep(kernel, folder):
        for file in kernel.folder.glob("spawn.db*"):
            shutil.copy(file, folder / file.name)


class InTwo(InSqlite):
    """Half of the accounts in a database of their own: rows between the halves move from store to
    store (durability.md 17). Two databases are of one moment only while no kernel runs."""
    branches, one_look = True, False

    def __init__(self, later_across=False):
        self.later_across = later_across

    @staticmethod
    def config(folder) -> dict:
        return {"statestores": {"branch": {"use": "sqlite", "config": {
                    "path": str(folder / "spawn.db-of-branches")}}},
                "actors": {BRANCH: {"statestore": "branch"}}}

    @staticmethod
    def view(kernel):
        return TwoViews(SqliteView(kernel.database),
                        SqliteView(kernel.folder / "spawn.db-of-branches"))


class InPostgres:
    """Faults: connections cut and stalled, the server killed."""

    branches, later_across, one_look = False, True, True

    def __init__(self, server, gate):
        self.server, self.gate = server, gate

    def config(self, folder) -> dict:
        return {"statestores": only(PostgresStore.config(self.server, self.gate.port,
                                                         history=None))}

    def view(self, kernel):
        return PostgresView(self.server)

    def faults(self) -> list:
        return [("connections cut", self._cut)] * 3 + [("connections stalled", self._stall),
                                                       ("server killed", self._server)]

    @staticmethod
    def _cut(bank):
        for _ in range(bank.rng.randint(1, 3)):
            bank.store.gate.cut()
            time.sleep(bank.rng.uniform(0, 0.2))

    @staticmethod
    def _stall(bank):
        bank.store.gate.stall()
        time.sleep(bank.rng.choice((0.1, 0.5, 2.5)))  # shorter and longer than patience
        bank.store.gate.flow()

    @staticmethod
    def _server(bank):
        bank.store.server.kill9()
        time.sleep(bank.rng.uniform(0, 0.3))
        bank.store.server.restart()

    def keep(self, kernel, folder):
        (folder / "record.csv").write_text(self.server.psql("SELECT * FROM spawn_record"))
