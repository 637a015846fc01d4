"""The checker of the bank finds what is wrong: stores that are right, with one thing changed."""
import sqlite3
import time

import pytest
from bank.books import GIVES, ORDERED, UNDONE_BY, Account, Part
from bank.callers import Callers
from bank.checker import Checker
from bank.ledger import Entry
from bank.places import InSqlite
from bank.run import Bank
from bank.saga_checker import Books
from bank.sagas import name_of
from bank.store_view import INVOKE, RESULT, TIMER, SqliteView
from harness.mesh import eventually

ACCOUNTS, SEED = 60, 7
END = "at the end"


def is_busy(view) -> bool:
    return all(any(row.family == "m" and is_kind(row) for row in view.rows) for is_kind in
               (lambda row: row.action == "deposit", lambda row: row.kind in (INVOKE, RESULT)))


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
                if is_busy(bank.view.look()):
                    break
                assert time.monotonic() < until, "never rows of all kinds on their way"
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

    def saga(self, state, name="transfer"):
        return next(one.books for one in self.look_at.look().sagas.values()
                    if one.books.state == state and one.books.name == name and
                    self.did(one.books.id, "withdraw"))

    def did(self, ident, action):
        """The account that did it, and the sum."""
        done = Books(self.look_at.look()).done.get(ident, {})
        return done[action][0] if action in done else None

    def undo_entry(self, ident, action):
        """As if the account had not done that."""
        name, amount = self.did(ident, action)
        entry = f"{ident}::{amount}:{action}".encode()

        def forget(books):
            books.balance -= GIVES.get(action, 0) * amount
            kept = [one for one in books.saga.split() if one != entry]
            books.saga = b"".join(b" " + one for one in kept)

        self.rewrite(name, forget)

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


def test_money_that_a_saga_did_not_give_back(store):
    store.undo_entry(store.saga("COMPENSATED").id, "give_back")
    assert store.audit() == {"money", "saga"}


@pytest.mark.parametrize("action", ["withdraw", "credit"])
def test_a_step_that_is_done_twice(store, action):
    saga = store.saga("COMPLETED")
    name, amount = store.did(saga.id, action)
    store.rewrite(name, lambda books: books.take_part(action, saga.id, amount))
    assert store.audit() == {"money", "doubled"}


def test_an_ended_saga_of_which_a_step_is_missing(store):
    store.undo_entry(store.saga("COMPLETED").id, "approve")
    assert store.audit() == {"saga"}


@pytest.mark.parametrize("state", ["COMPLETED", "COMPENSATED"])
def test_a_compensation_without_its_step(store, state):
    """Of a step that succeeded, and of one that failed."""
    saga = store.saga(state)
    if state == "COMPLETED":
        store.undo_entry(saga.id, "approve")
    name, amount = store.did(saga.id, "withdraw")
    store.rewrite(name, lambda books: books.take_part(UNDONE_BY["approve"], saga.id, amount))
    assert store.audit() == {"phantom", "saga"}


@pytest.mark.parametrize("told", ["COMPLETED", "COMPENSATED"])
def test_a_saga_that_ended_otherwise_than_was_said(store, told):
    saga = store.saga("COMPENSATED" if told == "COMPLETED" else "COMPLETED")
    store.entries = [Entry("", (Part(saga.id, "", 1, "saga"),), "await", told)]
    assert store.audit() == {"saga"}


def test_a_call_of_a_saga_that_was_lost(store):
    row = next(row for row in store.look_at.look().rows if row.kind in (INVOKE, RESULT))
    store.sql("DELETE FROM record WHERE key = ?", row.key.encode())
    assert "lost" in store.audit() <= {"lost", "money", "saga"}


def test_a_saga_that_nothing_wakes(store):
    row = next(row for row in store.look_at.look().rows if row.kind == TIMER)
    store.sql("DELETE FROM record WHERE key = ?", row.key.encode())
    assert store.audit() == {"saga"}


def test_a_saga_that_is_gone(store):
    saga = store.saga("COMPLETED")
    assert store.audit() == set()
    store.sql("DELETE FROM record WHERE parent = 'saga/transfer' AND name = ?", saga.id)
    assert store.audit() == {"lost", "chain"}


@pytest.mark.parametrize("told, kind", [("started", "lost"), ("COMPLETED", "lost"),
                                        ("NOT_APPLIED", None)])
def test_a_saga_that_never_was(store, told, kind):
    ident = next(ident for ident in map(str, range(9)) if name_of(ident) == "transfer")
    store.entries = [Entry("", (Part(ident, "", 1, "saga"),), "start", told)]
    assert store.audit() == ({kind} if kind else set())


def test_a_saga_that_was_started_though_denied(store):
    saga = store.saga("COMPLETED")
    store.entries = [Entry("", (Part(saga.id, "", 1, "saga"),), "start", "NOT_APPLIED")]
    assert store.audit() == {"denied"}


def test_a_saga_that_is_forgotten(store):
    """What it did is still all or nothing."""
    saga = store.saga("COMPLETED", "hasty")
    assert store.audit() == set()
    store.sql("DELETE FROM record WHERE parent = 'saga/hasty' AND name = ?", saga.id)
    assert store.audit() == set()
    store.undo_entry(saga.id, "approve")
    assert store.audit() == {"lost", "chain"}


def test_a_saga_that_is_left(store):
    store.audit(final=True)
    assert any(line.startswith("left: saga ") for line in store.checker.violations)
