"""The callers: many at once on one thread, each with a connection of its own and a plan that its
seed alone decides."""
import asyncio
import json
import random
import threading
import time

from bank import sagas
from bank.books import Part, account, put_parts, type_of
from bank.ledger import UNKNOWN, Entry, Ledger
from harness.client import REGISTER_PATH
from harness.wire import NOOP, OK, SYSTEM, invocation, protocol_pb, text

CALL_MS = 2000
ANSWER_S = 10.0      # for an answer after the deadline; then it is lost
BUSY, FRIENDS = 24, 3
MOVES_AFTER = 40     # transfers of a caller; then other accounts are the busy ones
WAYS = (("effect", 48), ("split", 9), ("later", 9), ("pipe", 13), ("forward", 9), ("saga", 12))
KINDS = (("call", 80), ("async", 14), ("scheduled", 6))
OF_SAGAS = (("call", 35), ("async", 7), ("scheduled", 3), ("start", 30), ("await", 25))
STARTS_MAX = 4  # of one saga, by a caller who was told nothing for sure


def pick(rng: random.Random, weighted) -> str:
    return rng.choices([one for one, _ in weighted], [weight for _, weight in weighted])[0]


class Plan:
    """The transfers of one caller, one after another. A few busy accounts with few partners make
    most of them, so that rows of one pair follow each other closely; the rest is anyone to anyone,
    and now and then to oneself."""

    def __init__(self, seed: int, caller: int, accounts: int, branches: bool, later_across: bool):
        self.rng = random.Random(f"{seed}/{caller}")
        self.caller, self.accounts, self.made = caller, accounts, 0
        self.branches, self.later_across = branches, later_across

    def next(self) -> Entry:
        rng = self.rng
        busy = rng.random() < 0.5
        sender = rng.randrange(self.accounts)
        if busy:
            sender = (self.made // MOVES_AFTER * BUSY + sender % BUSY) % self.accounts
        way = pick(rng, WAYS)
        parts = []
        for _ in range(rng.randint(2, 3) if way == "split" else 1):
            self.made += 1
            if way == "later" and not self.later_across:
                to = (sender + 2 * rng.randint(1, FRIENDS)) % self.accounts
            elif rng.random() < 0.6:
                to = (sender + 1 + rng.randrange(FRIENDS)) % self.accounts
            else:
                to = sender if rng.random() < 0.02 else rng.randrange(self.accounts)
            parts.append(Part(f"{self.caller}-{self.made}", account(to, self.branches),
                              rng.randint(1, 9), "effect" if way == "split" else way,
                              rng.randint(100, 3000) if way == "later" else 0))
        return Entry(account(sender, self.branches), tuple(parts),
                     pick(rng, OF_SAGAS if way == "saga" else KINDS))

    def due_ms(self, entry: Entry) -> int:
        if entry.kind != "scheduled":
            return 0
        return time.time_ns() // 1_000_000 + self.rng.randint(100, 2000)


class Callers:
    """Context manager: they call until its end."""

    def __init__(self, port: int, ledger: Ledger, seed: int, accounts: int, number: int,
                 branches: bool = False, later_across: bool = True):
        self.port, self.ledger = port, ledger
        self.plans = [Plan(seed, caller, accounts, branches, later_across)
                      for caller in range(number)]
        self.over = threading.Event()
        self.errors = []
        self.thread = threading.Thread(target=lambda: asyncio.run(self._all()))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join(ANSWER_S + 5)
        assert not self.thread.is_alive(), "callers that do not end"

    async def _all(self):
        for ended in await asyncio.gather(*[self._one(plan) for plan in self.plans],
                                          return_exceptions=True):
            if isinstance(ended, BaseException):
                self.errors.append(repr(ended))

    async def _one(self, plan: Plan):
        line = Line(self.port)
        while not self.over.is_set():
            if not await line.is_open():
                await asyncio.sleep(0.01)  # no kernel there at the moment
                continue
            entry = plan.next()
            if entry.starts_saga:
                told = await self._start(entry, line)
            else:
                told = await self._transfer(entry, plan.due_ms(entry), line)
            self.ledger.note(entry, told)
            if not entry.promised and told != "NO_ANSWER":
                await asyncio.sleep(0.02)  # as clients do who were turned away
        line.close()

    @staticmethod
    async def _transfer(entry: Entry, due_ms: int, line) -> str:
        request = invocation(entry.sender, "transfer", text(put_parts(entry.sender, entry.parts)),
                             ref=type_of(entry.sender), at=due_ms,
                             asynchronous=entry.kind != "call",
                             metadata={"request-timeout": str(CALL_MS)})
        told, value = await line.call(request)
        return told or ("taken" if entry.kind != "call" else value.value.decode())

    async def _start(self, entry: Entry, line) -> str:
        """Again, while it is not known whether that was a start: the same id and input is one saga,
        until it is forgotten. What was doubtful once stays so until the saga answers."""
        ident = entry.parts[0].id
        start = saga_call(ident, "start", sagas.start_input(entry.sender, entry.parts[0]))
        told, doubt = (await line.call(start))[0], ""
        if sagas.name_of(ident) == "transfer":
            for _ in range(STARTS_MAX - 1):
                if told not in UNKNOWN and not (told and doubt):
                    break
                doubt = doubt or told
                while not self.over.is_set() and not await line.is_open():
                    await asyncio.sleep(0.01)
                told = (await line.call(start))[0]
        if told:
            return doubt or told
        if entry.kind == "await":
            failed, value = await line.call(saga_call(ident, "await"))
            if not failed:
                state = json.loads(protocol_pb.JSONType.FromString(value.value).content)["state"]
                # Whoever waits is also told that it needs help, which it may get by itself.
                return state if state != "STUCK" else "started"
        return "started"


def saga_call(ident: str, action: str, payload=NOOP):
    return invocation(ident, action, payload, ref=sagas.PREFIX + sagas.name_of(ident),
                      metadata={"request-timeout": str(CALL_MS)})


class Line:
    """A connection to the kernel, made anew when it is gone."""

    def __init__(self, port: int):
        self.port, self.streams = port, None

    async def is_open(self) -> bool:
        if self.streams is None:
            try:
                self.streams = await asyncio.open_connection("127.0.0.1", self.port)
            except OSError:
                return False
        return True

    async def call(self, request):
        """(code of the error or nothing, value)."""
        if not await self.is_open():
            return "NO_ANSWER", None
        body, name = request.SerializeToString(), request.actor.id.name
        reader, writer = self.streams
        try:
            writer.write(b"POST %s/%s/actors/%s/invoke HTTP/1.1\r\nHost: kernel\r\n"
                         b"Content-Type: application/octet-stream\r\nContent-Length: %d\r\n\r\n%s"
                         % (REGISTER_PATH.encode(), SYSTEM.encode(), name.encode(), len(body),
                            body))
            answer = await asyncio.wait_for(read_body(reader), ANSWER_S)
        except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError):
            self.close()
            return "NO_ANSWER", None
        said = protocol_pb.InvocationResponse.FromString(answer)
        if said.status.status != OK:
            return said.status.message.partition(":")[0], None
        return "", said.value

    def close(self):
        if self.streams:
            self.streams[1].close()
        self.streams = None


async def read_body(reader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    at = head.lower().index(b"content-length:") + len(b"content-length:")
    return await reader.readexactly(int(head[at:].split(b"\r\n", 1)[0]))
