"""What an account keeps and what a transfer says: bytes that the host writes and the checker reads.

A state is five lines: the balance, the transfers that went out, those that came in, those that were
refused since the balance did not suffice, and what was done for sagas. Nothing is ever taken from a
list, so every loss, double and change of order shows. The balance has a fixed width: SQL can add it
up.
"""
import zlib
from dataclasses import dataclass

TYPE, BRANCH = "Account", "Branch"  # a branch keeps its money in a store of its own
OPENING = 1000           # what an account has that was never written
BALANCE_BYTES = 13
UNDONE_BY = {"withdraw": "give_back", "credit": "take_back", "approve": "revoke"}  # steps of sagas
UNDO = tuple(UNDONE_BY.values())
GIVES = {"withdraw": -1, "give_back": 1, "credit": 1, "take_back": -1}  # to the balance
ORDERED = ("effect", "pipe", "forward")  # FIFO per (sender, receiver); `later` is not


def account(number: int, branches: bool = False) -> str:
    """The name of an account. With branches every second one belongs to one."""
    return f"{'bra' if branches and number % 2 else 'acc'}-{number:04d}"


def type_of(name: str) -> str:
    return BRANCH if name.startswith("bra") else TYPE


def reference(name: str, odd=None) -> str:
    """Half of the accounts are addressed with their type and half without, each always the same
    way, unless another number decides."""
    return type_of(name) if (int(name[4:]) // 2 if odd is None else odd) % 2 else ""


@dataclass(frozen=True)
class Part:
    """One sum for one receiver. how: effect, later (an effect with a due time), pipe, forward,
    saga."""
    id: str
    to: str
    amount: int
    how: str
    after_ms: int = 0


def put_parts(sender: str, parts) -> bytes:
    return ";".join([sender] + [f"{one.id}:{one.to}:{one.amount}:{one.how}:{one.after_ms}"
                                for one in parts]).encode()


def get_parts(payload: bytes):
    """(sender, parts) of the payload of a transfer, or of the deposit it became."""
    sender, *rest = payload.decode().split(";")
    parts = []
    for text in rest:
        name, to, amount, how, after_ms = text.split(":")
        parts.append(Part(name, to, int(amount), how, int(after_ms)))
    return sender, parts


class Account:
    """A state being changed."""

    def __init__(self, state: bytes = b""):
        if state:
            head, self.gone, self.come, self.poor, self.saga = state.split(b"\n")
            self.balance = int(head)
        else:
            self.balance, self.gone, self.come, self.poor, self.saga = OPENING, b"", b"", b"", b""

    def state(self) -> bytes:
        return b"\n".join([b"%+013d" % self.balance, self.gone, self.come, self.poor,
                           self.saga])

    def withdraw(self, parts) -> bool:
        """False: not enough. A transfer that runs again is booked again: the checker shall see."""
        total = sum(one.amount for one in parts)
        if total > self.balance:
            self.poor += b"".join(b" " + one.id.encode() for one in parts)
            return False
        self.balance -= total
        self.gone += b"".join(f" {one.id}:{one.to}:{one.amount}:{one.how}".encode()
                              for one in parts)
        return True

    def deposit(self, sender: str, part: Part):
        self.balance += part.amount
        self.come += f" {part.id}:{sender}:{part.amount}:{part.how}".encode()

    def ask(self, part: Part):
        """For a saga, which does the rest."""
        self.saga += f" {part.id}:{part.to}:{part.amount}:ask".encode()

    def take_part(self, action: str, ident: str, amount: int):
        """A step of a saga, or its way back. The bank gives credit: a saga never fails for lack of
        money, so that its end follows from its id."""
        self.balance += GIVES.get(action, 0) * amount
        self.saga += f" {ident}::{amount}:{action}".encode()

    def entries(self, which: str) -> list:
        """[(id, other account, amount, how)] of `gone`, `come` or `saga`, oldest first."""
        out = []
        for entry in getattr(self, which).split():
            name, other, amount, how = entry.decode().split(":")
            out.append((name, other, int(amount), how))
        return out

    def refused(self) -> list:
        return self.poor.decode().split()


@dataclass(frozen=True)
class Manners:
    """How badly the host behaves: shares of the calls, decided by the seed and the transfer's id
    alone, so that host and checker agree without a word."""
    seed: int
    error: float = 0.002     # fails it whenever it is tried: a dead letter
    silent: float = 0.003    # does not answer the first attempt
    slow: float = 0.02       # answers the first attempt late
    cut: float = 0.0         # ends the connection of the first attempt without an answer
    refusal: float = 0.15    # of `approve`: fails it whenever it is tried
    mixed: bool = False      # addresses the same account with its type and without, as it comes

    def of(self, action: str, name: str) -> str:
        share = zlib.crc32(f"{self.seed}/{action}/{name}".encode()) / 2**32
        shares = {"error": self.error, "silent": self.silent, "slow": self.slow, "cut": self.cut}
        if action == "approve":
            shares["error"] = self.refusal
        elif action in UNDO:
            shares["error"] = 0.0  # or the saga waits for an operator
        for verdict, size in shares.items():
            share -= size
            if share < 0:
                return verdict
        return "good"
