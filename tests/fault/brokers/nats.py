"""JetStream: a stream on files, a durable pull consumer."""
import base64
import json
import socket

from brokers.source import CONFIRM_S, Source, Unavailable, patiently
from servers.nats import Nats

_CONSUMER = "kernel"
_NOT_FOUND = 404
_READ_AT_ONCE = 200


class Connection:
    """A client of NATS in its text protocol: many requests on their way at once."""

    def __init__(self, host: str, port: int):
        self._socket = socket.create_connection((host, port), CONFIRM_S)
        self._file = self._socket.makefile("rb")
        self._file.readline()  # INFO
        self._inbox = f"_INBOX.{self._socket.getsockname()[1]}"  # others have their own
        self._socket.sendall(b'CONNECT {"verbose":false,"headers":true,"no_responders":true}\r\n' +
                             f"SUB {self._inbox}.> 1\r\n".encode())

    def ask(self, requests: list) -> dict:
        """requests: (subject, headers, body). What was answered, decoded, by its place in the list;
        nothing for those whose connection was lost before, or that nobody answered in time."""
        told = {}
        try:
            self._socket.sendall(b"".join(map(self._encoded, range(len(requests)), requests)))
            while len(told) < len(requests):
                number, body = self._answer()
                told[number] = json.loads(body) if body else None
        except (OSError, ValueError):
            self.close()
        return {number: body for number, body in told.items() if body is not None}

    def close(self):
        self._file.close()
        self._socket.close()

    @property
    def closed(self) -> bool:
        return self._file.closed

    def _encoded(self, number: int, request: tuple) -> bytes:
        subject, headers, body = request
        head = b"NATS/1.0\r\n" + b"".join(f"{key}: {value}\r\n".encode()
                                          for key, value in headers.items()) + b"\r\n"
        return (f"HPUB {subject} {self._inbox}.{number} {len(head)} {len(head) + len(body)}\r\n"
                .encode() + head + body + b"\r\n")

    def _answer(self) -> tuple:
        """The next message: the number behind its subject, and its body; no body for a status."""
        while True:
            line = self._file.readline()
            words = line.split()
            if not words:
                raise ConnectionError("the connection is lost")
            if words[0] == b"PING":
                self._socket.sendall(b"PONG\r\n")
            if words[0] in (b"MSG", b"HMSG"):
                data = self._file.read(int(words[-1]) + 2)[:-2]
                head = int(words[-2]) if words[0] == b"HMSG" else 0
                return int(words[1].rpartition(b".")[2]), data[head:]


class NatsSource(Source):
    def __init__(self):
        super().__init__()
        self.server = Nats()
        self._connection = self._publisher = None
        self._places = {}  # id -> sequence in the stream

    def make(self):
        self._places = {}
        for name in (self.queue, self.out):
            patiently(lambda of=name: self._ask(f"STREAM.CREATE.{of}", {
                "name": of, "subjects": [f"{of}.>"], "storage": "file", "num_replicas": 1}))

    def restart(self):
        """What it lost of its streams it gets back, empty."""
        super().restart()
        places = self._places
        self.make()
        self._places = places

    def plugin(self, port):
        return {"use": "nats", "config": {
            "url": f"nats://127.0.0.1:{port}", "stream": self.queue, "consumer": _CONSUMER,
            "ack_wait_ms": 2000, "ping_ms": 500}}

    @property
    def destination(self):
        return f"{self.out}.events"

    def publish(self, letters):
        if self._publisher is None or self._publisher.closed:
            self._publisher = Connection(self.server.host, self.server.port)
        told = self._publisher.ask([
            (f"{self.queue}.{one.actor}",
             {"Nats-Msg-Id": f"m{one.id}", "Content-Type": "application/json"}, one.body)
            for one in letters])
        places = {letters[number].id: body["seq"] for number, body in told.items()
                  if "error" not in body}
        self._places |= places
        return set(places)

    def left(self):
        told = self._ask(f"CONSUMER.INFO.{self.queue}.{_CONSUMER}", None)
        if told.get("error", {}).get("code") == _NOT_FOUND:
            return self._ask(f"STREAM.INFO.{self.queue}", None)["state"]["messages"]
        return told["num_pending"] + told["num_ack_pending"]

    def lost(self, ids):
        by_place = {self._places[id]: id for id in ids}
        there = self._messages(self.queue, list(by_place))
        return {id for place, id in by_place.items()
                if there.get(place, ("", b""))[0] != f"m{id}"}

    def published(self):
        last = self._ask(f"STREAM.INFO.{self.out}", None)["state"]["last_seq"]
        return list(self._messages(self.out, list(range(1, last + 1))).values())

    def disconnect(self):
        for one in (self._connection, self._publisher):
            if one is not None:
                one.close()
        self._connection = self._publisher = None

    # --- helpers ----------------------------------------------------------------------------------
    def _ask(self, verb: str, body) -> dict:
        """body: nothing, or what goes as JSON."""
        (answer,) = self._ask_all(verb, [body])
        return answer

    def _ask_all(self, verb: str, bodies: list) -> list:
        if self._connection is None or self._connection.closed:
            self._connection = Connection(self.server.host, self.server.port)
        told = self._connection.ask([
            (f"$JS.API.{verb}", {}, json.dumps(body).encode() if body else b"")
            for body in bodies])
        if len(told) < len(bodies):
            raise Unavailable(f"JetStream does not answer {verb}")
        return [told[number] for number in range(len(bodies))]

    def _messages(self, stream: str, places: list) -> dict:
        """Sequence -> (message id, body) of those that are there."""
        out = {}
        for first in range(0, len(places), _READ_AT_ONCE):
            some = places[first:first + _READ_AT_ONCE]
            for place, told in zip(some, self._ask_all(f"STREAM.MSG.GET.{stream}",
                                                       [{"seq": place} for place in some])):
                if "message" in told:
                    head = base64.b64decode(told["message"].get("hdrs", "")).decode()
                    names = dict(line.split(": ", 1) for line in head.splitlines() if ": " in line)
                    out[place] = (names.get("Nats-Msg-Id", ""),
                                  base64.b64decode(told["message"].get("data", "")))
        return out
