"""The checker of the bank finds what is wrong: stores that are right, with one thing changed."""
import sqlite3
import time

import pytest
from bank.books import ORDERED, Account
from bank.callers import Callers
from bank.checker import Checker
from bank.ledger import Entry
from bank.places import InSqlite
from bank.run import Bank
from bank.store_view import SqliteView
from harness.mesh import eventually

ACCOUNTS, SEED = 60, 7
END = "at the end"


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """(file, ledger, manners) of a bank whose kernel was killed with rows on their way."""
    file = tmp_path_factory.mktemp("bank") / "right.db"
    with Bank(SEED, InSqlite(), accounts=ACCOUNTS, callers=48, slow=0.2, silent=0.0) as bank:
        with Callers(bank.kernel.port, bank.ledger, SEED, ACCOUNTS, 48):
            until = time.monotonic() + 30
            while True:
                before = bank.ledger.acknowledged
                eventually(lambda: bank.ledger.acknowledged > before + 1000, 20, "transfers")
                bank.kernel.kill9()
                if bank.view.counts()[0] > 3:
                    break
                assert time.monotonic() < until, "never a row on its way"
                bank.kernel.start()
        with sqlite3.connect(file) as to:
            bank.view.database.backup(to)
        to.close()
        yield file, bank.ledger.so_far(), bank.checker.manners


class Store:
    """A copy that a test may spoil."""

    def __init__(self, killed, folder):
        file, self.entries, manners = killed
        self.file = folder / "copy.db"
        self.file.write_bytes(file.read_bytes())
        self.look_at = SqliteView(self.file)
        self.checker = Checker(ACCOUNTS, manners)

    def audit(self, final=False) -> set:
        """The kinds of what is found."""
        self.checker.audit(self.look_at.look(), self.entries, END, final)
        return set(self.checker.kinds())

    def sql(self, statement, *values):
        self.look_at.database.execute(statement, values)

    def row(self, family="m"):
        return next(row for row in self.look_at.look().rows
                    if row.family == family and row.action == "deposit")

    def rewrite(self, name, change):
        """The state of an account, changed by a function, under the same revision."""
        one = self.look_at.look().accounts[name]
        books = Account(one.payload[1:])
        change(books)
        self.sql("UPDATE record SET payload = ? WHERE parent = 'Account' AND name = ?",
                 b"\0" + books.state(), name)

    def somebody(self, which="come"):
        """An account with entries, and the last of them."""
        for name, one in self.look_at.look().accounts.items():
            if entries := one.books.entries(which):
                return name, entries[-1]
        raise AssertionError(f"nobody has {which}")


@pytest.fixture
def store(killed, tmp_path):
    made = Store(killed, tmp_path)
    yield made
    made.look_at.close()


def test_nothing_is_wrong(store):
    assert store.audit() == set(), store.checker.violations[:10]
    assert store.audit() == set(), "nor the second time"
    assert len(store.entries) > 1000 and store.look_at.money()[2] > 0


def test_a_row_that_was_lost(store):
    store.sql("DELETE FROM record WHERE key = ?", store.row().key.encode())
    assert {"money", "lost"} <= store.audit()


def test_a_row_that_is_left(store):
    assert "left" in store.audit(final=True)


def test_a_row_that_comes_back(store):
    key = store.row().key.encode()
    kept = store.look_at.database.execute("SELECT * FROM record WHERE key = ?", (key,)).fetchone()
    assert store.audit() == set()
    store.sql("DELETE FROM record WHERE key = ?", key)
    store.audit()
    store.sql(f"INSERT INTO record VALUES ({','.join('?' * len(kept))})", *kept)
    assert "row" in store.audit()


def test_a_dead_letter_that_is_also_on_its_way(store):
    row = store.row()
    who, birth, seq = row.id
    store.sql("INSERT INTO record SELECT ?, system, parent, name, revision, writer, type_url,"
              " payload, meta, written_at, expires_at, deleted FROM record WHERE key = ?",
              f"d/spawn-system/{row.receiver}//{who}/{birth}/{seq}".encode(), row.key.encode())
    assert {"money", "doubled", "row", "dead"} <= store.audit()


def test_a_deposit_that_is_booked_twice(store):
    name, (ident, sender, amount, how) = store.somebody()

    def twice(books):
        books.balance += amount
        books.come += f" {ident}:{sender}:{amount}:{how}".encode()

    store.rewrite(name, twice)
    assert {"money", "doubled"} <= store.audit()


def test_a_deposit_of_nobody(store):
    name, (_, sender, amount, how) = store.somebody()

    def more(books):
        books.come += f" never-sent:{sender}:{amount}:{how}".encode()

    store.rewrite(name, more)
    assert store.audit() == {"phantom"}


def test_a_penny(store):
    def change(books):
        books.balance -= 1

    store.rewrite(store.somebody()[0], change)
    assert store.audit() == {"money"}


def test_an_acknowledged_transfer_that_never_was(store):
    entry = next(entry for entry in store.entries if entry.told == "in")
    for name, which in ((entry.sender, "gone"), (entry.parts[0].to, "come")):
        def forget(books, which=which):
            sign = -1 if which == "come" else 1
            books.balance += sign * entry.parts[0].amount
            entries = getattr(books, which).split()
            kept = [one for one in entries if not one.startswith(f"{entry.parts[0].id}:".encode())]
            assert len(kept) == len(entries) - 1
            setattr(books, which, b"".join(b" " + one for one in kept))

        store.rewrite(name, forget)
    assert store.audit() == {"lost"}


def test_two_of_one_sender_the_wrong_way_round(store):
    for name, one in store.look_at.look().accounts.items():
        places = {}
        for at, (_, sender, _, how) in enumerate(one.books.entries("come")):
            if how in ORDERED:
                places.setdefault(sender, []).append(at)
        pair = next((found for found in places.values() if len(found) > 1), None)
        if pair:
            break

    def swap(books):
        entries = books.come.split()
        first, second = pair[:2]
        entries[first], entries[second] = entries[second], entries[first]
        books.come = b"".join(b" " + one for one in entries)

    store.rewrite(name, swap)
    assert store.audit() == {"order"}


def test_a_refusal_that_happened(store):
    name, (ident, *_) = store.somebody("gone")
    entry = next(entry for entry in store.entries
                 if any(part.id == ident for part in entry.parts))
    store.entries = [one for one in store.entries if one is not entry]
    store.entries.append(Entry(name, entry.parts, "call", "NOT_APPLIED"))
    assert store.audit() == {"denied"}


def test_a_record_that_falls_back(store):
    assert store.audit() == set()
    store.sql("UPDATE record SET revision = revision - 1 WHERE parent = 'Account' AND name = ?",
              store.somebody()[0])
    assert store.audit() == {"chain"}


def test_another_content_of_the_same_revision(store):
    assert store.audit() == set()
    store.sql("UPDATE record SET writer = writer + 1 WHERE parent = 'Account' AND name = ?",
              store.somebody()[0])
    assert store.audit() == {"chain"}
