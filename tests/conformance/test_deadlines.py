"""I11-I13: hosts that misbehave, deadlines, schedules (protocol.md 2.1, 6.4, 6.5; D5)."""
import time

import pytest
from harness import host as manners
from harness.host import Answer, Reply
from harness.mesh import counting, eventually, now_ms
from harness.wire import UNSET, actor, invocation, payload_of, text

CONFIG = {"timeouts": {"request_ms": 600}}

ILL = {
    "garbage": lambda call: manners.garbage(),
    "nonsense": lambda call: manners.nonsense(),
    "empty": lambda call: manners.empty(),
    "empty-200": lambda call: Answer(body=b""),
    "500-html": lambda call: manners.failing(),
    "500-decodable": lambda call: Answer(body=Reply(state=text("9")).encode(call), status=500),
    "no-context": manners.without_context,
    "closes-unanswered": lambda call: manners.slam(),
    "closes-in-body": lambda call: Answer(body=Reply(state=text("9")).encode(call), cut=5),
    "never": lambda call: manners.never(),
    "late": lambda call: Reply(state=text("9"), delay=1.2),
}


@pytest.mark.parametrize("manner", ILL)
def test_every_bad_host_answer_is_one_failed_action(mesh, manner):
    """I11: one error in time, executed once, old state, next message served."""
    name = mesh.counter()
    mesh.invoke(name, "inc").expect_ok()
    mesh.host.on(name, "bad", ILL[manner])
    mesh.register(actor(name, ["inc", "read", "bad"]))
    begin = time.monotonic()
    mesh.invoke(name, "bad").expect_error()
    assert time.monotonic() - begin < 2.0
    assert mesh.count(name) == 1
    assert mesh.invoke(name, "inc").expect_ok().value == "2"
    assert len(mesh.host.seen(name, "bad")) == 1


@pytest.mark.parametrize("answer", [
    Answer(close_after=True), Answer(say_close=True), Answer(chunked=True)],
    ids=["closes-after", "says-close", "chunked"])
def test_unusual_but_lawful_answers_are_understood(mesh, answer):
    """I11: hosts that close after each answer, or send chunks."""
    name = mesh.name()

    def act(call):
        answer.body = Reply(payload=text("fine"), state=text(call.state or "x")).encode(call)
        return answer

    mesh.host.on(name, "act", act)
    mesh.register(actor(name, ["act"]))
    for _ in range(5):
        assert mesh.invoke(name, "act").expect_ok().value == "fine"
    assert len(mesh.host.seen(name, "act")) == 5


def test_a_late_answer_is_discarded_and_its_connection_closed(mesh):
    """I11: D5: after the deadline the answer counts for nothing, and the next message runs."""
    name = mesh.counter()
    mesh.host.on(name, "late", reply=Reply(state=text("99"), delay=0.9))
    mesh.host.on(name, "hang", lambda call: manners.never())
    mesh.register(actor(name, ["inc", "read", "late", "hang"]))
    mesh.invoke(name, "late").expect_error("DEADLINE_EXCEEDED")
    assert mesh.invoke(name, "inc").expect_ok().value == "1"
    time.sleep(0.6)
    assert mesh.count(name) == 1
    abandoned = mesh.host.abandoned
    mesh.invoke(name, "hang").expect_error("DEADLINE_EXCEEDED")
    eventually(lambda: mesh.host.abandoned > abandoned, 3, "the connection to be closed")


def test_request_timeout_is_honoured(mesh):
    """I12: metadata request-timeout, shorter and longer than the default of 600 ms."""
    name = mesh.name()
    mesh.host.on(name, "slow", reply=Reply(payload=text("there"), delay=0.8))
    mesh.host.on(name, "hang", lambda call: manners.never())
    mesh.register(actor(name, ["slow", "hang"]))
    begin = time.monotonic()
    mesh.invoke(name, "hang", metadata={"request-timeout": "150"}).expect_error(
        "DEADLINE_EXCEEDED")
    assert 0.1 < time.monotonic() - begin < 0.5
    slow = mesh.invoke(name, "slow", metadata={"request-timeout": "3000"})
    assert slow.expect_ok().value == "there"


def test_a_request_that_waits_too_long_is_not_executed(mesh):
    """I12: design.md 3: expired work is not sent to the host."""
    name = mesh.name()
    mesh.host.on(name, "slow", reply=Reply(delay=0.4))
    mesh.register(actor(name, ["slow", "quick"]))
    mesh.invoke(name, "slow", asynchronous=True).expect_ok()
    mesh.invoke(name, "quick", metadata={"request-timeout": "100"}).expect_error(
        "DEADLINE_EXCEEDED")
    mesh.invoke(name, "get", metadata={"request-timeout": "3000"}).expect_ok()
    assert not mesh.host.seen(name, "quick")


@pytest.mark.parametrize("value", ["abc", "", "-5", "0", "1e3", "99999999999999999999999"])
def test_a_strange_request_timeout_does_no_harm(mesh, value):
    """I12: [B] upstream crashes the request; here: a decodable answer, and the actor lives on."""
    name = mesh.counter()
    outcome = mesh.invoke(name, "inc", metadata={"request-timeout": value})
    assert outcome.message.status.status != 0
    mesh.invoke(name, "read").expect_ok()


def scheduled(mesh):
    name = mesh.name("later")
    counting(mesh.host, name)
    mesh.register(actor(name, ["inc", "read"]))
    return name


def test_schedules_in_the_future_fire_once(mesh):
    """I13: epoch milliseconds; the answer is that of async, at once."""
    name, due = scheduled(mesh), now_ms() + 400
    outcome = mesh.invoke(name, "inc", text(5), at=due)
    assert payload_of(outcome.expect_ok().message) is UNSET
    assert not mesh.host.seen(name, "inc")
    call = mesh.host.wait(1, name, "inc")[0]
    assert 0 <= now_ms() - due < 500
    assert call.payload == text(5)
    time.sleep(0.3)
    assert len(mesh.host.seen(name, "inc")) == 1


def test_schedules_in_the_past_run_now(mesh):
    """I13: whatever async says."""
    name = scheduled(mesh)
    mesh.invoke(name, "inc", at=now_ms() - 60_000).expect_ok()
    mesh.host.wait(1, name, "inc", timeout=1)


def test_small_schedules_are_relative(mesh):
    """I13: Java sends milliseconds from now."""
    name, begin = scheduled(mesh), time.monotonic()
    mesh.invoke(name, "inc", at=300).expect_ok()
    assert not mesh.host.seen(name, "inc")
    mesh.host.wait(1, name, "inc", timeout=2)
    assert time.monotonic() - begin >= 0.29


def test_schedules_far_ahead_wait(mesh):
    """I13: an hour from now is accepted and does not fire; nor does the year 33658."""
    name = scheduled(mesh)
    mesh.invoke(name, "inc", at=now_ms() + 3_600_000).expect_ok()
    mesh.invoke(name, "inc", at=1_000_000_000_000_000).expect_ok()
    time.sleep(0.2)
    assert not mesh.host.seen(name, "inc")


def test_equal_schedules_are_two(mesh):
    """I13: [B] upstream collapses identical requests; each has its own id here."""
    name = scheduled(mesh)
    request = invocation(name, "inc", at=now_ms() + 200)
    mesh.client.send(request).expect_ok()
    mesh.client.send(request).expect_ok()
    mesh.host.wait(2, name, "inc")
    eventually(lambda: mesh.count(name) == 2)


def test_schedules_for_unknown_actors_are_refused(mesh):
    """I13: the target is looked up first; other schedules are not held up."""
    name = scheduled(mesh)
    mesh.invoke(name, "inc", at=now_ms() + 300).expect_ok()
    outcome = mesh.invoke(mesh.name("nobody"), "inc", at=now_ms() + 100)
    assert outcome.text.startswith("ACTOR_NOT_FOUND: ")
    mesh.host.wait(1, name, "inc", timeout=2)
