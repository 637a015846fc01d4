"""Calls between systems over NATS (protocol.md 9.2): the bytes, against a client that knows nothing
of kernels; and kernel to kernel, with whatever dies between them."""
import threading
import time

import pytest
from harness import host as manners
from harness.client import Client
from harness.host import Reply
from harness.mesh import counting, eventually
from harness.wire import (NOOP, SYSTEM, TEXT_URL, actor, actor_id, invocation, protocol_pb, text,
                          untext, workflow)
from servers.nats import Nats
from servers.nats_client import NatsClient
from servers.server import Missing

SUBJECT = f"spawn.{SYSTEM}.actors.actions"


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


def config(nats, **more):
    return {"transport": {"use": "nats", "config": {"url": nats.url}},
            "cross_system": {"enabled": True},
            "durability": {"messages": {"backoff_first_ms": 20, "backoff_max_ms": 200}},
            "timeouts": {"request_ms": 3000}} | more


@pytest.fixture
def served(fresh, nats, client):
    made = fresh(config(nats))
    made.counter_name = made.counter()
    eventually(lambda: not is_nobody(client, SUBJECT), 10, "the kernel listens")
    return made


def is_nobody(client, subject) -> bool:
    """Whether nobody listens. What is sent is no request, and answered as such."""
    return client.request(subject, b"\xff").headers.get("status") == "503"


def asked(name, action, *payload, **options) -> bytes:
    return invocation(name, action, *payload, **options).SerializeToString()


def field(number: int, content: bytes) -> bytes:
    assert len(content) < 128
    return bytes([number << 3 | 2, len(content)]) + content


# --- a plain client calls -------------------------------------------------------------------------
def test_the_answer_is_an_actor_invocation_response(served, client):
    """Byte for byte: actor_name=1, actor_system=2, value=4."""
    got = client.request(SUBJECT, asked(served.counter_name, "inc", text(5)))
    any_five = field(1, TEXT_URL.encode()) + field(2, b"5")
    assert got.payload == (field(1, served.counter_name.encode()) + field(2, SYSTEM.encode())
                           + field(4, any_five))
    assert "spawn-error-code" not in got.headers
    assert served.count(served.counter_name) == 5


def test_a_noop_is_field_6_and_no_payload_is_no_content(served, client):
    name = served.name()
    served.host.on(name, "noop", reply=Reply(payload=NOOP))
    served.host.on(name, "nothing", reply=Reply())
    served.register(actor(name, ["noop", "nothing"]))
    assert client.request(SUBJECT, asked(name, "noop")).payload == (
        field(1, name.encode()) + field(2, SYSTEM.encode()) + b"\x32\x00")
    assert client.request(SUBJECT, asked(name, "nothing")).payload == b"no_content"


def test_an_asynchronous_one_is_answered_async_or_not_at_all(served, client):
    request = asked(served.counter_name, "inc", asynchronous=True)
    assert client.request(SUBJECT, request).payload == b"async"
    client.publish(SUBJECT, request)
    client.publish(SUBJECT, asked(served.counter_name, "inc"))  # nobody waits for this one either
    eventually(lambda: served.count(served.counter_name) == 3)


@pytest.mark.parametrize("action,code", [("unheard", "ACTION_NOT_FOUND"), ("fail", "HOST_ERROR")])
def test_an_error_is_its_text_with_the_code_beside_it(served, client, action, code):
    name = served.name()
    served.host.on(name, "fail", lambda call: manners.failing())
    served.register(actor(name, ["fail"]))
    got = client.request(SUBJECT, asked(name, action))
    assert got.headers["spawn-error-code"] == code
    assert got.payload.decode().startswith(code + ": ")


def test_a_request_that_is_none_is_told_so(served, client):
    for bad in (b"\xff\xff", b"", asked("a", "b", system="another")):
        got = client.request(SUBJECT, bad)
        assert got.headers["spawn-error-code"] == "INVALID_ARGUMENT", got
    assert client.request(SUBJECT, asked(served.name("nobody"), "act")).headers[
        "spawn-error-code"] == "ACTOR_NOT_FOUND"


def test_the_trace_goes_on_to_the_host(served, client):
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    client.request(SUBJECT, asked(served.counter_name, "inc"),
                   {"traceparent": f"00-{trace}-00f067aa0ba902b7-01"})
    call = served.host.seen(served.counter_name, "inc")[-1]
    assert trace in call.headers["traceparent"]


def test_the_queue_group_is_the_subject(served, nats, client):
    """A member from outside gets its share, and each call comes to one of the group."""
    with NatsClient(nats.host, nats.port) as other:
        other.subscribe(SUBJECT, SUBJECT)
        for _ in range(60):
            client.publish(SUBJECT, asked(served.counter_name, "inc"))
        client.flush()
        taken = 0
        while not other.nothing(0.5):
            taken += 1
        assert 0 < taken < 60
        eventually(lambda: served.count(served.counter_name) == 60 - taken)


def test_it_listens_only_to_systems_that_are_registered(served, client):
    assert is_nobody(client, "spawn.unheard-of.actors.actions")


def test_it_is_off_unless_it_is_asked_for(fresh, nats, client):
    made = fresh(config(nats, cross_system=None, system="apart"))
    made.client.register(actor("a", ["act"], system="apart"), system="apart")
    time.sleep(0.3)
    assert is_nobody(client, "spawn.apart.actors.actions")
    made.invoke("x", "act", system="elsewhere").expect_error("ACTOR_NOT_FOUND", status=2)


# --- the kernel calls -----------------------------------------------------------------------------
class Peer:
    """A service behind a subject, made of a plain client and a thread."""

    def __init__(self, nats, system, answer):
        self.subject = f"spawn.{system}.actors.actions"
        self.seen, self._answer, self._over = [], answer, False
        self._client = NatsClient(nats.host, nats.port)
        self._client.subscribe(self.subject, self.subject)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._over = True
        self._thread.join()
        self._client.close()

    def _run(self):
        while not self._over:
            try:
                got = self._client.next(0.1)
            except TimeoutError:
                continue
            self.seen.append((protocol_pb.InvocationRequest.FromString(got.payload), got))
            if got.reply and (answer := self._answer(self.seen[-1][0])) is not None:
                body, headers = answer if isinstance(answer, tuple) else (answer, None)
                self._client.publish(got.reply, body, headers=headers)


def response(name, value) -> bytes:
    made = protocol_pb.ActorInvocationResponse(actor_name=name, actor_system="abroad")
    made.value.CopyFrom(text(value))
    return made.SerializeToString()


def test_a_call_to_another_system_is_a_request_on_its_subject(served, nats):
    with Peer(nats, "abroad", lambda request: response("far", "hello")) as peer:
        got = served.invoke("far", "greet", text("you"), system="abroad", metadata={"k": "v"},
                          caller=actor_id("me"))
        assert got.expect_ok().value == "hello"
    (request, raw), = peer.seen
    assert raw.subject == "spawn.abroad.actors.actions" and raw.reply
    assert request.system.name == "abroad" and request.action_name == "greet"
    assert request.actor.id == actor_id("far", "abroad") and request.caller.name == "me"
    assert untext(request.value) == "you" and not getattr(request, "async")
    assert request.metadata["k"] == "v"
    assert 0 < int(request.metadata["request-timeout"]) <= 3000


def test_an_asynchronous_call_has_no_reply_subject(served, nats):
    with Peer(nats, "abroad", lambda request: None) as peer:
        served.invoke("far", "greet", system="abroad", asynchronous=True).expect_ok()
        eventually(lambda: peer.seen, 5)
    (request, raw), = peer.seen
    assert raw.reply == "" and getattr(request, "async")


@pytest.mark.parametrize("answer,code", [
    (b"async", None), (b"no_content", None),
    (b"Action [x] not found", "HOST_ERROR"), (b"\xff\xfe\xfd", "HOST_ERROR"), (b"", None),
    ((b"ACTION_NOT_FOUND: no such action", {"spawn-error-code": "ACTION_NOT_FOUND"}),
     "ACTION_NOT_FOUND"),
    ((b"gone", {"spawn-error-code": "NOT_OURS"}), "HOST_ERROR")])
def test_the_reply_forms_are_understood(served, nats, answer, code):
    with Peer(nats, "abroad", lambda request: answer):
        got = served.invoke("far", "greet", system="abroad")
    if code is None:
        assert got.expect_ok().value is None
    else:
        got.expect_error(code)
        said = answer[0] if isinstance(answer, tuple) else answer
        assert said.isascii() is False or said.decode().split(": ")[-1] in got.text


def test_nobody_there_and_no_answer(served, nats):
    served.invoke("far", "greet", system="nowhere").expect_error("ACTOR_NOT_FOUND", status=2)
    with Peer(nats, "abroad", lambda request: None):
        got = served.invoke("far", "greet", system="abroad", metadata={"request-timeout": "300"})
        got.expect_error("OUTCOME_UNKNOWN")


# --- kernel to kernel -----------------------------------------------------------------------------
class Two:
    """Kernel `near` of the tests' system, kernel `far` of system abroad, one NATS."""

    def __init__(self, fresh, nats):
        self.near = fresh(config(nats))
        self.far = fresh(config(nats, system="abroad"))
        self.log = self.far.name("log")
        self.far.host.on(self.log, "add", self._add)
        self.far.host.on(self.log, "read", lambda call: Reply(payload=text(call.state or "")))
        self.far.client.register(actor(self.log, ["add", "read"], system="abroad"), system="abroad")
        self.sender = self.near.name("sender")
        self.near.host.on(self.sender, "send", self._send)
        self.near.register(actor(self.sender, ["send"]))
        eventually(lambda: self._reached(), 10, "the other kernel is reached")

    def _reached(self):
        return self.near.invoke(self.log, "read", system="abroad").ok

    @staticmethod
    def _add(call):
        return Reply(state=text(f"{call.state or ''} {untext(call.invocation.value)}".strip()),
                     payload=text("added"))

    def _send(self, call):
        number = int(call.state or 0)
        effect = invocation(self.log, "add", text(number), system="abroad", asynchronous=True)
        return Reply(state=text(number + 1), workflow=workflow(effects=[effect]))

    def send(self):
        return self.near.invoke(self.sender, "send")

    def logged(self) -> list:
        got = self.far.client.invoke(self.log, "read", system="abroad")
        return [int(one) for one in got.value.split()] if got.ok and got.value else []

    def await_logged(self, count, seconds=30.0):
        eventually(lambda: len(self.logged()) >= count, seconds, f"{count} have come")
        time.sleep(0.3)
        assert self.logged() == list(range(count)), "each once, in order"


def test_kernels_answer_each_other(fresh, nats):
    two = Two(fresh, nats)
    assert two.near.invoke(two.log, "add", text(0), system="abroad").expect_ok().value == "added"
    two.near.invoke(two.log, "unheard", system="abroad").expect_error("ACTION_NOT_FOUND")


def test_an_effect_on_another_system_is_there_once_over_kills(fresh, nats):
    """Effects of a durable actor: kill -9 of both kernels and of NATS."""
    two = Two(fresh, nats)
    for number in range(60):
        two.send().expect_ok()
        if number == 20:
            two.far.kernel.kill9()
            two.far.kernel.start()
        if number == 35:
            two.near.kernel.kill9()
            two.near.kernel.start()
        if number == 50:
            nats.kill9()
            nats.start()
    two.await_logged(60)


def test_an_effect_waits_for_a_system_that_is_not_there(fresh, nats):
    two = Two(fresh, nats)
    two.far.kernel.kill9()
    for _ in range(5):
        two.send().expect_ok()
    time.sleep(0.5)
    two.far.kernel.start()
    two.await_logged(5)


def test_an_absence_is_no_attempt(fresh, nats):
    """More looks for a system than a row has attempts; the first failure there is not its last."""
    near = fresh(config(nats, durability={"messages": {
        "attempts": 2, "backoff_first_ms": 20, "backoff_max_ms": 200}}))
    sender = near.name("sender")
    near.host.on(sender, "send", lambda call: Reply(state=text("sent"), workflow=workflow(
        effects=[invocation("far", "add", text(1), system="absent")])))
    near.register(actor(sender, ["send"]))
    near.invoke(sender, "send").expect_ok()
    time.sleep(2)  # looks after at most 100, 300, 700 and 1,500 ms
    answers = iter([(b"RESOURCE_EXHAUSTED: full", {"spawn-error-code": "RESOURCE_EXHAUSTED"})])
    with Peer(nats, "absent", lambda request: next(answers, response("far", "added"))) as peer:
        eventually(lambda: len(peer.seen) == 2, 20, "asked again after the failure")
        time.sleep(0.5)
        assert len(peer.seen) == 2, "and answered"


def test_a_kernel_in_maintenance_takes_no_calls_from_other_systems(fresh, nats, client):
    served = fresh(config(nats))
    served.counter()
    eventually(lambda: not is_nobody(client, SUBJECT), 10, "the kernel listens")
    served.kernel.stop()
    served.kernel.launch(["--maintenance"])
    eventually(lambda: any("nothing is served" in line for line in served.kernel.log), 10)
    time.sleep(0.5)
    assert is_nobody(client, SUBJECT)
    served.kernel.kill9()
    served.kernel.start()
    eventually(lambda: not is_nobody(client, SUBJECT), 10, "the kernel listens again")


def test_what_waited_for_another_system_is_taken_here_once_it_is_registered_here(fresh, nats):
    near = fresh(config(nats))
    sender, log = near.name("sender"), near.name("log")
    near.host.on(sender, "send", lambda call: Reply(
        state=text(int(call.state or 0) + 1), workflow=workflow(effects=[
            invocation(log, "add", text(int(call.state or 0)), system="later")])))
    near.register(actor(sender, ["send"]))
    for _ in range(10):
        near.invoke(sender, "send").expect_ok()
    time.sleep(0.5)  # asked, and nobody is there
    near.host.on(log, "add", Two._add)
    near.host.on(log, "read", lambda call: Reply(payload=text(call.state or "")))
    near.client.register(actor(log, ["add", "read"], system="later"), system="later")
    expected = " ".join(map(str, range(10)))
    eventually(lambda: near.invoke(log, "read", system="later").value == expected, 20)
    time.sleep(1)
    assert near.invoke(log, "read", system="later").value == expected, "each once"


def test_a_system_that_is_away_holds_up_no_other(fresh, nats):
    """Effects of many actors on nobody; those on a system that is there go on meanwhile."""
    two = Two(fresh, nats)
    near = two.near
    for number in range(30):
        name = near.name("lost")
        near.host.on(name, "send", lambda call: Reply(state=text("sent"), workflow=workflow(
            effects=[invocation(f"nobody-{number}", "add", text(1), system="nowhere")])))
        near.register(actor(name, ["send"]))
        near.invoke(name, "send").expect_ok()
    for _ in range(20):
        two.send().expect_ok()
    two.await_logged(20, 10)


def test_a_scheduled_effect_comes_when_it_is_due_and_leaves_no_bytes_behind(fresh, nats):
    two = Two(fresh, nats)
    name = two.near.name("late")
    two.near.host.on(name, "send", lambda call: Reply(state=text("sent"), workflow=workflow(effects=[
        invocation(two.log, "add", text(0), system="abroad", at=300)])))
    two.near.register(actor(name, ["send"]))
    two.near.invoke(name, "send").expect_ok()
    two.await_logged(1)

    def in_flight():
        for line in two.near.client.get("/metrics").body.decode().splitlines():
            if line.startswith("spawn_inflight_bytes "):
                return float(line.split()[-1])
        raise AssertionError("no such metric")
    eventually(lambda: in_flight() == 0, 10, "what was taken is given back")


def test_an_answer_that_is_too_large_for_the_transport_is_told(served, client):
    name = served.name("huge")
    served.host.on(name, "act", lambda call: Reply(
        state=text(int(call.state or 0) + 1), payload=text("x" * (9 << 20))))
    served.register(actor(name, ["act"]))
    got = client.request(SUBJECT, asked(name, "act"))
    assert got.headers["spawn-error-code"] == "RESPONSE_NOT_KEPT"
    assert served.invoke(name, "get").value == "1", "it took effect"


def test_a_slow_action_there_is_told_before_the_caller_gives_up(fresh, nats):
    two = Two(fresh, nats)
    name = two.far.name("slow")
    two.far.host.on(name, "act", lambda call: time.sleep(3) or Reply())
    two.far.client.register(actor(name, ["act"], system="abroad"), system="abroad")
    two.near.invoke(name, "act", system="abroad", metadata={"request-timeout": "1000"}
                    ).expect_error("DEADLINE_EXCEEDED")


def test_while_nats_is_away_calls_are_refused_at_once(fresh, nats):
    two = Two(fresh, nats)
    nats.kill9()
    try:
        eventually(lambda: two.near.invoke(two.log, "read", system="abroad").text
                   .startswith("UNAVAILABLE"), 10, "the loss is told")
    finally:
        nats.start()
    eventually(two._reached, 15, "it is reached again without a restart")


def test_a_kernel_that_stops_leaves_the_calls_to_the_others(fresh, nats, client):
    """Two kernels of one system; one is drained while calls come: none of them fails."""
    kernels = []
    for _ in range(2):
        made = fresh(config(nats, system="twins"))
        counting(made.host, "each")
        made.client.register(actor("each", ["inc"], system="twins"), system="twins")
        kernels.append(made)
    subject = "spawn.twins.actors.actions"
    eventually(lambda: not is_nobody(client, subject), 10)
    failed = []
    over = threading.Event()

    def call():
        with NatsClient(nats.host, nats.port) as mine:
            while not over.is_set():
                got = mine.request(subject, asked("each", "inc", system="twins"))
                if "spawn-error-code" in got.headers or "status" in got.headers:
                    failed.append((got.headers, got.payload))

    threads = [threading.Thread(target=call) for _ in range(3)]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    kernels[0].kernel.stop()
    time.sleep(0.5)
    over.set()
    for thread in threads:
        thread.join()
    assert not failed, failed[:3]
    assert Client(kernels[1].kernel.port).invoke("each", "inc", system="twins").ok
