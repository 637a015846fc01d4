"""What an account keeps and what a transfer says: bytes that the host writes and the checker reads.

A state is four lines: the balance, the transfers that went out, those that came in, and those that
were refused since the balance did not suffice. Nothing is ever taken from a list, so every loss,
double and change of order shows. The balance has a fixed width: SQL can add it up.
"""
import zlib
from dataclasses import dataclass

TYPE, BRANCH = "Account", "Branch"  # a branch keeps its money in a store of its own
OPENING = 1000           # what an account has that was never written
BALANCE_BYTES = 13
ORDERED = ("effect", "pipe", "forward")  # FIFO per (sender, receiver); `later` is not


def account(number: int, branches: bool = False) -> str:
    """The name of an account. With branches every second one belongs to one."""
    return f"{'bra' if branches and number % 2 else 'acc'}-{number:04d}"


def type_of(name: str) -> str:
    return BRANCH if name.startswith("bra") else TYPE


@dataclass(frozen=True)
class Part:
    """One sum for one receiver. how: effect, later (an effect with a due time), pipe, forward."""
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
            head, self.gone, self.come, self.poor = state.split(b"\n")
            self.balance = int(head)
        else:
            self.balance, self.gone, self.come, self.poor = OPENING, b"", b"", b""

    def state(self) -> bytes:
        return b"\n".join([b"%+013d" % self.balance, self.gone, self.come, self.poor])

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

    def entries(self, which: str) -> list:
        """[(id, other account, amount, how)] of `gone` or `come`, oldest first."""
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
    mixed: bool = False      # addresses the same account with its type and without, as it comes

    def of(self, action: str, name: str) -> str:
        share = zlib.crc32(f"{self.seed}/{action}/{name}".encode()) / 2**32
        for verdict in ("error", "silent", "slow", "cut"):
            share -= getattr(self, verdict)
            if share < 0:
                return verdict
        return "good"
