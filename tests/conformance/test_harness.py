"""The harness against itself: no kernel here. What the other files conclude from the host, the
client and the messages stands on this."""
import gzip
import socket
import threading
import time
from pathlib import Path

import harness.kernel as module
import pytest
from harness import checklist
from harness import host as manners
from harness.client import Client, Outcome, Response, http_bytes, read_response
from harness.host import Answer, Host, Reply
from harness.kernel import Kernel, merge
from harness.mesh import counting, eventually
from harness.wire import (ACTOR_NOT_FOUND, ERROR, NOOP, OK, UNSET, actor, actor_id, any_pb,
                          payload_of, protocol_pb, put_payload, registration, text, workflow)


@pytest.fixture
def host():
    made = Host()
    yield made
    made.stop()


def ask(host, name="a", action="act", payload=UNSET, state=None, raw=None, timeout=3.0):
    """Plays the kernel: one invocation, the answer as (Response, message)."""
    invocation = protocol_pb.ActorInvocation(actor=actor_id(name), action_name=action)
    put_payload(invocation, payload)
    invocation.current_context.SetInParent()
    if state is not None:
        invocation.current_context.state.CopyFrom(text(state))
    connection = raw or socket.create_connection(("127.0.0.1", host.port), timeout)
    stream = connection.makefile("rb")
    connection.sendall(http_bytes("POST", manners.PATH, invocation.SerializeToString()))
    response = read_response(stream)
    return response, protocol_pb.ActorInvocationResponse


def test_the_host_answers_and_records(host):
    """Harness: decoded call, raw head, body and pieces; keep-alive."""
    host.on("a", "act", reply=Reply(payload=text("v"), state=text("s"), tags={"t": "1"}))
    with socket.create_connection(("127.0.0.1", host.port)) as raw:
        for _ in range(2):
            response, kind = ask(host, payload=NOOP, state="old", raw=raw)
    message = kind.FromString(response.body)
    assert message.value == text("v")
    assert message.updated_context.state == text("s")
    assert dict(message.updated_context.tags) == {"t": "1"}
    calls = host.seen("a", "act")
    assert len(calls) == 2 and calls[0].connection == calls[1].connection
    assert (calls[0].state, calls[0].payload) == ("old", NOOP)
    assert calls[0].head.startswith(b"POST /api/v1/actors/actions HTTP/1.1\r\n")
    assert len(calls[0].segments) == 1


def test_the_host_sees_pieces(host):
    """Harness: a request in two writes shows as two pieces, so I16 can fail."""
    body = protocol_pb.ActorInvocation(actor=actor_id("a"), action_name="act").SerializeToString()
    data = http_bytes("POST", manners.PATH, body)
    with socket.create_connection(("127.0.0.1", host.port)) as raw:
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        raw.sendall(data[:-len(body)])
        time.sleep(0.05)
        raw.sendall(body)
        read_response(raw.makefile("rb"))
    assert len(host.seen("a")[0].segments) == 2


def test_actions_of_the_parent_serve_its_children(host):
    """Harness: by name, then by parent, then as an SDK without the action."""
    counting(host, "Parent")
    invocation = protocol_pb.ActorInvocation(actor=actor_id("kid", parent="Parent"),
                                             action_name="inc")
    answer = Client(host.port).post(manners.PATH, invocation.SerializeToString())
    assert answer.decode(protocol_pb.ActorInvocationResponse).value == text("1")
    response, kind = ask(host, "unknown", state="kept")
    message = kind.FromString(response.body)
    assert message.updated_context.state == text("kept")
    assert payload_of(message) is UNSET


MANNERS = {
    "nonsense": (lambda call: manners.nonsense(), 200),
    "empty": (lambda call: manners.empty(), 400),
    "failing": (lambda call: manners.failing(), 500),
    "no-context": (manners.without_context, 200),
    "close-after": (lambda call: Answer(body=b"x", close_after=True), 200),
    "say-close": (lambda call: Answer(body=b"x", say_close=True), 200),
}


@pytest.mark.parametrize("manner", MANNERS)
def test_ill_manners_answer_as_they_should(host, manner):
    """Harness: the modes that do answer."""
    function, status = MANNERS[manner]
    host.on("a", "act", function)
    response, kind = ask(host)
    assert response.status == status
    if manner == "nonsense":
        with pytest.raises(Exception):
            kind.FromString(response.body)
    if manner == "no-context":
        assert not kind.FromString(response.body).HasField("updated_context")
    assert ("connection" in response.headers) == (manner == "say-close")


def test_ill_manners_that_do_not_answer(host):
    """Harness: closes early, closes in the body, never answers, answers in chunks, late."""
    host.on("a", "slam", lambda call: manners.slam())
    host.on("a", "cut", lambda call: Answer(body=b"12345678", cut=3))
    host.on("a", "never", lambda call: manners.never())
    host.on("a", "chunks", lambda call: Answer(body=b"12345678", chunked=True))
    host.on("a", "late", reply=Reply(delay=0.2))
    with pytest.raises(ConnectionError):
        ask(host, action="slam")
    assert ask(host, action="cut")[0].body == b"123"
    assert ask(host, action="chunks")[0].body == b"12345678"
    with pytest.raises(TimeoutError):
        ask(host, action="never", timeout=0.2)
    eventually(lambda: host.abandoned == 1, 2, "the silent call to be given up")
    begin = time.monotonic()
    ask(host, action="late")
    assert time.monotonic() - begin >= 0.2


def test_exceptions_in_actions_are_kept(host):
    """Harness: they answer 500 and are shown with the failed test."""
    host.on("a", "act", lambda call: 1 / 0)
    assert ask(host)[0].status == 500
    assert "ZeroDivisionError" in host.errors[0][2]


def test_the_host_counts_what_runs_at_once(host):
    """Harness: so that I4 and I5 can fail."""
    host.on("a", "act", reply=Reply(delay=0.2))
    threads = [threading.Thread(target=ask, args=(host,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert host.most["a"] == 3 and host.running["a"] == 0


def test_the_host_stops_and_comes_back_on_its_port(host):
    """Harness: R9 needs it."""
    host.stop()
    with pytest.raises(ConnectionRefusedError):
        ask(host)
    host.start()
    assert ask(host)[0].status == 200


def test_wait_says_what_came_instead(host):
    """Harness: a failed wait is readable."""
    ask(host, action="other")
    with pytest.raises(AssertionError, match="other"):
        host.wait(1, "a", "act", timeout=0.1)


def test_messages_are_built_as_sdks_build_them():
    """Harness: presence of state, metadata, settings and strategies; noop by field number."""
    full, bare = actor("a", ["x"]), actor("a", ["x"], bare=True)
    for part in ("state", "metadata", "settings"):
        assert full.HasField(part) and not bare.HasField(part)
    empty = actor("a", deactivate_ms="empty").settings
    assert empty.HasField("deactivation_strategy")
    assert not empty.deactivation_strategy.HasField("timeout")
    assert actor("a", deactivate_ms=0).settings.deactivation_strategy.HasField("timeout")
    assert list(registration([full]).actor_system.registry.actors) == ["a"]
    for kind, number in (("InvocationRequest", 7), ("ActorInvocation", 5),
                         ("ActorInvocationResponse", 6), ("InvocationResponse", 5),
                         ("Broadcast", 4)):
        message = getattr(protocol_pb, kind)()
        put_payload(message, NOOP)
        assert message.SerializeToString() == bytes([number << 3 | 2, 0])
        assert payload_of(message) == NOOP
    flow = workflow(pipe=("b", "f"), broadcast=("t", NOOP))
    assert flow.WhichOneof("routing") == "pipe" and payload_of(flow.broadcast) == NOOP


def outcome(http, status, message):
    body = protocol_pb.InvocationResponse()
    body.status.status, body.status.message = status, message
    return Outcome(http, body, Response(http, {}, b""))


def test_expectations_can_fail():
    """Harness: expect_ok and expect_error refuse what they should."""
    outcome(200, OK, "").expect_ok()
    outcome(500, ERROR, "SOME_CODE: text").expect_error("SOME_CODE")
    outcome(500, ACTOR_NOT_FOUND, "X: t").expect_error(status=ACTOR_NOT_FOUND)
    for bad in (outcome(500, OK, ""), outcome(200, ERROR, "")):
        with pytest.raises(AssertionError):
            bad.expect_ok()
    for bad in (outcome(408, ERROR, "X: t"), outcome(500, OK, "X: t"),
                outcome(500, ERROR, "lower: t"), outcome(500, ERROR, "no colon"),
                outcome(500, ERROR, "CODE: "), outcome(500, ERROR, "")):
        with pytest.raises(AssertionError):
            bad.expect_error()


def test_responses_are_decoded():
    """Harness: gzip and identity."""
    assert Response(200, {"content-encoding": "gzip"}, gzip.compress(b"x")).plain == b"x"
    assert Response(200, {}, b"x").plain == b"x"
    assert any_pb.Any(type_url="x").type_url == "x"


def test_configurations_are_merged():
    """Harness: key by key, None removes."""
    assert merge({"a": {"b": 1, "c": 2}, "d": 3}, {"a": {"b": 9, "c": None}, "e": 4}) == {
        "a": {"b": 9}, "d": 3, "e": 4}


def test_a_kernel_that_ends_at_once_is_reported(monkeypatch):
    """Harness: with its words, instead of a time-out."""
    monkeypatch.setattr(module, "BINARY", Path("/bin/false"))
    kernel = Kernel(1)
    try:
        with pytest.raises(AssertionError, match="ended with 1"):
            kernel.start()
    finally:
        kernel.dispose()


def test_a_full_disk_can_be_played(tmp_path, monkeypatch):
    """Harness: a process may be kept from growing files, and released, while it runs."""
    script = tmp_path / "writer"
    script.write_text("#!/bin/sh\nwhile sleep 0.02; do echo more >>out 2>/dev/null; done\n")
    script.chmod(0o755)
    monkeypatch.setattr(module, "BINARY", Path(script))
    kernel = Kernel(1)
    try:
        kernel.launch()
        out = kernel.folder / "out"
        eventually(lambda: out.exists() and out.stat().st_size > 10)
        kernel.disk_full()
        time.sleep(0.1)
        size = out.stat().st_size
        time.sleep(0.2)
        assert out.stat().st_size == size and kernel.alive
        kernel.disk_full(False)
        eventually(lambda: out.stat().st_size > size)
    finally:
        kernel.dispose()


def test_every_checklist_item_has_a_test_and_every_test_an_item():
    """Harness: R1-R11, S1-S7, I1-I16, W1-W8, L1-L11 and the rest, by docstring."""
    assert not checklist.missing()
    readme = (checklist.FOLDER / "README.md").read_text()
    assert checklist.table() in readme, "print the table anew: python3 -m harness.checklist"
