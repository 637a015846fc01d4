"""An actor host in threads: well-behaved by default, ill-behaved on request.

It speaks HTTP/1.1 over plain sockets and keeps every request exactly as it came, with the pieces
in which the bytes arrived. An action is a Python function that gets a Call and returns a Reply
(well-behaved) or an Answer (bytes and manners of its own choice). Actions are found by
(actor name, action), then (parent, action). Without a match the host behaves like an SDK that
does not know the action: 200 with the context echoed.
"""
import socket
import threading
import time
from dataclasses import dataclass, field

from harness.kernel import free_port
from harness.wire import UNSET, payload_of, protocol_pb, put_payload, untext

PATH = "/api/v1/actors/actions"
TOLD = ("spawn-message-id", "spawn-revision")  # what a kernel says of each call (durability.md 28)
KEEP = object()  # leave the state out of the answer


@dataclass
class Call:
    """One request to the host."""
    invocation: object
    body: bytes
    head: bytes
    segments: list
    connection: int
    at: float
    method: str = ""
    path: str = ""
    headers: dict = field(default_factory=dict)
    done_at: float = 0.0

    @property
    def actor(self):
        return self.invocation.actor

    @property
    def name(self):
        return self.invocation.actor.name

    @property
    def action(self):
        return self.invocation.action_name

    @property
    def context(self):
        return self.invocation.current_context

    @property
    def payload(self):
        return payload_of(self.invocation)

    @property
    def state(self):
        """Text of the state, None when the context carries none."""
        context = self.invocation.current_context
        return untext(context.state) if context.HasField("state") else None

    @property
    def tags(self):
        return dict(self.invocation.current_context.tags)

    @property
    def metadata(self):
        """The caller's; what the kernel tells of the call itself is in `told`."""
        return {key: value for key, value in self.invocation.current_context.metadata.items()
                if key not in TOLD}

    @property
    def told(self):
        return {key: value for key, value in self.invocation.current_context.metadata.items()
                if key in TOLD}


@dataclass
class Reply:
    """A well-behaved answer. state=KEEP leaves the state out; tags=None leaves the tags out."""
    payload: object = UNSET
    state: object = KEEP
    tags: dict = None
    workflow: object = None
    checkpoint: bool = False
    delay: float = 0.0

    def encode(self, call: Call) -> bytes:
        message = protocol_pb.ActorInvocationResponse(actor_name=call.name,
                                                      actor_system=call.actor.system)
        message.updated_context.SetInParent()
        if self.state is not KEEP:
            message.updated_context.state.CopyFrom(self.state)
        for key, value in (self.tags or {}).items():
            message.updated_context.tags[key] = value
        put_payload(message, self.payload)
        if self.workflow is not None:
            message.workflow.CopyFrom(self.workflow)
        message.checkpoint = self.checkpoint
        return message.SerializeToString()


@dataclass
class Answer:
    """An answer with manners of its own."""
    body: bytes = b""
    status: int = 200
    delay: float = 0.0       # seconds before the first byte
    close_after: bool = False  # answer, then close without saying so
    say_close: bool = False  # answer with Connection: close, then close
    chunked: bool = False
    cut: int = -1            # close after this many bytes of the body
    silent: bool = False     # never answer; wait until the peer gives up
    slam: bool = False       # close without an answer
    content_type: str = "application/octet-stream"


def garbage() -> Answer:
    """The page that Flask and Rocket answer; its first byte ends a group that never began."""
    return Answer(body=b"<html><h1>500 Internal Server Error</h1></html>")


def nonsense() -> Answer:
    """A length that points far behind the end: no reader can take it for a message."""
    return Answer(body=b"\x1a\xff\xff\xff\xff\x0f\x00")


def empty() -> Answer:
    return Answer(body=b"", status=400)


def failing(body: bytes = b"<html>boom</html>") -> Answer:
    return Answer(body=body, status=500, content_type="text/html")


def without_context(call: Call) -> Answer:
    """What Go and the node runtimes answer when an action fails: 200, no updated_context."""
    message = protocol_pb.ActorInvocationResponse(actor_name=call.name,
                                                  actor_system=call.actor.system)
    return Answer(body=message.SerializeToString())


def never() -> Answer:
    return Answer(silent=True)


def slam() -> Answer:
    return Answer(slam=True)


def echo_context(call: Call) -> Reply:
    state = call.context.state if call.context.HasField("state") else KEEP
    return Reply(state=state, tags=call.tags)


class Host:
    """The server. start() listens, stop() closes everything; port stays the same."""

    def __init__(self, port: int = 0, listen: bool = True):
        self.port = port
        self.calls = []               # every Call in order of arrival
        self.connections = 0          # accepted so far
        self.abandoned = 0            # silent answers whose peer closed the connection
        self.running = {}             # (name, action) -> calls inside a function now
        self.most = {}                # (name) -> most calls seen at once
        self.errors = []              # exceptions of action functions, shown on failure
        self.default = echo_context
        self._actions = {}
        self._changed = threading.Condition()
        self._listener = None
        self._open = set()
        self._over = threading.Event()
        if listen:
            self.start()
        elif port == 0:
            self.port = free_port()

    # --- life -----------------------------------------------------------------------------
    def start(self):
        self._over = threading.Event()
        self.port = self.port or free_port()
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=512)
        threading.Thread(target=self._accept, args=(self._listener, self._over),
                         daemon=True).start()
        return self

    def stop(self):
        self._over.set()
        if self._listener is not None:
            try:
                self._listener.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            self._listener.close()
            self._listener = None
        with self._changed:
            sockets = list(self._open)
        for connection in sockets:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    # --- what a test says and asks ----------------------------------------------------------
    def on(self, owner: str, action: str, function=None, *, reply=None):
        """Binds an action of an actor or of a parent. Usable as a decorator."""
        if reply is not None:
            self._actions[owner, action] = lambda call: reply
            return None
        if function is None:
            return lambda body: self._actions.__setitem__((owner, action), body) or body
        self._actions[owner, action] = function
        return function

    def seen(self, name=None, action=None) -> list:
        with self._changed:
            return [call for call in self.calls
                    if (name is None or call.name == name)
                    and (action is None or call.action == action)]

    def wait(self, count=1, name=None, action=None, timeout=5.0) -> list:
        """At least count matching calls, or an AssertionError that lists what came instead."""
        deadline = time.monotonic() + timeout
        while True:
            found = self.seen(name, action)
            if len(found) >= count:
                return found
            left = deadline - time.monotonic()
            if left <= 0:
                came = [(call.name, call.action) for call in self.calls][-20:]
                raise AssertionError(f"host saw {len(found)} of {count} calls of "
                                     f"{name}/{action} in {timeout} s; last calls: {came}")
            with self._changed:
                self._changed.wait(min(left, 0.05))

    # --- serving ------------------------------------------------------------------------------
    def _accept(self, listener, over):
        while not over.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._changed:
                self.connections += 1
                number = self.connections
                self._open.add(connection)
            threading.Thread(target=self._serve, args=(connection, number, over),
                             daemon=True).start()

    def _serve(self, connection, number, over):
        buffered = b""
        try:
            while not over.is_set():
                request = self._read(connection, buffered)
                if request is None:
                    return
                head, body, segments, buffered = request
                call = self._record(head, body, segments, number)
                answer = self._run(call, over)
                if not self._send(connection, call, answer, over):
                    return
        except OSError:
            return
        finally:
            with self._changed:
                self._open.discard(connection)
            connection.close()

    @staticmethod
    def _read(connection, buffered):
        data, segments = buffered, [buffered] if buffered else []
        while b"\r\n\r\n" not in data:
            piece = connection.recv(1 << 20)
            if not piece:
                return None
            segments.append(piece)
            data += piece
        head, _, rest = data.partition(b"\r\n\r\n")
        length = 0
        for line in head.split(b"\r\n")[1:]:
            key, _, value = line.partition(b":")
            if key.strip().lower() == b"content-length":
                length = int(value)
        pieces, have = [rest], len(rest)
        while have < length:
            piece = connection.recv(1 << 20)
            if not piece:
                return None
            segments.append(piece)
            pieces.append(piece)
            have += len(piece)
        rest = b"".join(pieces)
        return head, rest[:length], segments, rest[length:]

    def _record(self, head, body, segments, number) -> Call:
        lines = head.decode("latin-1").split("\r\n")
        method, path, _ = lines[0].split(" ", 2)
        headers = {}
        for line in lines[1:]:
            key, _, value = line.partition(":")
            headers[key.strip().lower()] = value.strip()
        call = Call(protocol_pb.ActorInvocation.FromString(body), body, head, segments, number,
                    time.monotonic(), method, path, headers)
        with self._changed:
            self.calls.append(call)
            key = call.name
            self.running[key] = self.running.get(key, 0) + 1
            self.most[key] = max(self.most.get(key, 0), self.running[key])
            self._changed.notify_all()
        return call

    def _run(self, call: Call, over):
        function = (self._actions.get((call.name, call.action))
                    or self._actions.get((call.actor.parent, call.action)) or self.default)
        try:
            answer = function(call)
            if answer.delay:
                over.wait(answer.delay)
            return answer
        except Exception as problem:  # shown by the test, answered as SDKs do
            self.errors.append((call.name, call.action, repr(problem)))
            return failing()
        finally:
            call.done_at = time.monotonic()
            with self._changed:
                self.running[call.name] -= 1
                self._changed.notify_all()

    def _send(self, connection, call, answer, over) -> bool:
        """True when the connection may carry the next request."""
        if isinstance(answer, Reply):
            answer = Answer(body=answer.encode(call))
        if answer.slam:
            return False
        if answer.silent:
            self._linger(connection, over)
            return False
        head = [f"HTTP/1.1 {answer.status} Reason", f"content-type: {answer.content_type}"]
        if answer.say_close:
            head.append("connection: close")
        if answer.chunked:
            head.append("transfer-encoding: chunked")
            half = max(1, len(answer.body) // 2)
            parts = [part for part in (answer.body[:half], answer.body[half:]) if part]
            body = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
        else:
            head.append(f"content-length: {len(answer.body)}")
            body = answer.body
        if answer.cut >= 0:
            body = body[:answer.cut]
        ends = answer.close_after or answer.say_close or answer.cut >= 0
        if ends:  # the end travels with the last bytes, so that nobody can be too late for it
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
        connection.sendall("\r\n".join(head).encode() + b"\r\n\r\n" + body)
        if ends:
            connection.shutdown(socket.SHUT_WR)
        return not ends

    def _linger(self, connection, over):
        connection.settimeout(0.05)
        while not over.is_set():
            try:
                if not connection.recv(1 << 16):
                    with self._changed:
                        self.abandoned += 1
                        self._changed.notify_all()
                    return
            except TimeoutError:
                continue
