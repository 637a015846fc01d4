"""D12: docs/limits.md, row by row: accepted at the limit; one more is refused with the error the
page states, nothing is executed, and the kernel serves on. Here: names, requests, queues; hosts,
turns and saves are in test_limits_of_work. What is tested elsewhere is named on that page."""
import socket
import time

import pytest
from harness.client import REGISTER_PATH, http_bytes, read_response
from harness.host import Reply
from harness.mesh import eventually, holding
from harness.wire import (OK, POOLED, SYSTEM, UNNAMED, actor, actor_id, invocation, protocol_pb,
                          registration, text)

from harness import host as manners

NAME, KEY = 512, 1024
BODY, HEADER, METADATA, ENTRIES, MAILBOX = 16384, 2048, 1000, 5, 3
CONFIG = {"limits": {"body_bytes": BODY, "header_bytes": HEADER, "metadata_bytes": METADATA,
                     "metadata_entries": ENTRIES, "mailbox": MAILBOX}}
INVOKE = f"{REGISTER_PATH}/{SYSTEM}/actors/x/invoke"
LONG = {"request-timeout": "30000"}
MIB = 1 << 20


@pytest.fixture(autouse=True)
def serves_on(request):
    """Whatever was refused, an actor nobody has heard of is served afterwards."""
    yield
    if "mesh" in request.fixturenames:
        mesh = request.getfixturevalue("mesh")
        assert mesh.count(mesh.counter("afterwards")) == 0


def one_lane(fresh, count, stateful=False, **config):
    """A kernel with one lane, and actors that know `hold` and `act`."""
    mesh = fresh({"runtime": {"lanes": 1}} | config)
    names = [mesh.name("held") for _ in range(count)]
    mesh.register(*[actor(name, ["hold", "act"], stateful=stateful) for name in names])
    return mesh, names


def send_hold(mesh, name):
    mesh.invoke(name, "hold", asynchronous=True, metadata=LONG).expect_ok()


def exhausted(outcome):
    outcome.expect_error("RESOURCE_EXHAUSTED", 503)
    assert int(outcome.response.headers["retry-after"]) >= 1


def padded(size, build) -> bytes:
    """What build(number of bytes of padding) encodes to, with exactly so many bytes in all."""
    padding = size
    for _ in range(4):
        body = build(padding)
        if len(body) == size:
            return body
        padding += size - len(body)
    raise AssertionError(f"no message of {size} bytes")


# --- names and keys -------------------------------------------------------------------------------
@pytest.mark.parametrize("what", ["actor", "action", "timer"])
def test_names_in_registrations(mesh, what):
    """D12: 512 bytes; refused as a whole, so that the good actor beside it is unknown, too."""
    for length, good in ((NAME, True), (NAME + 1, False)):
        name, beside = "n" * length, mesh.name("beside")
        definition = {"actor": lambda: actor(name, ["act"], kind=UNNAMED),
                      "action": lambda: actor(mesh.name(), [name]),
                      "timer": lambda: actor(mesh.name(), timers=[(60_000, name)])}[what]()
        request = registration([definition, actor(beside, ["act"])])
        response = mesh.client.post(REGISTER_PATH, request.SerializeToString())
        status = response.decode(protocol_pb.RegistrationResponse).status
        assert (response.status, status.status == OK) == ((200, True) if good else (400, False))
        assert good or status.message.startswith("INVALID_ARGUMENT: "), status
        assert mesh.invoke(beside, "act").ok == good


def test_names_in_spawns(mesh):
    """D12: 512 bytes."""
    parent = mesh.plain("Parent", kind=UNNAMED)
    for length, status in ((NAME, 200), (NAME + 1, 400)):
        assert mesh.client.spawn(actor_id("s" * length, parent=parent))[0] == status
        outcome = mesh.client.send(invocation("s" * length, "act"), path=INVOKE)
        assert outcome.ok == (status == 200), outcome.text


def test_keys_in_spawns(mesh):
    """D12: 1,024 bytes after encoding; refused at once, not at the first call."""
    parent = "y" * NAME
    mesh.register(actor(parent, ["act"], kind=UNNAMED))
    longest = KEY - len(f"a/{SYSTEM}/{parent}/")
    for length, status in ((longest, 200), (longest + 1, 400)):
        assert mesh.client.spawn(actor_id("z" * length, parent=parent))[0] == status


def test_names_in_paths(mesh):
    """D12: 512 bytes each, of the JSON routes."""
    for length, status in ((NAME, 404), (NAME + 1, 400)):
        path = f"/v1/systems/{SYSTEM}/actors/{'q' * length}/act"
        assert mesh.client.post(path, b"{}", "application/json").status == status


def test_keys_of_actors(mesh):
    """D12: 1,024 bytes after encoding; a/<system>/<parent>/<name> here."""
    parent = "p" * NAME
    mesh.host.on(parent, "act", reply=Reply(state=text("kept")))
    mesh.register(actor(parent, ["act"], kind=UNNAMED))
    longest = KEY - len(f"a/{SYSTEM}/{parent}/")
    for length in (longest, longest + 1):
        name = "k" * length
        outcome = mesh.client.send(invocation(name, "act", ref=parent), path=INVOKE)
        if length == longest:
            outcome.expect_ok()
        else:
            outcome.expect_error("INVALID_ARGUMENT", 400)
        assert len(mesh.host.seen(name)) == (length == longest)


def test_keys_of_registrations(mesh):
    """D12: counted after encoding, where \\x01 takes three bytes; the key of the actor itself counts,
    which has one byte more than the registration's."""
    plain = KEY - len(f"a/{SYSTEM}//") - 3 * 300
    for more, status in ((0, 200), (1, 400)):
        name = "\x01" * 300 + "t" * (plain + more)
        body = registration([actor(name, ["act"], stateful=False)]).SerializeToString()
        response = mesh.client.post(REGISTER_PATH, body)
        assert response.status == status, response.decode(protocol_pb.RegistrationResponse).status
        assert mesh.client.send(invocation(name, "act"), path=INVOKE).ok == (status == 200)


# --- requests -------------------------------------------------------------------------------------
@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("size", [BODY, None], ids=["small", "default"])
def test_bodies(mesh, fresh, chunked, size):
    """D12: limits.body_bytes; 8,000,000 where nothing is said."""
    if size is None:
        # So large a body takes longer to copy than a lane may take for anything else.
        size, mesh = 8_000_000, fresh({"runtime": {"lane_stall_ms": 100}})
    name = mesh.plain()
    for length, status in ((size, 200), (size + 1, 413)):
        body = padded(length, lambda padding: invocation(
            name, "act", text(b"x" * padding)).SerializeToString())
        raw = mesh.client.socket()
        with raw, raw.makefile("rb") as stream:
            if chunked:
                half = length // 2
                raw.sendall(http_bytes("POST", INVOKE, headers={"Transfer-Encoding": "chunked"},
                                       length=False))
                body = b"".join(b"%x\r\n%s\r\n" % (len(part), part)
                                for part in (body[:half], body[half:])) + b"0\r\n\r\n"
                raw.sendall(body)
            else:
                raw.sendall(http_bytes("POST", INVOKE, body))
            answer = read_response(stream)
            assert answer.status == status
            said = answer.decode(protocol_pb.InvocationResponse).status.message
            assert status == 200 or said.startswith("TOO_LARGE: ") and not stream.read()
    assert len(mesh.host.seen(name)) == 1


@pytest.mark.parametrize("part", ["line", "fields"])
def test_headers(mesh, part):
    """D12: limits.header_bytes, for the request line and for the fields; 431, then closed."""
    for length, status in ((HEADER, 200), (HEADER + 1, 431)):
        if part == "line":
            query = b"q" * (length - len("GET /health? HTTP/1.1\r\n"))
            head = b"GET /health?%s HTTP/1.1\r\n\r\n" % query
        else:
            fields = b"X: %s\r\n\r\n" % (b"f" * (length - len("X: \r\n\r\n")))
            head = b"GET /health HTTP/1.1\r\n" + fields
        raw = mesh.client.socket()
        with raw, raw.makefile("rb") as stream:
            raw.sendall(head)
            assert read_response(stream).status == status
            assert status == 200 or not stream.read()


def test_metadata_bytes(mesh):
    """D12: limits.metadata_bytes, keys and values together."""
    name = mesh.counter()
    mesh.invoke(name, "inc", metadata={"key": "v" * (METADATA - 3)}).expect_ok()
    mesh.invoke(name, "inc", metadata={"key": "v" * (METADATA - 2)}).expect_error(
        "INVALID_ARGUMENT", 400)
    assert mesh.count(name) == 1


def test_metadata_entries(mesh):
    """D12: limits.metadata_entries."""
    name = mesh.counter()
    mesh.invoke(name, "inc", metadata={f"k{n}": "" for n in range(ENTRIES)}).expect_ok()
    mesh.invoke(name, "inc", metadata={f"k{n}": "" for n in range(ENTRIES + 1)}).expect_error(
        "INVALID_ARGUMENT", 400)
    assert mesh.count(name) == 1


def test_open_connections(fresh):
    """D12: limits.connections: one more is not served until another closes."""
    mesh, (name,) = one_lane(fresh, 1, limits={"connections": 2})
    mesh.client.close()
    request = http_bytes("POST", INVOKE, invocation(name, "act").SerializeToString())
    served = [mesh.client.socket() for _ in range(2)]
    for raw in served:
        raw.sendall(request)
        assert read_response(raw.makefile("rb")).status == 200
    waiting = mesh.client.socket()
    with waiting:
        waiting.sendall(request)
        waiting.settimeout(0.3)
        with pytest.raises(TimeoutError):
            waiting.recv(1)
        assert len(mesh.host.seen(name)) == 2
        waiting.settimeout(5)
        served[0].shutdown(socket.SHUT_RDWR)
        assert read_response(waiting.makefile("rb")).status == 200
    for raw in served:
        raw.close()


def test_idle_connections(fresh):
    """D12: timeouts.client_idle_ms: used sooner, it stays; then it is closed."""
    mesh = fresh({"timeouts": {"client_idle_ms": 400}})
    raw = mesh.client.socket()
    with raw, raw.makefile("rb") as stream:
        for _ in range(4):
            raw.sendall(http_bytes("GET", "/health"))
            assert read_response(stream).status == 200
            last = time.monotonic()
            time.sleep(0.2)
        assert stream.read() == b""
        assert 0.3 < time.monotonic() - last < 3


def test_deadlines(fresh):
    """D12: timeouts.request_ms where none is named; a later one than request_max_ms becomes it."""
    mesh = fresh({"timeouts": {"request_ms": 300, "request_max_ms": 600}})
    name = mesh.name()
    mesh.host.on(name, "act", lambda call: manners.never())
    mesh.register(actor(name, ["act"]))
    for asked, least in ((None, 0.3), ("600", 0.6), ("601", 0.6), ("86400000", 0.6)):
        begin = time.monotonic()
        mesh.invoke(name, "act", metadata={"request-timeout": asked} if asked else None
                    ).expect_error("DEADLINE_EXCEEDED", 500)
        assert least - 0.05 < time.monotonic() - begin < least + 0.25, asked


# --- memory and queues ----------------------------------------------------------------------------
def test_bytes_in_flight(fresh):
    """D12: limits.inflight_bytes: what waits fills it; refused is not executed; then room again."""
    mesh, (name,) = one_lane(fresh, 1, limits={"inflight_bytes": MIB})
    with holding(mesh, name):
        send_hold(mesh, name)
        mesh.host.wait(1, name, "hold")
        big = text(b"x" * 100_000)
        accepted = 0
        while (last := mesh.invoke(name, "act", big, asynchronous=True, metadata=LONG)).ok:
            accepted += 1
            assert accepted <= 10
        exhausted(last)
        assert accepted == 10  # 1,000,000 of 1,048,576 bytes, and what belongs to each message
    eventually(lambda: mesh.invoke(name, "act", big).ok, 5, "room again")
    assert len(mesh.host.seen(name, "act")) == accepted + 1


def test_bytes_of_bodies_under_way(fresh):
    """D12: limits.inflight_bytes: what has arrived of a body counts before all of it is there."""
    mesh, (name,) = one_lane(fresh, 1, limits={"inflight_bytes": MIB})
    head = http_bytes("POST", INVOKE, headers={"Content-Length": "500000"}, length=False)
    under_way = []
    try:
        for _ in range(2):
            under_way.append(mesh.kernel.client.socket())
            under_way[-1].sendall(head + b"x" * 450_000)
        eventually(lambda: used_bytes(mesh) > 900_000, 5, "both are read")
        with mesh.kernel.client.socket() as third, third.makefile("rb") as stream:
            third.sendall(head + b"x" * 450_000)
            refused = read_response(stream)
        assert refused.status == 503 and int(refused.headers["retry-after"]) >= 1
        said = refused.decode(protocol_pb.InvocationResponse).status.message
        assert said.startswith("RESOURCE_EXHAUSTED: "), said
    finally:
        for each in under_way:
            each.close()
    eventually(lambda: used_bytes(mesh) == 0, 5, "given back")
    mesh.invoke(name, "act", text(b"x" * 400_000)).expect_ok()


def used_bytes(mesh) -> float:
    lines = mesh.client.get("/metrics").plain.decode().splitlines()
    return next(float(line.split()[1]) for line in lines
                if line.startswith("spawn_inflight_bytes "))


def test_actors_in_memory(fresh):
    """D12: limits.active_actors: a quiet one makes room; if all are busy the new one is refused."""
    mesh, names = one_lane(fresh, 3, limits={"active_actors": 2})
    for name in names * 2:
        mesh.invoke(name, "act").expect_ok()
    with holding(mesh, *names[:2]):
        for name in names[:2]:
            send_hold(mesh, name)
            mesh.host.wait(1, name, "hold")
        before = len(mesh.host.seen(names[2]))
        exhausted(mesh.invoke(names[2], "act"))
        assert len(mesh.host.seen(names[2])) == before
    eventually(lambda: mesh.invoke(names[2], "act").ok, 5, "room again")


@pytest.mark.parametrize("stateful", [False, True])
def test_mailboxes(mesh, stateful):
    """D12: limits.mailbox: waiting messages, besides the one that runs."""
    name = mesh.name("full")
    mesh.register(actor(name, ["hold", "act"], stateful=stateful))
    with holding(mesh, name):
        send_hold(mesh, name)
        mesh.host.wait(1, name, "hold")
        for _ in range(MAILBOX):
            mesh.invoke(name, "act", asynchronous=True, metadata=LONG).expect_ok()
        exhausted(mesh.invoke(name, "act", asynchronous=True))
    mesh.host.wait(MAILBOX, name, "act")
    mesh.invoke(name, "get").expect_ok()
    assert len(mesh.host.seen(name, "act")) == MAILBOX


def test_parallel_calls_of_a_pool(fresh):
    """D12: limits.pool_parallel: the next call waits, and is executed in its turn."""
    mesh = fresh({"limits": {"pool_parallel": 2, "mailbox": 1}})
    name = mesh.name("pool")
    mesh.register(actor(name, ["hold"], kind=POOLED, stateful=False))
    with holding(mesh, name):
        for _ in range(3):
            send_hold(mesh, name)
        mesh.host.wait(2, name)
        exhausted(mesh.invoke(name, "hold"))
        assert len(mesh.host.seen(name)) == 2
    mesh.host.wait(3, name)
    assert mesh.host.most[name] == 2


def test_a_full_pool_acknowledges_nothing(fresh):
    """D12: limits.mailbox of a pool: asynchronous calls, too, are refused, not taken and lost."""
    mesh = fresh({"limits": {"pool_parallel": 1, "mailbox": 1}})
    name = mesh.name("pool")
    mesh.register(actor(name, ["hold"], kind=POOLED, stateful=False))
    with holding(mesh, name):
        accepted = sum(mesh.invoke(name, "hold", asynchronous=True, metadata=LONG).ok
                       for _ in range(4))
    mesh.host.wait(accepted, name)
    assert accepted == 2
