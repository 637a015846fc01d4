"""A bystander: some actors, their host and their caller in one thread of a process of its own.

Nothing else runs in it, so a time it takes is the kernel's and the machine's, not that of a thread
that waits for an interpreter lock. It prints "ready" and then answers each line `NUMBER` on its
standard input with the times of so many calls, in microseconds, as JSON. The calls go round over
several actors and connections, so that every lane of the kernel has its share.

Calls are due at fixed times and their time counts from then, also when the one before has not
ended: what holds up the kernel for a while is felt by every call that was due meanwhile.
"""
import json
import select
import socket
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "conformance"))

from harness.client import REGISTER_PATH, Client, http_bytes  # noqa: E402
from harness.wire import SYSTEM, actor, invocation, protocol_pb  # noqa: E402

ROUTES = 8
PATIENCE_S = 5.0
WARM_UP = 400
SPARE = 2.5  # a call is due in so many times what one takes


def reply() -> bytes:
    message = protocol_pb.ActorInvocationResponse()
    message.updated_context.SetInParent()
    body = message.SerializeToString()
    return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body


def is_whole(data: bytes) -> bool:
    """Whether one HTTP message with a Content-Length has come to its end."""
    head, end, body = data.partition(b"\r\n\r\n")
    at = head.lower().find(b"content-length:")
    return bool(end) and at >= 0 and len(body) >= int(head[at + 15:].split(b"\r\n", 1)[0])


class Bystander:
    def __init__(self, port: int, stem: str):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.ready = select.epoll()
        self.ready.register(self.listener, select.EPOLLIN)
        self.hosts, self.answer = {}, reply()
        names = [f"{stem}-{number}" for number in range(ROUTES)]
        where = {"spawn-host": f"127.0.0.1:{self.listener.getsockname()[1]}"}
        Client(port).register(*[actor(name, ["act"], stateful=False) for name in names],
                              headers=where)
        self.routes = []
        for name in names:
            caller = socket.create_connection(("127.0.0.1", port), PATIENCE_S)
            caller.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.ready.register(caller, select.EPOLLIN)
            self.routes.append((caller, http_bytes(
                "POST", f"{REGISTER_PATH}/{SYSTEM}/actors/{name}/invoke",
                invocation(name, "act").SerializeToString())))

    def call(self, caller: socket.socket, request: bytes) -> None:
        """One call, with the host's part of it done in between."""
        got = b""
        caller.sendall(request)
        while not is_whole(got):
            events = self.ready.poll(PATIENCE_S)
            if not events:
                raise TimeoutError(f"no answer in {PATIENCE_S} s")
            for number, _ in events:
                if number == caller.fileno():
                    piece = caller.recv(1 << 16)
                    if not piece:
                        raise ConnectionError("the kernel closed the connection")
                    got += piece
                elif number == self.listener.fileno():
                    self.accept()
                elif number in self.hosts:
                    self.serve(number)
                else:
                    raise ConnectionError("the kernel closed a connection nobody used")
        if not got.startswith(b"HTTP/1.1 200 "):
            raise ValueError(f"not served: {got!r}")

    def accept(self):
        connection, _ = self.listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.hosts[connection.fileno()] = [connection, b""]
        self.ready.register(connection, select.EPOLLIN)

    def serve(self, number: int):
        held = self.hosts[number]
        piece = held[0].recv(1 << 16)
        if not piece:
            self.ready.unregister(number)
            held[0].close()
            del self.hosts[number]
            return
        held[1] += piece
        if is_whole(held[1]):
            held[1] = b""
            held[0].sendall(self.answer)

    def window(self, calls: int, every: float = 0.0) -> list:
        """Microseconds of each call; one is due `every` so many seconds, or when one has ended."""
        times, due = [], time.perf_counter()
        for number in range(calls):
            early = due - time.perf_counter()
            if early > 0:
                time.sleep(early)
            if early > 0 or not every:
                due = time.perf_counter()  # nobody but this process is late
            self.call(*self.routes[number % ROUTES])
            times.append(round(1e6 * (time.perf_counter() - due)))
            due += every
        return times


def main():
    bystander = Bystander(int(sys.argv[1]), sys.argv[2])
    print("ready", flush=True)
    every = 0.0
    for line in sys.stdin:
        if not every:
            every = SPARE * statistics.median(bystander.window(WARM_UP)) / 1e6
        print(json.dumps(bystander.window(int(line), every)), flush=True)


if __name__ == "__main__":
    main()
