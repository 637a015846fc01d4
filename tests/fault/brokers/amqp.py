"""As much of AMQP 0-9-1 as a publisher with confirms and a reader need."""
import socket
import struct

_METHOD, _HEADER, _BODY, _HEARTBEAT = 1, 2, 3, 8
_FRAME_BYTES = 131072
_TAKEN_AT_ONCE = 100
_CONTENT_TYPE, _ENCODING, _HEADERS, _MODE, _PRIORITY = (1 << bit for bit in (15, 14, 13, 12, 11))
_CORRELATION, _REPLY_TO, _EXPIRATION, _MESSAGE_ID = (1 << bit for bit in (10, 9, 8, 7))


class Refused(Exception):
    """The broker closed the connection or the channel, and said why."""


def short(text: str) -> bytes:
    raw = text.encode()
    return bytes([len(raw)]) + raw


def long(raw: bytes) -> bytes:
    return struct.pack(">I", len(raw)) + raw


def table(entries: dict) -> bytes:
    """Of texts."""
    return long(b"".join(short(key) + b"S" + long(value.encode())
                         for key, value in entries.items()))


class Connection:
    """One channel, with confirms. OSError when it is lost, or when nothing comes in time."""

    def __init__(self, host: str, port: int, user: str, password: str, seconds: float):
        self._socket = socket.create_connection((host, port), seconds)
        self._file = self._socket.makefile("rb")
        self._published = 0
        self._socket.sendall(b"AMQP\0\0\x09\x01")
        self._wait(10, 10)
        login = long(f"\0{user}\0{password}".encode())
        self._call(10, 11, table({}) + short("PLAIN") + login + short("en_US"), channel=0)
        self._wait(10, 30)
        self._call(10, 31, struct.pack(">HIH", 1, _FRAME_BYTES, 0), channel=0)
        self._call(10, 40, short("/") + short("") + b"\0", channel=0)
        self._wait(10, 41)
        self._ask(20, 10, short(""))
        self._ask(85, 10, b"\0")

    def close(self):
        self._file.close()
        self._socket.close()

    def declare(self, queue: str, arguments: dict) -> None:
        """A durable queue."""
        self._ask(50, 10, b"\0\0" + short(queue) + b"\x02" + table(arguments))

    def ready(self, queue: str) -> int:
        """Messages that no consumer has."""
        told = self._ask(50, 10, b"\0\0" + short(queue) + b"\x01" + table({}))
        return struct.unpack_from(">I", told, 1 + told[0])[0]

    def publish(self, queue: str, messages: list) -> set:
        """messages: (id, body), persistent JSON. The places in the list of those that were
        confirmed before the connection was lost."""
        first = self._published + 1
        self._published += len(messages)
        confirmed, answered = set(), set()
        try:
            self._socket.sendall(b"".join(self._message(queue, *one) for one in messages))
            open_tags = set(range(first, self._published + 1))
            while open_tags:
                key, arguments = self._next()
                if key not in ((60, 80), (60, 120)):
                    continue
                tag, many = struct.unpack_from(">QB", arguments)
                answered = {each for each in open_tags if each <= tag} if many & 1 else {tag}
                open_tags -= answered
                if key == (60, 80):
                    confirmed |= answered
        except (OSError, Refused):
            self.close()
        return {tag - first for tag in confirmed}

    @property
    def closed(self) -> bool:
        return self._file.closed

    def empty(self, queue: str) -> bool:
        """Asks for a message, which goes back when this connection is closed: then it is not."""
        self._call(60, 70, b"\0\0" + short(queue) + b"\0")
        return self._got() is None

    def take_all(self, queue: str) -> list:
        """(message id, body) of the messages that are ready, which are gone then."""
        out = []
        while True:
            for _ in range(_TAKEN_AT_ONCE):
                self._call(60, 70, b"\0\0" + short(queue) + b"\x01")
            some = [self._got() for _ in range(_TAKEN_AT_ONCE)]
            out += [one for one in some if one is not None]
            if None in some:
                return out

    # --- frames -----------------------------------------------------------------------------------
    def _ask(self, group: int, method: int, arguments: bytes) -> bytes:
        """The arguments of the answer, whose number is the next one."""
        self._call(group, method, arguments)
        return self._wait(group, method + 1)[1]

    def _call(self, group: int, method: int, arguments: bytes, channel: int = 1) -> None:
        self._socket.sendall(_framed(_METHOD, struct.pack(">HH", group, method) + arguments,
                                     channel))

    def _got(self) -> tuple:
        """The answer to a basic.get; nothing when there is no message."""
        key, _ = self._wait(60, 71, 72)
        if key == (60, 72):
            return None
        size, id = self._properties(self._frame(_HEADER))
        body = b""
        while len(body) < size:
            body += self._frame(_BODY)
        return id, body

    def _wait(self, group: int, *methods) -> tuple:
        while True:
            key, arguments = self._next()
            if key[0] == group and key[1] in methods:
                return key, arguments

    def _next(self) -> tuple:
        """The next method: its (group, number) and its arguments."""
        payload = self._frame(_METHOD)
        key = struct.unpack_from(">HH", payload)
        if key in ((10, 50), (20, 40)):
            size = payload[6]
            raise Refused(payload[7:7 + size].decode())
        return key, payload[4:]

    def _frame(self, wanted: int) -> bytes:
        while True:
            kind, _, size = struct.unpack(">BHI", self._read(7))
            payload = self._read(size + 1)[:-1]
            if kind == wanted:
                return payload
            if kind != _HEARTBEAT:
                raise Refused(f"a frame of type {kind} instead of {wanted}")

    def _read(self, size: int) -> bytes:
        data = self._file.read(size)
        if len(data) < size:
            raise ConnectionError("the connection is lost")
        return data

    @staticmethod
    def _message(queue: str, id: str, body: bytes) -> bytes:
        with_these = (short("application/json") + b"\x02" + short(id))
        head = struct.pack(">HHQH", 60, 0, len(body), _CONTENT_TYPE | _MODE | _MESSAGE_ID)
        return (_framed(_METHOD, struct.pack(">HHH", 60, 40, 0) + short("") + short(queue) + b"\0")
                + _framed(_HEADER, head + with_these) + _framed(_BODY, body))

    @staticmethod
    def _properties(header: bytes) -> tuple:
        """(size of the body, message id)."""
        size, flags = struct.unpack_from(">QH", header, 4)
        at = 14
        for flag in (_CONTENT_TYPE, _ENCODING, _HEADERS, _MODE, _PRIORITY, _CORRELATION, _REPLY_TO,
                     _EXPIRATION):
            if not flags & flag:
                continue
            if flag == _HEADERS:
                at += 4 + struct.unpack_from(">I", header, at)[0]
            else:
                at += 1 if flag in (_MODE, _PRIORITY) else 1 + header[at]
        id = header[at + 1:at + 1 + header[at]].decode() if flags & _MESSAGE_ID else ""
        return size, id


def _framed(kind: int, payload: bytes, channel: int = 1) -> bytes:
    return struct.pack(">BHI", kind, channel, len(payload)) + payload + b"\xce"
