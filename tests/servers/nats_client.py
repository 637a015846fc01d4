"""A plain NATS client: what anybody may have who knows nothing of kernels. The client protocol's
text, over one socket, used by one thread at a time."""
import itertools
import json
import socket
import time
from dataclasses import dataclass, field

_SECONDS = 10.0


@dataclass
class Message:
    subject: str
    payload: bytes
    reply: str = ""
    headers: dict = field(default_factory=dict)


class NatsClient:
    def __init__(self, host: str, port: int):
        self._socket = socket.create_connection((host, port), _SECONDS)
        self._unread = b""  # whole lines survive a time-out in the middle of one
        self._numbers = itertools.count(1)
        self._inbox = f"_INBOX.{id(self):x}"
        self._line()  # INFO
        self._say(b"CONNECT " + json.dumps({"verbose": False, "headers": True,
                                            "no_responders": True}).encode() + b"\r\n")
        self.flush()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._socket.close()

    def subscribe(self, subject: str, queue: str = "") -> None:
        number = next(self._numbers)
        self._say(f"SUB {subject} {queue + ' ' if queue else ''}{number}\r\n".encode())
        self.flush()

    def publish(self, subject: str, payload: bytes = b"", reply: str = "", headers=None) -> None:
        to = f"{subject} {reply} " if reply else f"{subject} "
        if not headers:
            self._say(f"PUB {to}{len(payload)}\r\n".encode() + payload + b"\r\n")
            return
        head = b"NATS/1.0\r\n" + b"".join(f"{key}: {value}\r\n".encode()
                                          for key, value in headers.items()) + b"\r\n"
        self._say(f"HPUB {to}{len(head)} {len(head) + len(payload)}\r\n".encode()
                  + head + payload + b"\r\n")

    def request(self, subject: str, payload: bytes = b"", headers=None,
                seconds: float = _SECONDS) -> Message:
        """The first reply; its `status` header is 503 when nobody listens."""
        inbox = f"{self._inbox}.{next(self._numbers)}"
        self.subscribe(inbox)
        self.publish(subject, payload, inbox, headers)
        deadline = time.monotonic() + seconds
        while True:
            got = self.next(deadline - time.monotonic())
            if got.subject == inbox:
                return got

    def next(self, seconds: float = _SECONDS) -> Message:
        """The next message; TimeoutError when none comes."""
        self._socket.settimeout(max(seconds, 0.01))
        try:
            while True:
                line = self._line()
                if line.startswith(b"MSG "):
                    return self._message(line.split()[1:], has_headers=False)
                if line.startswith(b"HMSG "):
                    return self._message(line.split()[1:], has_headers=True)
                if line.startswith(b"-ERR"):
                    raise AssertionError(line.decode())
        finally:
            self._socket.settimeout(_SECONDS)

    def nothing(self, seconds: float = 0.3) -> bool:
        """Whether nothing comes for that long."""
        try:
            self.next(seconds)
        except TimeoutError:
            return True
        return False

    def flush(self) -> None:
        """The server has seen all that was said."""
        self._say(b"PING\r\n")
        while self._line() != b"PONG":
            pass

    # --- the protocol -----------------------------------------------------------------------------
    def _say(self, text: bytes) -> None:
        self._socket.sendall(text)

    def _line(self) -> bytes:
        while (end := self._unread.find(b"\r\n")) < 0:
            self._read_more()
        line, self._unread = self._unread[:end], self._unread[end + 2:]
        if line == b"PING":
            self._say(b"PONG\r\n")
        return line

    def _bytes(self, count: int) -> bytes:
        self._socket.settimeout(_SECONDS)  # the line before has promised them
        while len(self._unread) < count:
            self._read_more()
        out, self._unread = self._unread[:count], self._unread[count:]
        return out

    def _read_more(self) -> None:
        got = self._socket.recv(1 << 16)
        if not got:
            raise ConnectionError("the server hung up")
        self._unread += got

    def _message(self, words: list, has_headers: bool) -> Message:
        sizes = 2 if has_headers else 1
        total = int(words[-1])
        body = self._bytes(total + 2)[:total]
        reply = words[2].decode() if len(words) == 3 + sizes else ""
        out = Message(words[0].decode(), body, reply)
        if has_headers:
            size = int(words[-2])
            first, *rest = body[:size].decode("latin-1").split("\r\n")
            status = first.removeprefix("NATS/1.0").strip()
            out.headers = {key.strip().lower(): value.strip() for key, _, value in
                           (line.partition(":") for line in rest if line)}
            if status:
                out.headers["status"] = status.split()[0]
            out.payload = body[size:]
        return out
