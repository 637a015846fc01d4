"""A saga as its record holds it: kernel/workflow/flow_state.cpp around the scratch that
plugins/workflows/saga/state.cpp writes."""
import json
from dataclasses import dataclass

from bank.fields import fields, message, number, one_of
from bank.sagas import STEPS

OK = 4                    # states of a call
ANSWERLESS = (1, 3)       # in flight, late
COMPLETED, COMPENSATED = 3, 4  # modes
MODES = {1: "RUNNING", 2: "COMPENSATING", COMPLETED: "COMPLETED", COMPENSATED: "COMPENSATED"}


@dataclass(frozen=True)
class Call:
    state: int = 0
    outstanding: tuple = ()  # tokens of what was sent and not answered

    def done(self, life: int, results) -> bool:
        """results: (life, token) of the good outcomes that wait to be taken by their sagas."""
        return self.state == OK or any((life, token) in results for token in self.outstanding)


@dataclass(frozen=True)
class Saga:
    name: str
    id: str
    life: int
    mode: int
    stuck: str
    cause: str
    input: bytes
    steps: tuple     # (run, undo) of each
    armed: tuple     # due times of its timer rows

    @property
    def state(self) -> str:
        return "STUCK" if self.stuck and not self.over else MODES[self.mode]

    @property
    def over(self) -> bool:
        return self.mode in (COMPLETED, COMPENSATED)

    @property
    def amount(self) -> int:
        return json.loads(one_of(one_of(self.input, 3), 1))["amount"]

    def calls(self):
        """(step, is the way back, call)."""
        for name, (run, undo) in zip(STEPS, self.steps):
            yield name, False, run
            yield name, True, undo

    def held(self, results) -> int:
        """The money that is in no account since this saga has it."""
        if self.over:
            return 0
        has = 0
        for name, undo, call in self.calls():
            if name != "approve" and call.done(self.life, results):
                has += 1 if (name == "withdraw") != undo else -1
        return has * self.amount if has else 0


def read_call(data: bytes) -> Call:
    found = list(message(data))
    return Call(dict(found).get(1, 0), tuple(value for field, value in found if field == 4))


def read_step(data: bytes) -> tuple:
    found = dict(message(data))
    return tuple(read_call(found[field]) if field in found else Call() for field in (1, 2))


def read_saga(payload: bytes) -> Saga:
    """Of the payload of a record of a virtual actor."""
    life, scratch, armed = 0, b"", []
    for tag, value in fields(payload):
        if tag == 1:
            life = number(value)
        elif tag == 3:
            scratch = value
        elif tag == 9:
            armed.append(number(value))
    found, steps = {}, []
    for field, value in message(scratch):
        if field == 15:
            steps.append(read_step(value))
        else:
            found[field] = value
    return Saga(found[1].decode(), found[2].decode(), life, found[4],
                found.get(6, b"").decode(errors="replace"),
                found.get(7, b"").decode(errors="replace"), found[14], tuple(steps), tuple(armed))
