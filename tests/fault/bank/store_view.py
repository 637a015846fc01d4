"""What the store holds at one moment: accounts, and rows under m/, t/ and d/ as the kernel wrote
them (kernel/state/rows, kernel/state/seal), read behind its back. Values are in clear: one byte of
envelope before them."""
import sqlite3
import threading
import time
from dataclasses import dataclass

from bank.books import BALANCE_BYTES, BRANCH, Account, get_parts, type_of
from bank.fields import blocks, fields, number
from bank.saga_view import read_saga
from harness.wire import any_pb
from servers.server import Failed

BUSY_S = 10.0
OVERDUE_MS = 2000  # what a timer may be late
SAGAS = "a/spawn-system/saga%2F"
INVOKE, RESULT, TIMER, FAILURE = 5, 6, 7, 8  # kinds of rows (kernel/model/message_row.hpp)
TELLS = (RESULT, TIMER, FAILURE)


@dataclass(frozen=True)
class Stored:
    name: str
    revision: int
    writer: int
    payload: bytes
    birth: int
    next_seq: int
    books: object    # Account or Saga


@dataclass(frozen=True)
class Row:
    """id: (sender, birth, seq), by which no other row goes, ever. token: (life, number) of the call
    of a saga that this row is, or whose outcome it tells."""
    family: str
    key: str
    id: tuple
    receiver: str
    action: str
    parts: tuple
    attempts: int
    last_error: str
    due_ms: int
    kind: int
    saga: str     # to it or from it; empty: it has to do with none
    token: tuple
    says: tuple   # what never changes

    @property
    def money(self) -> int:
        return self.parts[0].amount if self.action == "deposit" else 0


@dataclass
class View:
    accounts: dict   # name -> Stored
    sagas: dict      # id -> Stored
    rows: list

    def results(self) -> set:
        """Tokens of calls of sagas that are done, which the saga has not been told yet."""
        return {row.token for row in self.rows if row.kind == RESULT and row.family == "m"}

    def held(self) -> int:
        """The money that sagas have, as they know it."""
        results = self.results()
        return sum(one.books.held(results) for one in self.sagas.values())


def stored(key: str, revision, writer, payload, meta, books) -> Stored:
    said = dict(fields(meta))
    return Stored(key.rsplit("/", 1)[1], revision, writer, payload, number(said[1]),
                  number(said[2]), books)


def row(key: str, payload, meta) -> Row:
    said, progress = dict(fields(payload)), dict(fields(meta))
    *before, birth, seq = key.split("/")
    due = int(before[2]) if key[0] == "t" else 0
    who = "/".join(before[{"m": 4, "t": 3, "d": 4}[key[0]]:])
    kind, action, argument = number(said[6]), said[1].decode(), said[2]
    receiver = blocks(progress[1], 3)[0][2]
    parts, saga, token = (), "", ()
    if kind == INVOKE:
        (*_, saga), rest = blocks(said[12], 3)
        token = (number(rest[:8]), number(rest[8:16]))
    elif kind in TELLS:
        saga, token = receiver, (number(said[13][:8]), number(said[13][8:16]))
    elif action == "start":
        saga = receiver
    else:
        parts = tuple(get_parts(any_pb.Any.FromString(argument[1:]).value)[1])
    return Row(key[0], key, (who, birth, seq), receiver, action, parts,
               number(progress.get(3, b"")), progress.get(5, b"").decode(errors="replace"), due,
               kind, saga, token, (kind, action, argument))


def view_of(records) -> View:
    """records: (key, revision, writer, payload, meta) of one moment."""
    view = View({}, {}, [])
    for key, revision, writer, payload, meta in records:
        key = bytes(key).decode()
        if key.startswith(SAGAS):
            books = read_saga(bytes(payload))
            view.sagas[books.id] = stored(key, revision, writer, bytes(payload), bytes(meta), books)
        elif key[0] == "a":
            books = Account(bytes(payload)[1:])
            one = stored(key, revision, writer, bytes(payload), bytes(meta), books)
            view.accounts[one.name] = one
        else:
            view.rows.append(row(key, bytes(payload), bytes(meta)))
    return view


class SqliteView:
    """One connection for all looks: the last one that closes would tidy the log of the database
    away. Any thread may look, one at a time."""
    IS_SAGA = f"instr(key, CAST('{SAGAS}' AS BLOB)) = 1"

    def __init__(self, path):
        self.lock = threading.Lock()
        self.database = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None,
                                        check_same_thread=False)

    def select(self, columns: str, families: str, only: str = "1") -> list:
        where = " OR ".join(f"(key > CAST('{one}/' AS BLOB) AND key < CAST('{one}0' AS BLOB))"
                            for one in families)
        with self.lock:
            return self.database.execute(f"SELECT {columns} FROM record WHERE deleted = 0 AND"
                                         f" ({where}) AND {only}").fetchall()

    def look(self) -> View:
        return view_of(self.select("key, revision, writer, payload, meta", "amtd"))

    def counts(self) -> tuple:
        return count([key for key, in self.select("key", "mt")],
                     [payload for payload, in self.select("payload", "a", self.IS_SAGA)])

    def money(self) -> tuple:
        found = self.select(f"key, CASE WHEN substr(key, 1, 1) = CAST('a' AS BLOB) AND NOT"
                            f" {self.IS_SAGA} THEN substr(payload, 2, {BALANCE_BYTES})"
                            " ELSE payload END, meta", "amtd")
        return add_up(found)

    def close(self):
        self.database.close()


class TwoViews:
    """Accounts and branches in a store each. A row for the other side is put down there with a
    guard, and only then taken from its sender's store: where there is a guard, the row in the
    sender's store is no money any more."""

    def __init__(self, main: SqliteView, branch: SqliteView):
        self.main, self.branch = main, branch

    def look(self) -> View:
        view = View({}, {}, [])
        for here, other, kind in ((self.main, self.branch, BRANCH), (self.branch, self.main, "")):
            seen = here.look()
            view.accounts |= seen.accounts
            view.sagas |= seen.sagas
            guards = {bytes(key).decode()[6:] for key, in other.select("key", "g")}
            for one in seen.rows:
                is_for_other = (type_of(one.receiver) == BRANCH) == (kind == BRANCH)
                if not (is_for_other and "/".join(one.id) in guards):
                    view.rows.append(one)
        return view

    def counts(self) -> tuple:
        return tuple(map(sum, zip(self.main.counts(), self.branch.counts())))

    def close(self):
        self.main.close()
        self.branch.close()


def add_up(found) -> tuple:
    """(accounts, their money, money in rows, money of sagas) of one moment."""
    accounts = held = pending = 0
    rest = View({}, {}, [])
    for key, payload, meta in found:
        key = bytes(key).decode()
        if key.startswith(SAGAS):
            saga = read_saga(bytes(payload))
            if not saga.over:
                rest.sagas[saga.id] = Stored(key, 0, 0, b"", 0, 0, saga)
        elif key[0] == "a":
            accounts, held = accounts + 1, held + int(bytes(payload))
        else:
            rest.rows.append(row(key, bytes(payload), bytes(meta)))
            pending += rest.rows[-1].money
    return accounts, held, pending, rest.held()


def count(keys, sagas) -> tuple:
    """(rows under m/, rows under t/, sagas that have not ended). A timer of a saga counts when it
    is overdue: those of ended ones wait for the day on which they are forgotten."""
    late = time.time_ns() // 1_000_000 - OVERDUE_MS
    due = timed = 0
    for key in (bytes(key).decode() for key in keys):
        if key[0] == "m":
            due += 1
        elif "/saga%2F" not in key or int(key.split("/")[2]) < late:
            timed += 1
    return due, timed, sum(not read_saga(bytes(one)).over for one in sagas)


class PostgresView:
    """Asks the server itself, not through the gate that the kernel's connections are cut at."""
    IS_SAGA = f"position(convert_to('{SAGAS}', 'UTF8') in key) = 1"

    def __init__(self, server):
        self.server = server

    def _select(self, payload: str) -> list:
        until = time.monotonic() + BUSY_S
        while True:
            try:
                told = self.server.psql(
                    f"SELECT encode(key, 'hex'), revision, writer, encode({payload}, 'hex'),"
                    " encode(meta, 'hex') FROM spawn_record WHERE NOT deleted AND"
                    " substr(key, 1, 2) IN ('a/', 'm/', 't/', 'd/')")
                break
            except Failed:  # it is being restarted
                if time.monotonic() > until:
                    raise
        out = []
        for line in told.splitlines():
            key, revision, writer, value, meta = line.split("|")
            out.append((bytes.fromhex(key), int(revision), int(writer), bytes.fromhex(value),
                        bytes.fromhex(meta)))
        return out

    def look(self) -> View:
        return view_of(self._select("payload"))

    def counts(self) -> tuple:
        found = self._select(f"CASE WHEN {self.IS_SAGA} THEN payload ELSE '' END")
        return count([one[0] for one in found if one[0][:1] in b"mt"],
                     [one[3] for one in found if one[0].startswith(SAGAS.encode())])

    def money(self) -> tuple:
        found = self._select(f"CASE WHEN substr(key, 1, 2) = 'a/' AND NOT {self.IS_SAGA} THEN"
                             f" substr(payload, 2, {BALANCE_BYTES}) ELSE payload END")
        return add_up((key, value, meta) for key, _, _, value, meta in found)

    def close(self):
        pass
