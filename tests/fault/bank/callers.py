"""The callers: many at once on one thread, each with a connection of its own and a plan that its
seed alone decides."""
import asyncio
import random
import threading
import time

from bank.books import Part, account, put_parts, type_of
from bank.ledger import Entry, Ledger
from harness.client import REGISTER_PATH
from harness.wire import OK, SYSTEM, invocation, protocol_pb, text

CALL_MS = 2000
ANSWER_S = 10.0      # for an answer after the deadline; then it is lost
BUSY, FRIENDS = 24, 3
MOVES_AFTER = 40     # transfers of a caller; then other accounts are the busy ones
WAYS = (("effect", 55), ("split", 10), ("later", 10), ("pipe", 15), ("forward", 10))
KINDS = (("call", 80), ("async", 14), ("scheduled", 6))


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
        return Entry(account(sender, self.branches), tuple(parts), pick(rng, KINDS))

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
        streams = None
        while not self.over.is_set():
            if streams is None:
                try:
                    streams = await asyncio.open_connection("127.0.0.1", self.port)
                except OSError:
                    await asyncio.sleep(0.01)  # no kernel there at the moment
                    continue
            entry = plan.next()
            told = await self._call(entry, plan.due_ms(entry), streams)
            self.ledger.note(entry, told)
            if told == "NO_ANSWER":
                streams[1].close()
                streams = None
            elif not entry.promised:
                await asyncio.sleep(0.02)  # as clients do who were turned away
        if streams:
            streams[1].close()

    @staticmethod
    async def _call(entry: Entry, due_ms: int, streams) -> str:
        request = invocation(entry.sender, "transfer", text(put_parts(entry.sender, entry.parts)),
                             ref=type_of(entry.sender), at=due_ms,
                             asynchronous=entry.kind != "call",
                             metadata={"request-timeout": str(CALL_MS)})
        body = request.SerializeToString()
        reader, writer = streams
        try:
            writer.write(b"POST %s/%s/actors/%s/invoke HTTP/1.1\r\nHost: kernel\r\n"
                         b"Content-Type: application/octet-stream\r\nContent-Length: %d\r\n\r\n%s"
                         % (REGISTER_PATH.encode(), SYSTEM.encode(), entry.sender.encode(),
                            len(body), body))
            answer = await asyncio.wait_for(read_body(reader), ANSWER_S)
        except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError):
            return "NO_ANSWER"
        said = protocol_pb.InvocationResponse.FromString(answer)
        if said.status.status != OK:
            return said.status.message.partition(":")[0]
        return "taken" if entry.kind != "call" else said.value.value.decode()


async def read_body(reader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    at = head.lower().index(b"content-length:") + len(b"content-length:")
    return await reader.readexactly(int(head[at:].split(b"\r\n", 1)[0]))
