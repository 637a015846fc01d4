"""Judges what the store holds against what it held before and what callers were told.

I1, I2 ... are the invariants of the protocol of durable messages. A violation is a line that
begins with one of the words of KINDS.
"""
import collections

from bank.books import OPENING, ORDERED, Manners
from bank.saga_checker import Books, SagaAudit
from bank.sagas import name_of
from bank.store_view import OVERDUE_MS, TIMER

KINDS = ("money", "lost", "doubled", "phantom", "order", "denied", "chain", "row", "dead", "left",
         "answer", "saga")
KEPT = 200  # violations; one is enough to fail


class Places:
    """Where every transfer is in one view: {id: [entry]} for each place."""

    def __init__(self, view, sagas: Books):
        self.for_sagas = sagas.asked
        self.gone, self.come, self.poor = ({} for _ in range(3))
        self.waiting, self.asked, self.dead, self.dead_asked = ({} for _ in range(4))
        self.order = {}  # id -> place among all that its sender sent
        for name, one in view.accounts.items():
            for at, (ident, to, amount, how) in enumerate(one.books.entries("gone")):
                self.gone.setdefault(ident, []).append((name, to, amount, how))
                self.order[ident] = at
            for ident, sender, amount, how in one.books.entries("come"):
                self.come.setdefault(ident, []).append((sender, name, amount, how))
            for ident in one.books.refused():
                self.poor.setdefault(ident, []).append(name)
        for row in view.rows:
            if row.saga:
                continue
            of_deposit = row.action == "deposit"
            into = ((self.dead if of_deposit else self.dead_asked) if row.family == "d" else
                    (self.waiting if of_deposit else self.asked))
            for part in row.parts[:1] if of_deposit else row.parts:
                into.setdefault(part.id, []).append(row)

        self.pairs = {}  # (sender, receiver) -> rows between them that are to keep their order
        for rows in self.waiting.values():
            for row in rows:
                sent = self.gone.get(row.parts[0].id)
                if sent and row.family == "m" and row.parts[0].how in ORDERED:
                    self.pairs.setdefault(sent[0][:2], []).append(row)

    def began(self, ident) -> int:
        """In how many places the transfer itself has ended, or waits."""
        return sum(len(place.get(ident, ())) for place in
                   (self.gone, self.poor, self.asked, self.dead_asked, self.for_sagas))


class Checker:
    def __init__(self, accounts: int, manners: Manners):
        self.total, self.accounts, self.manners = accounts * OPENING, accounts, manners
        self.violations = []
        self.snapshots = self.audits = 0
        self.last = {}     # name -> Stored, as last seen
        self.last_sagas = ()
        self.rows = {}     # row id -> what it says: for ever
        self.settled_ms = 0  # when nothing was left to wait for
        self.vanished = set()
        self.present = set()
        self.died = set()

    def found(self, kind: str, what: str):
        assert kind in KINDS
        if len(self.violations) < KEPT:
            self.violations.append(f"{kind}: {what}")

    @property
    def broken(self) -> bool:
        return bool(self.violations)

    def kinds(self) -> collections.Counter:
        return collections.Counter(line.partition(":")[0] for line in self.violations)

    def money(self, accounts: int, held: int, pending: int, in_sagas: int, when: str):
        """I13, of one snapshot. Accounts that were never written have what they opened with."""
        self.snapshots += 1
        has = held + pending + in_sagas + (self.accounts - accounts) * OPENING
        if has != self.total:
            self.found("money", f"{has - self.total:+} {when}: {held} in {accounts} accounts,"
                                f" {pending} in rows, {in_sagas} in sagas")

    def audit(self, view, entries, when: str, final: bool = False):
        """Everything, of one moment; entries: what callers were told before it."""
        self.audits += 1
        sagas = Books(view)
        in_sagas = view.held()
        self.money(len(view.accounts), sum(one.books.balance for one in view.accounts.values()),
                   sum(row.money for row in view.rows), in_sagas, when)
        if sagas.held() != in_sagas:
            self.found("money", f"sagas have {in_sagas}, and {sagas.held()} by the accounts' books"
                                f" {when}")
        places = Places(view, sagas)
        self._chains(view, when)
        self._row_ids(view, when)
        self._each_transfer(places, when)
        self._order(view, places, when)
        self._answers(places, entries, when, final)
        SagaAudit(view, sagas, self.manners, when, self.found).run(entries, final)
        for row in view.rows:
            if row.family == "d" and not row.saga:
                self._dead(row, when)
            elif final and (row.kind != TIMER or row.due_ms < self.settled_ms - OVERDUE_MS):
                self.found("left", f"{row.key}, {row.attempts} attempts, {row.last_error!r}")

    def _chains(self, view, when):
        """I1, I8: each save builds on the one before; numbers never fall."""
        seen = view.accounts | view.sagas
        for name, before in self.last.items():
            now = seen.get(name)
            if now is None and name in self.last_sagas and name_of(name) == "hasty":
                continue  # forgotten
            if now is None:
                self.found("chain", f"{name} is gone {when}")
                continue
            if now.revision < before.revision or now.next_seq < before.next_seq or \
                    now.birth != before.birth:
                self.found("chain", f"{name} fell {when}: revision {before.revision} to"
                                    f" {now.revision}, next row {before.next_seq} to"
                                    f" {now.next_seq}, birth {before.birth:x} to {now.birth:x}")
            if now.revision == before.revision and \
                    (now.writer, now.payload) != (before.writer, before.payload):
                self.found("chain", f"{name} has two contents of revision {now.revision} {when}")
            for which in ("gone", "come", "poor", "saga") if name in view.accounts else ():
                if not getattr(now.books, which).startswith(getattr(before.books, which)):
                    self.found("chain", f"{name} forgot entries of `{which}` {when}")
        self.last, self.last_sagas = seen, view.sagas.keys()

    def _row_ids(self, view, when):
        """I5, I8: an id names one message for ever, is in one place, and does not come back."""
        here = set()
        for row in view.rows:
            if row.id in here:
                self.found("row", f"{row.id} is in two places {when}")
            if self.rows.setdefault(row.id, row.says) != row.says:
                self.found("row", f"{row.id} was {self.rows[row.id]} and is {row.says} {when}")
            if row.id in self.vanished:
                self.found("row", f"{row.id} came back {when}: {row.key}")
            if row.id in self.died and row.family != "d":
                self.found("row", f"{row.id} was dead and is at {row.key} {when}")
            here.add(row.id)
        for ident in self.died - here:
            self.found("row", f"dead letter {ident} is gone {when}")
        self.vanished |= self.present - here
        self.present = here
        self.died |= {row.id for row in view.rows if row.family == "d"}

    def _each_transfer(self, places, when):
        """I4, I5, I6: sent once, and then at exactly one place."""
        for ident, sent in places.gone.items():
            arrived = [row for place in (places.waiting, places.dead)
                       for row in place.get(ident, ())]
            come = places.come.get(ident, [])
            if len(sent) > 1:
                self.found("doubled", f"{ident} was sent {len(sent)} times {when}")
            if len(arrived) + len(come) == 0:
                self.found("lost", f"{ident} {sent[0]} is nowhere {when}")
            if len(arrived) + len(come) > len(sent):
                self.found("doubled", f"{ident} {sent[0]} came {len(come)} times and is in"
                                      f" {[row.key for row in arrived]} {when}")
            if any(one != sent[0] for one in come):
                self.found("phantom", f"{ident} was {sent[0]} and came as {come} {when}")
        for place in (places.come, places.waiting, places.dead):
            for ident in place.keys() - places.gone.keys():
                self.found("phantom", f"{ident} was never sent and is {place[ident]} {when}")
        for place in (places.gone, places.poor, places.asked, places.dead_asked, places.for_sagas):
            for ident in place:
                if places.began(ident) > 1 and len(places.gone.get(ident, ())) < 2:
                    self.found("doubled", f"transfer {ident} began more than once {when}")
        for ident in places.come:
            if self.manners.of("deposit", ident) == "error":
                self.found("phantom", f"{ident} came, though the host failed it {when}")

    def _order(self, view, places, when):
        """I7: per pair the order of the sender's list; none passes one that still waits."""
        for name, one in view.accounts.items():
            last = {}
            for ident, sender, _, how in one.books.entries("come"):
                at = places.order.get(ident)
                if how not in ORDERED or at is None:
                    continue
                if at < last.get(sender, (-1, ""))[0]:
                    self.found("order", f"{ident} of {sender} came to {name} after"
                                        f" {last[sender][1]}, which was sent later {when}")
                last[sender] = max(last.get(sender, (-1, "")), (at, ident))
            for sender, (at, ident) in last.items():
                for row in places.pairs.get((sender, name), ()):
                    if places.order[row.parts[0].id] < at:
                        self.found("order", f"{ident} passed {row.parts[0].id} from {sender} to"
                                            f" {name} {when}")

    def _answers(self, places, entries, when, final):
        """I2, I3."""
        for entry in entries:
            first = entry.parts[0].id
            if entry.starts_saga:
                continue
            if entry.promised and entry.kind == "call":
                kept = {"poor": places.poor, "asked": places.for_sagas}.get(entry.told,
                                                                              places.gone)
                for part in entry.parts:
                    if kept.get(part.id, [None])[0] is None:
                        self.found("lost", f"{part.id} of {entry.sender} was acknowledged"
                                           f" ({entry.told}) and is not in its state {when}")
                if entry.told == "in" and first not in places.come:
                    self.found("lost", f"{first} was acknowledged by its receiver {when}")
            elif entry.promised:
                if places.began(first) == 0:
                    self.found("lost", f"{entry.kind} {first} to {entry.sender} was acknowledged"
                                       f" and is nowhere {when}")
            elif entry.denied:
                for part in entry.parts:
                    if places.began(part.id):
                        self.found("denied", f"{part.id}: {entry.kind} {entry.told}, and it"
                                             f" happened {when}")
        if final:
            for entry in entries:
                if entry.parts[0].id in places.asked:
                    self.found("left", f"{entry.parts[0].id} is still to be run")

    def _dead(self, row, when):
        """Faults that pass must not make dead letters."""
        name = row.parts[0].id
        if self.manners.of(row.action, name) != "error":
            self.found("dead", f"{row.key} {name} {row.action}, {row.attempts} attempts,"
                               f" {row.last_error!r} {when}")
