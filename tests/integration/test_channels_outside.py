"""Channels for those outside: any NATS client, and any HTTP client by server-sent events, hears
what is sent to a channel and sends to it; and kernels hear each other's."""
import json
import socket
import time

import pytest
from harness.client import http_bytes, read_response
from harness.host import Reply
from harness.mesh import eventually
from harness.wire import SYSTEM, TEXT_URL, actor, json_any, text, workflow
from servers.nats import Nats
from servers.nats_client import NatsClient
from servers.server import Missing


@pytest.fixture(scope="module")
def nats():
    try:
        server = Nats().start()
    except Missing as reason:
        pytest.skip(str(reason))
    yield server
    server.stop()


@pytest.fixture
def client(nats):
    with NatsClient(nats.host, nats.port) as made:
        yield made


def over(nats, **more):
    return {"transport": {"use": "nats", "config": {"url": nats.url}}} | more


def subject(topic, system=SYSTEM) -> str:
    return f"spawn.channel.{system}.{topic}"


def hears(mesh, topic, action="hear", **settings) -> str:
    """An actor that keeps nothing, and is seen by its host."""
    name = mesh.name("ear")
    mesh.register(actor(name, [action], channels=[(topic, action)], **settings))
    return name


def await_heard(mesh, name, count=1, action="hear"):
    return mesh.host.wait(count, name, action)


class Events:
    """One listener over HTTP."""

    def __init__(self, mesh, topic, system=SYSTEM):
        self._socket = socket.create_connection(("127.0.0.1", mesh.kernel.port), 10)
        self._socket.sendall(http_bytes(
            "GET", f"/v1/systems/{system}/channels/{topic}/events", length=False))
        self._file = self._socket.makefile("rb")
        assert self._file.readline() == b"HTTP/1.1 200 OK\r\n"
        head = dict(line.decode().strip().split(": ", 1)
                    for line in iter(self._file.readline, b"\r\n"))
        assert head["content-type"] == "text/event-stream" and "content-length" not in head

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._file.close()
        self._socket.close()

    def next(self) -> dict:
        data = []
        while (line := self._file.readline().rstrip(b"\n")) or not data:
            if line.startswith(b"data: "):
                data.append(line.removeprefix(b"data: "))
        return json.loads(b"\n".join(data))

    def is_over(self) -> bool:
        """Reads what is left; whether the kernel has hung up."""
        self._socket.settimeout(10)
        try:
            while self._socket.recv(1 << 20):
                pass
        except ConnectionError:
            pass
        return True


def post(mesh, topic, body, system=SYSTEM, query=""):
    return mesh.client.post(f"/v1/systems/{system}/channels/{topic}{query}", body,
                            content_type="application/json")


# --- NATS -----------------------------------------------------------------------------------------
def test_a_nats_client_hears_what_actors_say(fresh, nats, client):
    mesh = fresh(over(nats))
    client.subscribe(subject("orders.>"))
    mesh.invoke(mesh.speaker("orders.eu.new", json_any('{"id": 7}')), "speak").expect_ok()
    got = client.next()
    assert got.subject == subject("orders.eu.new") and json.loads(got.payload) == {"id": 7}
    assert got.headers["content-type"] == "application/json"
    assert got.headers["spawn-caller"].startswith("speaker")
    mesh.invoke(mesh.speaker("orders.x", text("own type")), "speak").expect_ok()
    got = client.next()
    assert got.headers["spawn-type-url"] == TEXT_URL
    assert got.headers["content-type"] == "application/protobuf"


@pytest.mark.parametrize("body,headers,kind", [
    (b'{"id": 1}', {}, "JSONType"), (b"plain words", {}, "StringValue"),
    (b"\xff\x00\xfe", {}, "BytesValue"),
    (b'{"id": 1}', {"content-type": "application/octet-stream"}, "BytesValue"),
    (b"12", {"content-type": "text/plain"}, "StringValue"),
    (b"\x0a\x01x", {"spawn-type-url": "type.googleapis.com/shop.Order"}, "shop.Order")])
def test_actors_hear_what_a_nats_client_says(fresh, nats, client, body, headers, kind):
    mesh = fresh(over(nats))
    name = hears(mesh, "orders.eu.new")
    client.publish(subject("orders.eu.new"), body, headers=headers)
    client.flush()
    (call,) = await_heard(mesh, name)
    assert call.invocation.value.type_url.endswith(kind)
    assert body in call.invocation.value.SerializeToString()


def test_without_a_body_they_hear_a_noop_and_an_action_may_be_named(fresh, nats, client):
    mesh = fresh(over(nats))
    name = mesh.name("ear")
    mesh.register(actor(name, ["hear", "other"], channels=[("t", "hear")]))
    client.publish(subject("t"), headers={"spawn-action": "other"})
    (call,) = await_heard(mesh, name, action="other")
    assert call.payload == "noop"


@pytest.mark.parametrize("topic,token", [
    ("a b", "a%20b"), ("ends.", "ends%2E"), ("x..y", "x.%2Ey"), ("über", "%C3%BCber"),
    ("100%", "100%25"), ("st*r>", "st%2Ar%3E")])
def test_any_name_of_a_channel_has_a_subject(fresh, nats, client, topic, token):
    mesh = fresh(over(nats))
    client.subscribe(subject(">"))
    name = hears(mesh, topic)
    mesh.invoke(mesh.speaker(topic, text("1")), "speak").expect_ok()
    assert client.next().subject == subject(token)
    client.publish(subject(token), b"2")
    assert len(await_heard(mesh, name, 2)) == 2


def test_kernels_hear_each_other_and_not_themselves(fresh, nats):
    here, there = fresh(over(nats)), fresh(over(nats))
    mine, theirs = hears(here, "news.of.all"), hears(there, "news.of.all")
    speaker = here.speaker("news.of.all", text("x"))
    for count in range(1, 6):
        here.invoke(speaker, "speak").expect_ok()
        await_heard(there, theirs, count)
    time.sleep(0.3)
    assert len(here.host.seen(mine, "hear")) == 5, "one copy each"
    assert len(there.host.seen(theirs, "hear")) == 5
    assert there.host.seen(theirs, "hear")[0].invocation.caller.name == speaker


def test_another_system_has_channels_of_its_own(fresh, nats, client):
    mesh = fresh(over(nats))
    name = hears(mesh, "t")
    client.publish(subject("t", "another"), b"1")
    client.publish(subject("t"), b"2")
    (call,) = await_heard(mesh, name)
    assert b"2" in call.invocation.value.value
    time.sleep(0.2)
    assert len(mesh.host.seen(name, "hear")) == 1


def test_channels_work_again_after_the_server_was_away(fresh, nats, client):
    mesh = fresh(over(nats))
    name = hears(mesh, "t")
    nats.kill9()
    nats.start()
    with NatsClient(nats.host, nats.port) as after:
        def heard():
            after.publish(subject("t"), b"1")
            return mesh.host.seen(name, "hear")
        eventually(heard, 15, "subscribed again")


# --- HTTP -----------------------------------------------------------------------------------------
def test_what_is_posted_reaches_actors_and_listeners(fresh):
    mesh = fresh()
    name = hears(mesh, "orders.eu")
    with Events(mesh, "orders.eu") as one, Events(mesh, "orders.eu") as two:
        with Events(mesh, "orders") as other:
            answer = post(mesh, "orders.eu", b'{"id":\n 7}')
            assert (answer.status, answer.plain) == (202, b"{}")
            for listener in (one, two):
                assert listener.next() == {"channel": "orders.eu", "from": None, "action": None,
                                           "payload": {"id": 7}}
            post(mesh, "orders", b"[1]")
            assert other.next()["payload"] == [1], "and nothing before it"
    (call,) = await_heard(mesh, name)
    assert b'{"id":\n 7}' in call.invocation.value.value


def test_a_listener_hears_actors(fresh):
    mesh = fresh()
    speaker = mesh.speaker("t", json_any('"hello"'))
    with Events(mesh, "t") as events:
        for _ in range(3):
            mesh.invoke(speaker, "speak").expect_ok()
            got = events.next()
            assert got["payload"] == "hello" and got["from"]["name"] == speaker


def test_a_listener_hears_what_comes_over_nats(fresh, nats, client):
    mesh = fresh(over(nats))
    with Events(mesh, "t") as events:
        client.publish(subject("t"), b'{"a": 1}')
        assert events.next()["payload"] == {"a": 1}
        client.subscribe(subject("t"))
        post(mesh, "t", b"2")
        assert client.next().payload == b"2"
        assert events.next()["payload"] == 2


def test_an_action_may_be_named(fresh):
    mesh = fresh()
    name = mesh.name("ear")
    mesh.register(actor(name, ["hear", "other"], channels=[("t", "hear")]))
    post(mesh, "t", b"1", query="?action=other")
    await_heard(mesh, name, action="other")


def test_actors_in_mode_commit_hear_what_is_posted(fresh):
    mesh = fresh()
    name = mesh.name("keeps")
    mesh.host.on(name, "hear", lambda call: Reply(state=text(int(call.state or 0) + 1)))
    mesh.register(actor(name, ["hear"], channels=[("t", "hear")]))
    for _ in range(3):
        post(mesh, "t", b"1")
    eventually(lambda: mesh.invoke(name, "get").value == "3")


def test_a_listener_that_leaves_is_forgotten_and_one_that_sleeps_is_cut_off(fresh):
    mesh = fresh()
    Events(mesh, "t").close()
    with Events(mesh, "t") as asleep:
        big = json.dumps("x" * 200_000).encode()
        cut = "spawn_slow_clients_total"

        def told():
            post(mesh, "t", big)
            for line in mesh.client.get("/metrics").body.decode().splitlines():
                if line.startswith(cut + " "):
                    return float(line.split()[-1]) >= 1
            return False
        eventually(told, 20, "it is cut off")
        assert asleep.is_over()
    assert mesh.client.get("/health").status == 200


def test_a_kernel_that_stops_lets_its_listeners_go(fresh):
    mesh = fresh()
    with Events(mesh, "t") as one, Events(mesh, "u"):
        mesh.kernel.stop()
        assert one.is_over()


@pytest.mark.parametrize("method,path,body,status", [
    ("POST", "channels/t", b"{not json", 400), ("GET", "channels/t", b"", 405),
    ("POST", "channels/t/events", b"", 405), ("GET", "channels/t/others", b"", 404),
    ("POST", "channels/", b"1", 404), ("POST", "channels/t?action=%ff", b"1", 400),
    ("GET", "channels/%ff/events", b"", 400)])
def test_bad_requests_are_told_what_is_wrong(fresh, method, path, body, status):
    mesh = fresh()
    with socket.create_connection(("127.0.0.1", mesh.kernel.port), 10) as one:
        one.sendall(http_bytes(method, f"/v1/systems/{SYSTEM}/{path}", body))
        answer = read_response(one.makefile("rb"), method)
    assert answer.status == status, answer
    assert json.loads(answer.plain)["detail"]


def test_workflow_and_row_have_the_same_effect(fresh):
    """A broadcast of a durable actor is a row for durable subscribers; a listener hears it once."""
    mesh = fresh()
    name, topic = mesh.name("speaker"), "t"
    mesh.host.on(name, "speak", lambda call: Reply(
        state=text("said"), workflow=workflow(broadcast=(topic, json_any("1")))))
    mesh.register(actor(name, ["speak"]))
    keeps = mesh.name("keeps")
    mesh.host.on(keeps, "hear", lambda call: Reply(state=text(int(call.state or 0) + 1)))
    mesh.register(actor(keeps, ["hear"], channels=[(topic, "hear")]))
    with Events(mesh, topic) as events:
        for _ in range(5):
            mesh.invoke(name, "speak").expect_ok()
            assert events.next()["payload"] == 1
        eventually(lambda: mesh.invoke(keeps, "get").value == "5")
        time.sleep(0.2)
        assert mesh.invoke(keeps, "get").value == "5"
