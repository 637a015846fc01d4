#!/usr/bin/env python3
"""The actor host: a process of its own that lives through every kill of a kernel.

The state of an actor is the list of the ids that took effect, in their order: `add` appends one,
`tell` does the same and publishes the id to the sink. It prints its port, answers each line on its
standard input with the number of calls so far, and ends with its input.
"""
import asyncio
import json
import sys
from pathlib import Path

if __name__ == "__main__":
    FAULT = Path(__file__).resolve().parents[1]
    sys.path[:0] = [str(FAULT), str(FAULT.parent / "conformance"), str(FAULT.parent)]

from harness.wire import protocol_pb, text, workflows_pb  # noqa: E402

TYPE = "IdSet"
ADD, TELL = "add", "tell"
SINK = "events"
_ANSWER = (b"HTTP/1.1 200 OK\r\ncontent-type: application/octet-stream\r\n"
           b"content-length: %d\r\n\r\n%s")


def answer(body: bytes) -> bytes:
    call = protocol_pb.ActorInvocation.FromString(body)
    id = json.loads(protocol_pb.JSONType.FromString(call.value.value).content)["id"]
    state = call.current_context.state.value
    out = protocol_pb.ActorInvocationResponse(actor_name=call.actor.name,
                                              actor_system=call.actor.system)
    out.updated_context.state.CopyFrom(text(b"%s %d" % (state, id) if state else b"%d" % id))
    if call.action_name == TELL:
        out.workflow.parts.add().Pack(workflows_pb.Publish(sink=SINK, value=text(id)))
    return out.SerializeToString()


class Connection(asyncio.Protocol):
    calls = 0  # of all connections

    def __init__(self):
        self.buffered, self.transport = b"", None

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
        Connection.calls += 1
        body = answer(rest[:length])
        self.transport.write(_ANSWER % (len(body), body))


async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Connection, "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    asked = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(asked), sys.stdin)
    while await asked.readline():
        print(Connection.calls, flush=True)


if __name__ == "__main__":
    asyncio.run(main())
