"""What the callers of the bank were told."""
import collections
from dataclasses import dataclass

from bank.sagas import ENDS

# Nothing of the call took effect, and never will.
NEVER = {"NOT_APPLIED", "UNAVAILABLE", "RESOURCE_EXHAUSTED", "SHUTTING_DOWN", "DEADLINE_EXCEEDED",
         "HOST_ERROR"}
UNKNOWN = {"OUTCOME_UNKNOWN", "NO_ANSWER"}
PROMISES = {"done", "in", "poor", "taken", "asked", "started", *ENDS}


@dataclass
class Entry:
    sender: str
    parts: tuple
    kind: str          # call, async, scheduled: of the transfer itself; start, await: of a saga
    told: str = ""     # one of PROMISES; else the code of the error

    @property
    def routed(self) -> bool:
        return self.parts[0].how in ("pipe", "forward")

    @property
    def promised(self) -> bool:
        """It was acknowledged."""
        return self.told in PROMISES

    @property
    def starts_saga(self) -> bool:
        """The caller itself does, not an account."""
        return self.kind in ("start", "await")

    @property
    def denied(self) -> bool:
        """The answer says that nothing happened. An error of the host at the end of a chain says
        nothing of its first hop."""
        return self.told in NEVER and not (self.routed and self.told == "HOST_ERROR")


class Ledger:
    def __init__(self):
        self.entries = []
        self.told = collections.Counter()
        self.problems = []  # answers that no kernel may give here

    def note(self, entry: Entry, told: str):
        entry.told = told
        self.told[told] += 1
        if not entry.promised and told not in NEVER | UNKNOWN:
            self.problems.append(f"{entry.kind} {entry.parts}: the caller was told {told!r}")
        self.entries.append(entry)

    @property
    def acknowledged(self) -> int:
        return sum(self.told[word] for word in PROMISES)

    def so_far(self) -> list:
        """What was told before now; later notes do not change it."""
        return self.entries[:len(self.entries)]
