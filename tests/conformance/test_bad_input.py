"""Bad input, clause by clause: what clients send and hosts answer: a clear error for that caller,
the kernel up, a bystander served."""
import os
import socket
import threading
import time

import pytest
from harness import host as manners
from harness.client import REGISTER_PATH, http_bytes, read_response
from harness.host import Reply
from harness.mesh import eventually
from harness.wire import (ERROR, SYSTEM, UNNAMED, actor, actor_id, invocation, protocol_pb,
                          registration, text)

CONFIG = {"timeouts": {"request_ms": 800}}
NAME_MAX = 512
INVOKE = f"{REGISTER_PATH}/{SYSTEM}/actors/x/invoke"


@pytest.fixture
def bystander(mesh):
    """Another actor that must answer quickly before, during and after the fault."""
    name = mesh.counter("bystander")

    def check():
        client, begin = mesh.kernel.client, time.monotonic()
        client.invoke(name, "inc").expect_ok()
        assert time.monotonic() - begin < 1.0
        client.close()

    check()
    yield check
    check()
    assert mesh.kernel.alive


def is_error(outcome):
    assert not outcome.ok and outcome.http != 408
    assert outcome.message.status.status != 0 and outcome.text


# --- what clients send ----------------------------------------------------------------------------
@pytest.mark.parametrize("body", [b"", b"\x00" * 100, b"\xff" * 1000, os.urandom(4096),
                                  b"\x0a\xff\xff\xff\xff\x0f", b"{}", b"\x0b\x0b\x0b"],
                         ids=["empty", "zeros", "ones", "random", "length", "json", "groups"])
@pytest.mark.parametrize("path", [REGISTER_PATH, f"{REGISTER_PATH}/s/actors/spawn", INVOKE])
def test_garbage_bodies(mesh, bystander, path, body):
    """Bad input: a garbage body."""
    response = mesh.client.post(path, body)
    if body or path != f"{REGISTER_PATH}/s/actors/spawn":  # spawning nobody is no error
        assert response.status in (400, 500)
        assert response.decode(protocol_pb.InvocationResponse).status.status == ERROR


@pytest.mark.parametrize("place", ["actor", "action", "system", "parent", "register_ref"])
def test_over_long_names(mesh, bystander, place):
    """Bad input: 513 bytes are refused at ingress, 512 are not."""
    mesh.register(actor("ordinary", ["act"]))
    for length in (NAME_MAX, NAME_MAX + 1):
        name = "n" * length
        request = invocation("ordinary", "act")
        {"actor": lambda: setattr(request.actor.id, "name", name),
         "action": lambda: setattr(request, "action_name", name),
         "system": lambda: setattr(request.system, "name", name),
         "parent": lambda: setattr(request.actor.id, "parent", name),
         "register_ref": lambda: setattr(request, "register_ref", name)}[place]()
        outcome = mesh.client.send(request, path=INVOKE)
        if length > NAME_MAX:
            is_error(outcome)
            assert outcome.http == 400, outcome.text
        else:
            assert outcome.http in (200, 500)
            assert "_NOT_FOUND" in outcome.text or outcome.ok, outcome.text


def test_the_longest_name_works(mesh, bystander):
    """Bad input: a name of 512 bytes, multi-byte characters among them, is served."""
    name = "ü" * 200 + "n" * (NAME_MAX - 400)
    mesh.host.on(name, "act", reply=Reply(payload=text("long"), state=text("kept")))
    mesh.register(actor(name, ["act"]))
    assert mesh.client.send(invocation(name, "act"), path=INVOKE).expect_ok().value == "long"


def test_over_long_names_in_registrations(mesh, bystander):
    """Bad input: refused as a whole, with a text."""
    request = registration([actor("n" * (NAME_MAX + 1), ["act"])])
    response = mesh.client.post(REGISTER_PATH, request.SerializeToString())
    assert response.status in (400, 500)
    answer = response.decode(protocol_pb.RegistrationResponse)
    assert answer.status.status == ERROR and answer.status.message
    status, answer = mesh.client.spawn(actor_id("n" * (NAME_MAX + 1), parent="p"))
    assert status in (400, 500) and answer.status.status == ERROR


@pytest.mark.parametrize("name", ["a/b", "a%b", "../../etc", "a b", "ü", "'; drop table x;--",
                                  "\x01", "a\nb", "\x7f"])
def test_strange_names_are_ordinary(mesh, bystander, name):
    """Bad input: D25: names are bytes; what is special in keys is encoded."""
    name = f"{name}{mesh.name()}"
    mesh.host.on(name, "act", lambda call: Reply(payload=text(call.name), state=text("s")))
    mesh.register(actor(name, ["act"], deactivate_ms=30))
    assert mesh.invoke(name, "act").expect_ok().value == name
    time.sleep(0.1)
    assert mesh.invoke(name, "get").expect_ok().value == "s"


def test_names_that_are_no_utf8(mesh, bystander):
    """Bad input: a name that is not text is an error, not a crash."""
    body = invocation("NAME", "act").SerializeToString().replace(b"NAME", b"\xff\xfe\xfd\xfc")
    response = mesh.client.post(INVOKE, body)
    assert response.status in (400, 500)
    assert response.headers["content-length"] != "0"


def test_a_body_of_100_megabytes_is_refused_unread(mesh, bystander):
    """Bad input: 413 after the headers."""
    raw = mesh.client.socket()
    with raw, raw.makefile("rb") as stream:
        raw.sendall(http_bytes("POST", INVOKE, headers={"Content-Length": "104857600"}))
        assert read_response(stream).status == 413


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_of_100_megabytes_takes_no_memory(mesh, bystander, chunked):
    """Bad input: even if the client goes on sending, with a length or in chunks."""
    before, piece = mesh.kernel.resident_bytes(), b"x" * 1_000_000
    raw = mesh.client.socket()
    raw.settimeout(3)
    headers = {"Transfer-Encoding": "chunked"} if chunked else {"Content-Length": "100000000"}
    with raw:
        raw.sendall(http_bytes("POST", INVOKE, headers=headers, length=False))
        try:
            for _ in range(100):
                raw.sendall(b"f4240\r\n" + piece + b"\r\n" if chunked else piece)
        except OSError:
            pass  # refused in the middle: just as good
        bystander()
        assert mesh.kernel.resident_bytes() - before < 48_000_000


def test_many_large_bodies_are_bounded(mesh, bystander):
    """Bad input: 64 clients announce 8 MB and send half: others are served meanwhile."""
    sockets = []
    try:
        for _ in range(64):
            raw = mesh.client.socket()
            raw.sendall(http_bytes("POST", INVOKE, headers={"Content-Length": "8000000"}))
            raw.sendall(b"y" * 100_000)
            sockets.append(raw)
        bystander()
    finally:
        for raw in sockets:
            raw.close()


def test_slow_loris(mesh, bystander):
    """Bad input: 200 clients that send a byte now and then do not keep others from service."""
    sockets = [mesh.client.socket() for _ in range(200)]
    try:
        for piece in (b"POST /api", b"/v1/system HTTP/1.1\r\n", b"Host: k\r\nX-A: ", b"b"):
            for raw in sockets:
                raw.sendall(piece)
            bystander()
    finally:
        for raw in sockets:
            raw.close()


def test_a_slow_client_is_cut_off(fresh):
    """Bad input: a request that does not come to its end in time is ended by the kernel."""
    mesh = fresh({"timeouts": {"client_read_ms": 400}})
    for piece in (b"POST /api/v1/system HTT",
                  http_bytes("POST", INVOKE, headers={"Content-Length": "100"}) + b"half"):
        raw = mesh.client.socket()
        raw.settimeout(5)
        raw.sendall(piece)
        begin, received = time.monotonic(), b""
        while data := raw.recv(4096):
            received += data
        assert time.monotonic() - begin < 4
        assert b" 408 " not in received
        raw.close()


@pytest.mark.parametrize("data", [
    b"\r\n\r\n\r\n", b"GET\r\n\r\n", b"\x16\x03\x01\x02\x00\x01",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"POST /api/v1/system HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
    b"POST /api/v1/system HTTP/1.1\r\nContent-Length: abc\r\n\r\n",
    b"POST /api/v1/system HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
    b"POST /api/v1/system HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"GET / HTTP/1.1\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
    b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n", b"\x00" * 10_000],
    ids=["blank", "no-path", "tls", "http2", "negative", "letters", "two-lengths", "chunks",
         "long-header", "long-path", "zeros"])
def test_no_http(mesh, bystander, data):
    """Bad input: not HTTP at all: 4xx or a closed connection, never a hang, never 200."""
    raw = mesh.client.socket()
    raw.settimeout(3)
    received = b""
    try:
        raw.sendall(data)
        raw.shutdown(socket.SHUT_WR)
        while piece := raw.recv(4096):
            received += piece
    except ConnectionError:
        pass
    finally:
        raw.close()
    assert b" 200 " not in received[:20]


def test_clients_that_vanish(mesh, bystander):
    """Bad input: closed before the answer; the action runs, its answer goes nowhere."""
    name = mesh.name("slow")
    mesh.host.on(name, "act", reply=Reply(state=text("ran"), delay=0.1))
    mesh.register(actor(name, ["act"]))
    for _ in range(20):
        raw = mesh.client.socket()
        raw.sendall(http_bytes("POST", INVOKE, invocation(name, "act").SerializeToString()))
        raw.close()
    mesh.host.wait(1, name, "act")
    outcome = mesh.invoke(name, "get", metadata={"request-timeout": "5000"})
    assert outcome.expect_ok().value == "ran"


def test_too_much_metadata(mesh, bystander):
    """Bad input: more than 64 KiB of metadata, more than 128 entries."""
    name = mesh.counter()
    is_error(mesh.invoke(name, "inc", metadata={"k": "v" * (64 << 10)}))
    is_error(mesh.invoke(name, "inc", metadata={f"k{number}": "" for number in range(129)}))
    mesh.invoke(name, "inc", metadata={f"k{number}": "" for number in range(128)}).expect_ok()
    assert len(mesh.host.seen(name, "inc")) == 1


def test_unknown_actor(mesh, bystander):
    """Bad input: an unknown actor."""
    is_error(mesh.invoke(mesh.name("nobody"), "act"))


def test_unknown_action(mesh, bystander):
    """Bad input: an unknown action."""
    is_error(mesh.invoke(mesh.counter(), "absent"))


def test_a_registration_of_a_thousand_bad_actors(mesh, bystander):
    """Bad input: definitions with empty names, no ids, doubled actions."""
    request = protocol_pb.RegistrationRequest(
        service_info=protocol_pb.ServiceInfo(service_name="x"))
    request.actor_system.name = SYSTEM
    actors = request.actor_system.registry.actors
    actors[""].SetInParent()
    actors[mesh.name("no-id")].settings.kind = UNNAMED
    doubled = mesh.name("doubled")
    actors[doubled].CopyFrom(actor(doubled, ["a"] * 1000, channels=[("t", "a")] * 100))
    response = mesh.client.post(REGISTER_PATH, request.SerializeToString())
    assert response.decode(protocol_pb.RegistrationResponse).status.status != 0


# --- what hosts do ----------------------------------------------------------------------------
HOSTS = {"garbage": lambda call: manners.nonsense(), "page": lambda call: manners.garbage(),
         "late": lambda call: Reply(delay=1.0),
         "never": lambda call: manners.never(), "closes": lambda call: manners.slam(),
         "closes-in-head": lambda call: manners.Answer(body=b"x" * 50, cut=0),
         "huge": lambda call: manners.Answer(body=b"\xff" * 1_000_000)}


@pytest.mark.parametrize("manner", HOSTS)
def test_bad_hosts_hurt_only_their_callers(mesh, bystander, manner):
    """Bad input: a host that answers garbage, late, never, or closes early: 16 callers get
    their error, a bystander is served all the while, and a log line says it."""
    names = [mesh.name("bad") for _ in range(16)]
    for name in names:
        mesh.host.on(name, "act", HOSTS[manner])
    mesh.register(*[actor(name, ["act"]) for name in names])
    outcomes = []
    threads = [threading.Thread(target=lambda name=name: outcomes.append(
        mesh.kernel.client.invoke(name, "act"))) for name in names]
    for thread in threads:
        thread.start()
    for _ in range(5):
        bystander()
    for thread in threads:
        thread.join(10)
    assert len(outcomes) == 16
    for outcome in outcomes:
        outcome.expect_error()
    for name in names:
        assert len(mesh.host.seen(name, "act")) == 1


def test_bad_hosts_are_counted_and_logged(fresh):
    """Bad input: a log line and a metric."""
    mesh = fresh(CONFIG)
    name = mesh.name("bad")
    mesh.host.on(name, "act", lambda call: manners.garbage())
    mesh.register(actor(name, ["act"]))
    before, lines = mesh.client.get("/metrics").plain, len(mesh.kernel.log)
    mesh.invoke(name, "act").expect_error()
    eventually(lambda: len(mesh.kernel.log) > lines, 3, "a log line")
    assert mesh.client.get("/metrics").plain != before
