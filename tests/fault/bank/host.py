#!/usr/bin/env python3
"""The actor host of the bank: a process of its own that lives through every kill of the kernel.

It prints its port, then obeys lines on its standard input, each answered with what it did so far:
`refuse SECONDS` (new connections from now on), `behave` (no late answers and no silence any more;
what it decided to fail it still fails), `count`. It ends with its input.
"""
import asyncio
import json
import socket
import sys
import time
import zlib
from pathlib import Path

if __name__ == "__main__":
    FAULT = Path(__file__).resolve().parents[1]
    sys.path[:0] = [str(FAULT), str(FAULT.parent / "conformance"), str(FAULT.parent)]

from bank import sagas  # noqa: E402
from bank.books import (UNDO, Account, Manners, get_parts, put_parts,  # noqa: E402
                        reference)
from harness.wire import invocation, protocol_pb, text, workflows_pb  # noqa: E402

LATE_MAX_S = 0.2


class Bank:
    """The actions, and how they are answered."""

    def __init__(self, manners: Manners):
        self.manners = manners
        self.misbehaves = True
        self.attempts = {}  # (action, id) -> calls so far
        self.counts = dict.fromkeys(("transfer", "deposit", *sagas.STEPS, *UNDO, "error",
                                     "silent", "slow", "cut"), 0)

    def answer(self, body: bytes):
        """(verdict, HTTP body, seconds to wait) for one call of the kernel."""
        call = protocol_pb.ActorInvocation.FromString(body)
        action = call.action_name
        if of_saga := action not in ("transfer", "deposit"):
            order = json.loads(protocol_pb.JSONType.FromString(call.value.value).content)
            name = order["id"]
        else:
            sender, parts = get_parts(call.value.value)
            name = parts[0].id
        self.counts[action] += 1
        verdict = self._verdict(action, name)
        if verdict in ("error", "silent", "cut"):
            return verdict, b"", 0.0
        account = Account(call.current_context.state.value)
        out = protocol_pb.ActorInvocationResponse(actor_name=call.actor.name,
                                                  actor_system=call.actor.system)
        if of_saga:
            account.take_part(action, name, order["amount"])
        elif action == "deposit":
            account.deposit(sender, parts[0])
            out.value.CopyFrom(text("in"))
        elif parts[0].how == "saga":
            account.ask(parts[0])
            self._start(out, sender, parts[0])
        elif account.withdraw(parts):
            self._send(out, sender, parts)
        else:
            out.value.CopyFrom(text("poor"))
        out.updated_context.state.CopyFrom(text(account.state()))
        wait = LATE_MAX_S * (zlib.crc32(name.encode()) % 1000) / 1000 if verdict == "slow" else 0.0
        return verdict, out.SerializeToString(), wait

    def _verdict(self, action: str, name: str) -> str:
        verdict = self.manners.of(action, name)
        if verdict == "good" or (verdict != "error" and not self.misbehaves):
            return "good"
        tried = self.attempts.get((action, name), 0)
        self.attempts[action, name] = tried + 1
        if verdict != "error" and tried:
            return "good"
        self.counts[verdict] += 1
        return verdict

    def _reference(self, part) -> str:
        return reference(part.to, zlib.crc32(part.id.encode()) if self.manners.mixed else None)

    @staticmethod
    def _start(out, sender: str, part):
        out.value.CopyFrom(text("asked"))
        out.workflow.parts.add().Pack(workflows_pb.Saga(
            name=sagas.name_of(part.id), id=part.id, input=sagas.start_input(sender, part)))

    def _send(self, out, sender: str, parts):
        out.value.CopyFrom(text("done"))
        for part in parts:
            message = text(put_parts(sender, [part]))
            if part.how in ("pipe", "forward"):
                hop = getattr(out.workflow, part.how)
                hop.actor, hop.action_name = part.to, "deposit"
                hop.register_ref = self._reference(part)
                if part.how == "pipe":
                    out.value.CopyFrom(message)
                return
            due = time.time_ns() // 1_000_000 + part.after_ms if part.after_ms else 0
            out.workflow.effects.add().request.CopyFrom(
                invocation(part.to, "deposit", message, ref=self._reference(part), at=due,
                           asynchronous=True))


class Connection(asyncio.Protocol):
    def __init__(self, host):
        self.host, self.buffered, self.transport = host, b"", None

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.buffered += data
        head, found, rest = self.buffered.partition(b"\r\n\r\n")
        if not found:
            return
        at = head.lower().index(b"content-length:") + len(b"content-length:")
        length = int(head[at:].split(b"\r\n", 1)[0])
        if len(rest) < length:
            return
        self.buffered = rest[length:]
        verdict, body, wait = self.host.bank.answer(rest[:length])
        if verdict == "silent":
            return  # until the kernel gives up and closes
        if verdict == "cut":
            self.transport.abort()
            return
        if verdict == "error":
            self.reply(b"HTTP/1.1 500 Error", b"the bank refuses to work")
        elif wait:
            asyncio.get_running_loop().call_later(wait, self.reply, b"HTTP/1.1 200 OK", body)
        else:
            self.reply(b"HTTP/1.1 200 OK", body)

    def reply(self, status: bytes, body: bytes):
        self.transport.write(b"%s\r\ncontent-type: application/octet-stream\r\n"
                             b"content-length: %d\r\n\r\n%s" % (status, len(body), body))


class Host:
    def __init__(self, manners: Manners):
        self.bank = Bank(manners)
        self.server, self.again = None, None
        # Never listens: it keeps others off the port, the kernel's own connections among them,
        # while nobody does.
        self.keeper = socket.socket()
        self.keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self.keeper.bind(("127.0.0.1", 0))
        self.port = self.keeper.getsockname()[1]

    async def listen(self):
        self.server = await asyncio.get_running_loop().create_server(
            lambda: Connection(self), "127.0.0.1", self.port, backlog=512, reuse_port=True)

    def refuse(self, seconds: float):
        """What waits to be accepted is reset: for the kernel, a call that failed. So this is asked
        for when no kernel is there."""
        async def later():
            await asyncio.sleep(seconds)
            await self.listen()

        self.server.close()
        self.again = asyncio.create_task(later())

    async def obey(self):
        loop = asyncio.get_running_loop()
        orders = asyncio.StreamReader()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
        while line := (await orders.readline()).decode().split():
            if line[0] == "refuse":
                self.refuse(float(line[1]))
            elif line[0] == "behave":
                self.bank.misbehaves = False
            print(json.dumps(self.bank.counts), flush=True)


async def main(manners: dict):
    host = Host(Manners(**manners))
    await host.listen()
    print(host.port, flush=True)
    await host.obey()


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
