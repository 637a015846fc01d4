"""A client of the kernel's HTTP API: keep-alive per thread, gzip on request, raw sockets."""
import gzip
import http.client
import select
import socket
import threading
import zlib
from dataclasses import dataclass
from urllib.parse import quote

from harness.wire import ERROR, OK, SYSTEM, UNSET, invocation, protocol_pb, registration

OCTETS = "application/octet-stream"
REGISTER_PATH = "/api/v1/system"


@dataclass
class Response:
    status: int
    headers: dict   # lower-case names
    body: bytes     # as it came, still encoded

    @property
    def plain(self) -> bytes:
        coding = self.headers.get("content-encoding", "identity")
        if coding in ("gzip", "x-gzip"):
            return gzip.decompress(self.body)
        if coding == "deflate":
            return zlib.decompress(self.body)
        return self.body

    def decode(self, kind):
        return kind.FromString(self.plain)


@dataclass
class Outcome:
    """The answer to an invocation."""
    http: int
    message: object      # InvocationResponse
    response: Response

    @property
    def ok(self) -> bool:
        return self.http == 200 and self.message.status.status == OK

    @property
    def text(self) -> str:
        return self.message.status.message

    @property
    def value(self):
        """Text of the payload's value, None when there is none."""
        if self.message.WhichOneof("payload") != "value":
            return None
        return self.message.value.value.decode()

    def expect_ok(self):
        assert self.ok, f"HTTP {self.http}, {self.message.status}"
        return self

    def expect_error(self, code: str = "", http: int = 500, status: int = ERROR):
        """One error as decisions.md D6 wants it: code, a decodable body, CODE: text."""
        got = f"HTTP {self.http}, {self.message.status}"
        assert self.http == http, got
        assert self.message.status.status == status, got
        head, colon, rest = self.text.partition(": ")
        assert colon and rest and head == head.upper() and head.replace("_", "").isalpha(), got
        if code:
            assert head == code, got
        return self


def read_response(stream, method: str = "POST") -> Response:
    """One HTTP response from a socket's file, to the byte, so that pipelining works."""
    line = stream.readline()
    if not line:
        raise ConnectionError("closed before a status line")
    status = int(line.split(b" ", 2)[1])
    headers = {}
    while (line := stream.readline()) not in (b"\r\n", b""):
        key, _, value = line.decode("latin-1").partition(":")
        headers[key.strip().lower()] = value.strip()
    if method == "HEAD" or status < 200 or status in (204, 304):
        return Response(status, headers, b"")
    if headers.get("transfer-encoding") == "chunked":
        pieces = []
        while size := int(stream.readline().split(b";")[0], 16):
            pieces.append(stream.read(size))
            stream.readline()
        stream.readline()
        return Response(status, headers, b"".join(pieces))
    if "content-length" in headers:
        return Response(status, headers, stream.read(int(headers["content-length"])))
    return Response(status, headers, stream.read())


def http_bytes(method, path, body=b"", headers=None, length=True) -> bytes:
    """A request as bytes, for tests that send them their own way."""
    lines = [f"{method} {path} HTTP/1.1", "Host: kernel"]
    merged = {"Content-Type": OCTETS} | (headers or {})
    if length:
        merged.setdefault("Content-Length", str(len(body)))
    lines += [f"{key}: {value}" for key, value in merged.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("kernel", timeout=timeout)
        self._path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


class Client:
    def __init__(self, port: int = 0, unix: str = "", timeout: float = 20.0):
        self.port, self.unix, self.timeout = port, unix, timeout
        self._local = threading.local()

    # --- HTTP ---------------------------------------------------------------------------------
    def _connection(self):
        kept = getattr(self._local, "connection", None)
        if kept is not None and kept.sock is not None and self._hung_up(kept.sock):
            self.close()  # the kernel closed it while nothing was asked: that is its right
        if getattr(self._local, "connection", None) is None:
            self._local.connection = (UnixConnection(self.unix, self.timeout) if self.unix else
                                      http.client.HTTPConnection("127.0.0.1", self.port,
                                                                 timeout=self.timeout))
        return self._local.connection

    @staticmethod
    def _hung_up(kept) -> bool:
        try:
            readable = select.select([kept], [], [], 0)[0]
            return bool(readable) and kept.recv(1, socket.MSG_PEEK) == b""
        except OSError:
            return True

    def close(self):
        if getattr(self._local, "connection", None) is not None:
            self._local.connection.close()
            self._local.connection = None

    def request(self, method, path, body=None, headers=None) -> Response:
        """One request on this thread's kept connection; a fresh one after any failure."""
        connection = self._connection()
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return Response(answer.status, {k.lower(): v for k, v in answer.getheaders()},
                            answer.read())
        except BaseException:
            self.close()
            raise

    def get(self, path, **headers) -> Response:
        return self.request("GET", path, headers=headers)

    def post(self, path, body: bytes, content_type=OCTETS, headers=None) -> Response:
        return self.request("POST", path, body, {"Content-Type": content_type} | (headers or {}))

    def socket(self) -> socket.socket:
        if self.unix:
            raw = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            raw.settimeout(self.timeout)
            raw.connect(str(self.unix))
            return raw
        raw = socket.create_connection(("127.0.0.1", self.port), timeout=self.timeout)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return raw

    # --- the protocol ---------------------------------------------------------------------------
    def register(self, *actors, system=SYSTEM, headers=None):
        """Registers and insists on success."""
        request = registration(actors, system)
        response = self.post(REGISTER_PATH, request.SerializeToString(), headers=headers)
        answer = response.decode(protocol_pb.RegistrationResponse)
        assert response.status == 200 and answer.status.status == OK, \
            f"registration: HTTP {response.status}, {answer.status}"
        return answer

    def spawn(self, *ids, revision=None):
        """(HTTP status, SpawnResponse)."""
        request = protocol_pb.SpawnRequest(actors=ids)
        query = "" if revision is None else f"?revision={revision}"
        response = self.post(f"{REGISTER_PATH}/{SYSTEM}/actors/spawn{query}",
                             request.SerializeToString())
        return response.status, response.decode(protocol_pb.SpawnResponse)

    def send(self, request, headers=None, path=None) -> Outcome:
        path = path or (f"{REGISTER_PATH}/{quote(request.system.name[:40], safe='')}/actors/"
                        f"{quote(request.actor.id.name[:40], safe='')}/invoke")
        response = self.post(path, request.SerializeToString(), headers=headers)
        return Outcome(response.status, response.decode(protocol_pb.InvocationResponse), response)

    def invoke(self, name, action, payload=UNSET, **options) -> Outcome:
        return self.send(invocation(name, action, payload, **options))

    def ready(self) -> bool:
        try:
            return self.get("/health/readiness").status == 200
        except (OSError, http.client.HTTPException):
            return False
