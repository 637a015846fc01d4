"""Judges the sagas: what their records say must be what the accounts did, at every moment.

A call of a saga is a row on its way to the account, or a row that tells its outcome, or known to
the saga. The accounts have booked it from the second place on.
"""
import collections

from bank.books import UNDONE_BY
from bank.sagas import ENDS, STEPS, expected, name_of
from bank.saga_view import ANSWERLESS, OK
from bank.store_view import INVOKE, RESULT, TIMER

HOLDS = {"withdraw": 1, "give_back": -1, "credit": -1, "take_back": 1}


class Books:
    """What the accounts did for sagas, by id."""

    def __init__(self, view):
        self.asked, self.done = {}, {}  # id -> [account], id -> {action: [(account, amount)]}
        for name, one in view.accounts.items():
            for ident, _, amount, word in one.books.entries("saga"):
                if word == "ask":
                    self.asked.setdefault(ident, []).append(name)
                else:
                    per = self.done.setdefault(ident, {})
                    per.setdefault(word, []).append((name, amount))

    def times(self, ident: str, action: str) -> int:
        return len(self.done.get(ident, {}).get(action, ()))

    def held(self) -> int:
        """The money that left an account for a saga and came to none."""
        return sum(HOLDS.get(action, 0) * amount for per in self.done.values()
                   for action, entries in per.items() for _, amount in entries)


class SagaAudit:
    """Of one look. found(kind, what) takes a violation."""

    def __init__(self, view, books: Books, manners, when: str, found):
        self.view, self.books, self.manners = view, books, manners
        self.found = lambda kind, what: found(kind, f"{what} {when}")
        self.sagas = {ident: one.books for ident, one in view.sagas.items()}
        self.calls = collections.defaultdict(list)   # token -> rows of a call
        self.timers = collections.defaultdict(list)  # (id, life) -> due times of rows
        self.starts = set()                          # ids that rows are to start
        for row in view.rows:
            if not row.saga:
                continue
            if row.family == "d":
                self.found("dead", f"{row.key} of saga {row.saga}: {row.last_error!r}")
            elif row.kind == TIMER:
                self.timers[row.saga, row.token[0]].append(row.due_ms)
            elif row.token:
                self.calls[row.token].append(row)
            else:
                self.starts.add(row.saga)

    def run(self, entries, final: bool):
        for saga in self.sagas.values():
            self._calls(saga)
            self._timers(saga)
            self._end(saga, final)
        known = {(saga.life, token) for saga in self.sagas.values()
                 for _, _, call in saga.calls() for token in call.outstanding}
        for token in self.calls.keys() - known:
            self.found("saga", f"{self.calls[token][0].key}: no saga waits for that")
        for ident in self.books.done.keys() | self.books.asked.keys() | self.starts:
            self._books(ident)
        for entry in entries:
            if entry.starts_saga:
                self._answer(entry, entry.parts[0].id)

    def _calls(self, saga):
        """I4, I5, I11: what the saga knows, or will be told, is what the account did, once."""
        for step, undo, call in saga.calls():
            action = UNDONE_BY[step] if undo else step
            rows = [row for token in call.outstanding
                    for row in self.calls.get((saga.life, token), ())]
            awaited = len(call.outstanding)
            if len(rows) != awaited or (call.state in ANSWERLESS and not awaited):
                self.found("lost" if len(rows) <= awaited else "doubled",
                           f"{action} of saga {saga.id} waits for {awaited} outcomes, and there"
                           f" are {[row.key for row in rows]}")
            if any(row.kind == INVOKE and row.action != action for row in rows):
                self.found("saga", f"{rows[0].key} is no {action}")
            done = call.state == OK or any(row.kind == RESULT for row in rows)
            booked = self.books.times(saga.id, action)
            if done != bool(booked):
                self.found("saga", f"{action} of saga {saga.id} ({saga.state}) is"
                                   f" {'' if done else 'not '}done, and is booked {booked} times")

    def _timers(self, saga):
        due = sorted(self.timers.get((saga.id, saga.life), ()))
        if due != sorted(saga.armed):
            self.found("saga", f"saga {saga.id} ({saga.state}) is to be woken at {saga.armed}, and"
                               f" there are rows for {due}")

    def _end(self, saga, final):
        if saga.over and saga.state not in expected(self.manners, saga.id):
            self.found("saga", f"saga {saga.id} ended {saga.state} ({saga.cause}), which is not how"
                               " it could")
        if final and not saga.over:
            self.found("left", f"saga {saga.id} is {saga.state}: {saga.stuck or saga.cause}")

    def _books(self, ident):
        """What holds whatever the saga says; and what became of those that are not there."""
        per = self.books.done.get(ident, {})
        for action, entries in per.items():
            if len(entries) > 1:
                self.found("doubled", f"{action} of saga {ident} {len(entries)} times: {entries}")
        for step, undo in UNDONE_BY.items():
            if undo in per and per[undo][0] not in per.get(step, ()):
                self.found("phantom", f"saga {ident}: {undo} {per[undo]} of {per.get(step)}")
        if len(self.books.asked.get(ident, ())) > 1:
            self.found("doubled", f"saga {ident} was asked for twice")
        if ident in self.sagas:
            return
        if ident in self.starts:
            if per:
                self.found("phantom", f"saga {ident} is still to be started, and did {per}")
        elif not self._is_forgotten(ident):
            self.found("lost", f"saga {ident} is nowhere, and did {per}")

    def _is_forgotten(self, ident) -> bool:
        """It may have been there, and it did all or nothing. One whose first step the host failed
        leaves no trace."""
        times = [(self.books.times(ident, step), self.books.times(ident, undo))
                 for step, undo in UNDONE_BY.items()]
        if name_of(ident) != "hasty":
            return False
        if times == [(1, 0)] * len(STEPS):
            return "COMPLETED" in expected(self.manners, ident)
        return all(run == back for run, back in times) and \
            (times[0] == (1, 1) or self.manners.of("withdraw", ident) == "error")

    def _answer(self, entry, ident):
        """I2, I3 of what callers were told of sagas that they started themselves."""
        saga = self.sagas.get(ident)
        if entry.denied and (saga is not None or ident in self.books.done):
            self.found("denied", f"saga {ident}: {entry.kind} {entry.told}, and it happened")
        if entry.promised and saga is None and not self._is_forgotten(ident):
            self.found("lost", f"saga {ident} was acknowledged ({entry.told}) and is nowhere")
        if entry.told in ENDS and saga is not None and saga.state != entry.told:
            self.found("saga", f"saga {ident} was said to be {entry.told} and is {saga.state}")
