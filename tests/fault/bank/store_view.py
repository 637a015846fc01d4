"""What the store holds at one moment: accounts, and rows under m/, t/ and d/ as the kernel wrote
them (kernel/state/rows, kernel/state/seal), read behind its back. Values are in clear: one byte of
envelope before them."""
import sqlite3
import threading
import time
from dataclasses import dataclass

from bank.books import BALANCE_BYTES, BRANCH, Account, get_parts, type_of
from harness.wire import any_pb
from servers.server import Failed

BUSY_S = 10.0


@dataclass(frozen=True)
class Stored:
    name: str
    revision: int
    writer: int
    payload: bytes
    birth: int
    next_seq: int
    books: Account


@dataclass(frozen=True)
class Row:
    """id: (sender, birth, seq), by which no other row goes, ever."""
    family: str
    key: str
    id: tuple
    receiver: str
    action: str
    parts: tuple
    attempts: int
    last_error: str
    due_ms: int

    @property
    def money(self) -> int:
        return self.parts[0].amount if self.action == "deposit" else 0


@dataclass
class View:
    accounts: dict   # name -> Stored
    rows: list


def blocks(data: bytes):
    """(tag, value) of each field behind the format byte."""
    assert data[:2] == b"\x00\x01", f"neither in clear nor of format 1: {data[:2]!r}"
    at = 2
    while at < len(data):
        tag = data[at]
        size, at = varint(data, at + 1)
        yield tag, data[at:at + size]
        at += size


def varint(data: bytes, at: int):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7f) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def number(data: bytes) -> int:
    return int.from_bytes(data, "little")


def actor_name(data: bytes) -> str:
    """The last of system, parent and name."""
    at, part = 0, b""
    while at < len(data):
        size, at = varint(data, at)
        part = data[at:at + size]
        at += size
    return part.decode()


def stored(key: str, revision, writer, payload, meta) -> Stored:
    said = dict(blocks(meta))
    return Stored(key.rsplit("/", 1)[1], revision, writer, payload, number(said[1]),
                  number(said[2]), Account(payload[1:]))


def row(key: str, payload, meta) -> Row:
    said, progress = dict(blocks(payload)), dict(blocks(meta))
    sender, parts = get_parts(any_pb.Any.FromString(said[2][1:]).value)
    *before, birth, seq = key.split("/")
    due = int(before[2]) if key[0] == "t" else 0
    who = "/".join(before[{"m": 4, "t": 3, "d": 4}[key[0]]:])
    return Row(key[0], key, (who, birth, seq), actor_name(progress[1]), said[1].decode(),
               tuple(parts), number(progress.get(3, b"")),
               progress.get(5, b"").decode(errors="replace"), due)


def view_of(records) -> View:
    """records: (key, revision, writer, payload, meta) of one moment."""
    view = View({}, [])
    for key, revision, writer, payload, meta in records:
        key = bytes(key).decode()
        if key[0] == "a":
            one = stored(key, revision, writer, bytes(payload), bytes(meta))
            view.accounts[one.name] = one
        else:
            view.rows.append(row(key, bytes(payload), bytes(meta)))
    return view


class SqliteView:
    """One connection for all looks: the last one that closes would tidy the log of the database
    away. Any thread may look, one at a time."""

    def __init__(self, path):
        self.lock = threading.Lock()
        self.database = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None,
                                        check_same_thread=False)

    def select(self, columns: str, families: str) -> list:
        where = " OR ".join(f"(key > CAST('{one}/' AS BLOB) AND key < CAST('{one}0' AS BLOB))"
                            for one in families)
        with self.lock:
            return self.database.execute(
                f"SELECT {columns} FROM record WHERE deleted = 0 AND ({where})").fetchall()

    def look(self) -> View:
        return view_of(self.select("key, revision, writer, payload, meta", "amtd"))

    def counts(self) -> tuple:
        """(rows under m/, rows under t/)."""
        return tuple(self.select("count(*)", family)[0][0] for family in "mt")

    def money(self) -> tuple:
        """(accounts, their money, money in rows) of one moment."""
        found = self.select(f"key, CASE WHEN substr(key, 1, 1) = CAST('a' AS BLOB)"
                             f" THEN substr(payload, 2, {BALANCE_BYTES}) ELSE payload END, meta",
                             "amtd")
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
        view = View({}, [])
        for here, other, kind in ((self.main, self.branch, BRANCH), (self.branch, self.main, "")):
            seen = here.look()
            view.accounts |= seen.accounts
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
    accounts = held = pending = 0
    for key, payload, meta in found:
        key = bytes(key).decode()
        if key[0] == "a":
            accounts, held = accounts + 1, held + int(bytes(payload))
        else:
            pending += row(key, bytes(payload), bytes(meta)).money
    return accounts, held, pending


class PostgresView:
    """Asks the server itself, not through the gate that the kernel's connections are cut at."""

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
        told = self.server.psql("SELECT count(*) FILTER (WHERE substr(key, 1, 2) = 'm/'),"
                                " count(*) FILTER (WHERE substr(key, 1, 2) = 't/')"
                                " FROM spawn_record WHERE NOT deleted")
        return tuple(map(int, told.split("|")))

    def money(self) -> tuple:
        found = self._select("CASE WHEN substr(key, 1, 2) = 'a/' THEN substr(payload, 2,"
                             f" {BALANCE_BYTES}) ELSE payload END")
        return add_up((key, value, meta) for key, _, _, value, meta in found)

    def close(self):
        pass
