"""W1-W4, W6-W8: pipe, forward, effects and their order (protocol.md 6.6-6.8)."""
import time

import pytest
from harness import host as manners
from harness.host import Reply
from harness.mesh import now_ms
from harness.wire import (ACTOR_NOT_FOUND, ERROR, NOOP, UNNAMED, UNSET, actor, actor_id,
                          invocation, protocol_pb, text, workflow)

CONFIG = {"timeouts": {"request_ms": 3000}}


# --- W1-W3: routing -------------------------------------------------------------------------------
def test_pipe_sends_the_response_on(mesh):
    """W1: response payload, metadata, caller = the hop before; the last answer is returned;
    the first actor's state stays."""
    last, first = mesh.plain("last"), mesh.name("first")
    mesh.host.on(last, "act", reply=Reply(payload=text("from last"), state=text("last")))
    mesh.host.on(first, "act", reply=Reply(payload=text("from first"), state=text("first"),
                                           workflow=workflow(pipe=(last, "act"))))
    mesh.register(actor(first, ["act"]))
    outcome = mesh.invoke(first, "act", text("from caller"), metadata={"m": "1"}).expect_ok()
    assert outcome.value == "from last"
    call = mesh.host.seen(last, "act")[0]
    assert call.payload == text("from first")
    assert call.metadata == {"m": "1"}
    assert call.invocation.caller == call.context.caller == actor_id(first)
    assert mesh.invoke(first, "get").expect_ok().value == "first"
    assert mesh.invoke(last, "get").expect_ok().value == "last"
    assert outcome.message.actor.id.name == first  # the request's actor is echoed


@pytest.mark.parametrize("payload", [UNSET, NOOP])
def test_pipe_keeps_the_presence_of_payloads(mesh, payload):
    """W1: an unset or noop response is sent on as such."""
    last, first = mesh.plain("last"), mesh.name("first")
    mesh.host.on(first, "act", reply=Reply(payload=payload,
                                           workflow=workflow(pipe=(last, "act"))))
    mesh.register(actor(first, ["act"]))
    mesh.invoke(first, "act", text("request")).expect_ok()
    assert mesh.host.seen(last, "act")[0].payload == payload


def test_forward_sends_the_request_on(mesh):
    """W2: the request's payload; the first actor's own response is discarded."""
    last, first = mesh.plain("last"), mesh.name("first")
    mesh.host.on(last, "act", lambda call: Reply(payload=call.payload))
    mesh.host.on(first, "act", reply=Reply(payload=text("discarded"), state=text("kept"),
                                           workflow=workflow(forward=(last, "act"))))
    mesh.register(actor(first, ["act"]))
    outcome = mesh.invoke(first, "act", text("request"), metadata={"m": "1"})
    assert outcome.expect_ok().value == "request"
    call = mesh.host.seen(last, "act")[0]
    assert (call.payload, call.metadata) == (text("request"), {"m": "1"})
    assert call.invocation.caller == actor_id(first)
    assert mesh.invoke(first, "get").expect_ok().value == "kept"


def test_pipe_and_forward_spawn_their_target(mesh):
    """W1: register_ref of a pipe or forward binds the target (6.8)."""
    parent = mesh.plain("Parent", kind=UNNAMED)
    for part in ("pipe", "forward"):
        child, first = mesh.name("child"), mesh.name("first")
        mesh.host.on(first, "act", reply=Reply(
            workflow=workflow(**{part: (child, "act", parent)})))
        mesh.register(actor(first, ["act"]))
        mesh.invoke(first, "act").expect_ok()
        assert mesh.host.seen(child, "act")[0].actor == actor_id(child, parent=parent)


@pytest.mark.parametrize("part", ["pipe", "forward"])
def test_chains_of_three(mesh, part):
    """W3: the third actor answers the first caller; its caller is the second."""
    third, second, first = mesh.plain("third"), mesh.name("second"), mesh.name("first")
    mesh.host.on(third, "act", lambda call: Reply(
        payload=text(call.payload.value + b"3"), state=text("s3")))
    for name, mark, target in ((second, b"2", third), (first, b"1", second)):
        mesh.host.on(name, "act", lambda call, mark=mark, target=target: Reply(
            payload=text(call.payload.value + mark), state=text("s"),
            workflow=workflow(**{part: (target, "act")})))
    mesh.register(actor(second, ["act"]), actor(first, ["act"]))
    outcome = mesh.invoke(first, "act", text("0"), metadata={"m": "1"}).expect_ok()
    assert outcome.value == ("0123" if part == "pipe" else "03")
    call = mesh.host.seen(third, "act")[0]
    assert call.invocation.caller.name == second
    assert call.metadata == {"m": "1"}


@pytest.mark.parametrize("part", ["pipe", "forward"])
@pytest.mark.parametrize("length", [1, 2])
def test_endless_chains_end_in_an_error(mesh, part, length):
    """W3: an actor that routes to itself, and two that route to each other: hop limit, no hang,
    and both answer afterwards."""
    names = [mesh.name("loop") for _ in range(length)]
    for number, name in enumerate(names):
        target = names[(number + 1) % length]
        mesh.host.on(name, "act", reply=Reply(workflow=workflow(**{part: (target, "act")})))
        mesh.host.on(name, "fine", reply=Reply(payload=text("fine")))
    mesh.register(*[actor(name, ["act", "fine"]) for name in names])
    begin = time.monotonic()
    mesh.invoke(names[0], "act").expect_error()
    assert time.monotonic() - begin < 4.0
    for name in names:
        assert mesh.invoke(name, "fine").expect_ok().value == "fine"
    assert len(mesh.host.seen(names[0], "act")) <= 100


# --- W4: effects ------------------------------------------------------------------------------
def test_effects_run_and_do_not_change_the_answer(mesh):
    """W4: several, detached; metadata is the request's with the effect's own over it; the
    caller is what the host set, else unset."""
    target, name = mesh.plain("target", ["fx"]), mesh.name("emitter")
    flow = workflow(effects=[
        invocation(target, "fx", text("a"), asynchronous=True, metadata={"own": "1", "m": "2"}),
        invocation(target, "fx", NOOP, asynchronous=True, caller=actor_id(name)),
        invocation(target, "fx")])  # async=false runs, too; its result is dropped
    mesh.host.on(name, "act", reply=Reply(payload=text("answer"), workflow=flow))
    mesh.register(actor(name, ["act"]))
    outcome = mesh.invoke(name, "act", metadata={"m": "1", "n": "1"})
    assert outcome.expect_ok().value == "answer"
    calls = {("unset" if call.payload is None else "noop" if call.payload == NOOP else "value"):
             call for call in mesh.host.wait(3, target, "fx")}
    assert calls["value"].metadata == {"m": "2", "n": "1", "own": "1"}
    assert not calls["value"].invocation.HasField("caller")
    assert calls["noop"].metadata == {"m": "1", "n": "1"}
    assert calls["noop"].invocation.caller == actor_id(name)
    assert calls["unset"].payload is UNSET


def test_effects_do_not_wait_for_each_other_or_the_reply(mesh):
    """W4: a slow effect delays neither the answer nor another actor's effect."""
    slow, quick, name = mesh.plain("slow"), mesh.plain("quick"), mesh.name("emitter")
    mesh.host.on(slow, "act", reply=Reply(delay=0.5))
    flow = workflow(effects=[invocation(target, "act", asynchronous=True)
                             for target in (slow, quick)])
    mesh.host.on(name, "act", reply=Reply(workflow=flow))
    mesh.register(actor(name, ["act"]))
    begin = time.monotonic()
    mesh.invoke(name, "act").expect_ok()
    mesh.host.wait(1, quick, "act", timeout=1)
    assert time.monotonic() - begin < 0.4


def test_effects_can_be_scheduled_and_spawn(mesh):
    """W4: scheduled_to and register_ref work as in a request."""
    parent, child = mesh.plain("Parent", kind=UNNAMED), mesh.name("child")
    name, begin = mesh.name("emitter"), time.monotonic()
    mesh.host.on(name, "act", lambda call: Reply(workflow=workflow(effects=[
        invocation(child, "act", ref=parent, at=now_ms() + 300, asynchronous=True)])))
    mesh.register(actor(name, ["act"]))
    mesh.invoke(name, "act").expect_ok()
    assert not mesh.host.seen(child, "act")
    call = mesh.host.wait(1, child, "act")[0]
    assert call.at - begin >= 0.29
    assert call.actor.parent == parent


def test_effects_on_oneself_run_after_the_state_changed(mesh):
    """W4: self-targeting; W6: the state is there before its effects."""
    name = mesh.name("self")
    mesh.host.on(name, "act", reply=Reply(state=text("new"), workflow=workflow(
        effects=[invocation(name, "follow", asynchronous=True)])))
    mesh.register(actor(name, ["act", "follow"]))
    mesh.invoke(name, "act").expect_ok()
    assert mesh.host.wait(1, name, "follow")[0].state == "new"


def test_bad_effects_hurt_nobody(mesh):
    """W4: unknown actor, unknown action, another system: the answer and the other effects stay."""
    target, name = mesh.plain("target"), mesh.name("emitter")
    flow = workflow(effects=[
        invocation(mesh.name("nobody"), "x", asynchronous=True),
        invocation(target, "no-such-action", asynchronous=True),
        invocation(target, "act", system="elsewhere", asynchronous=True),
        invocation(target, "act", asynchronous=True)])
    mesh.host.on(name, "act", reply=Reply(payload=text("answer"), workflow=flow))
    mesh.register(actor(name, ["act"]))
    assert mesh.invoke(name, "act").expect_ok().value == "answer"
    mesh.host.wait(1, target, "act")
    time.sleep(0.1)
    assert len(mesh.host.seen(target, "act")) == 1


def test_another_system_is_a_clear_error(mesh):
    """W4: cross-system calls come later; now the system is named in the error."""
    outcome = mesh.invoke(mesh.counter(), "inc", system="elsewhere")
    assert outcome.http == 500
    assert outcome.message.status.status in (ERROR, ACTOR_NOT_FOUND)
    assert "elsewhere" in outcome.text


# --- W6-W8: order, routing without a caller, errors ---------------------------------------------
def test_order_is_state_effects_broadcast_routing_reply(mesh):
    """W6: one target gets all three in that order, and the answer comes last; several pairs, so
    that both lanes and both ways between them are tried. To a durable target a broadcast comes by
    way of its channel, in no order with what is sent to the target itself."""
    for number in range(16):
        durable = number % 2 == 1
        topic, target, name = mesh.name("t"), mesh.name("target"), mesh.name("actor")
        mesh.host.on(target, "routed", reply=Reply(payload=text("end")))
        mesh.host.on(name, "act", reply=Reply(
            payload=text("mid"), state=text("new"),
            workflow=workflow(effects=[invocation(target, "effect", asynchronous=True)],
                              broadcast=(topic, NOOP), pipe=(target, "routed"))))
        mesh.register(actor(target, ["effect", "heard", "routed"], channels=[(topic, "heard")],
                            stateful=durable),
                      actor(name, ["act"]))
        assert mesh.invoke(name, "act").expect_ok().value == "end"
        if durable:
            mesh.host.wait(1, target, "heard")
        order = [call.action for call in mesh.host.seen(target)]
        direct = [action for action in order if action != "heard"]
        assert (direct, order.count("heard")) == (["effect", "routed"], 1)
        assert durable or order == ["effect", "heard", "routed"]
        assert mesh.invoke(name, "get").expect_ok().value == "new"


@pytest.mark.parametrize("part", ["pipe", "forward"])
def test_routing_of_async_calls_runs_also_to_oneself(mesh, part):
    """W7: [B] upstream deadlocks; here the chain runs with nobody waiting."""
    name, other = mesh.name("self"), mesh.plain("other")
    mesh.host.on(name, "act", reply=Reply(payload=text("p"),
                                          workflow=workflow(**{part: (name, "next")})))
    mesh.host.on(name, "next", reply=Reply(payload=text("q"),
                                           workflow=workflow(**{part: (other, "act")})))
    mesh.register(actor(name, ["act", "next"]))
    mesh.invoke(name, "act", text("r"), asynchronous=True).expect_ok()
    mesh.host.wait(1, name, "next")
    call = mesh.host.wait(1, other, "act")[0]
    assert call.payload == text("q" if part == "pipe" else "r")
    mesh.invoke(name, "get").expect_ok()


def test_routing_of_sync_calls_to_oneself(mesh):
    """W7: an actor is free while its chain runs, so a pipe to itself is answered."""
    name = mesh.name("self")
    mesh.host.on(name, "act", reply=Reply(payload=text("1"), state=text("s"),
                                          workflow=workflow(pipe=(name, "next"))))
    mesh.host.on(name, "next", lambda call: Reply(payload=text(call.payload.value + b"2")))
    mesh.register(actor(name, ["act", "next"]))
    assert mesh.invoke(name, "act").expect_ok().value == "12"
    assert mesh.host.seen(name, "next")[0].state == "s"


def test_routing_from_timers(mesh):
    """W7: a timer's action pipes on."""
    target, name = mesh.plain("target"), mesh.name("timed")
    mesh.host.on(name, "tick", reply=Reply(payload=text("t"),
                                           workflow=workflow(pipe=(target, "act"))))
    mesh.register(actor(name, ["tick"], timers=[(50, "tick")]))
    assert mesh.host.wait(2, target, "act")[0].payload == text("t")
    mesh.register(actor(name, ["tick"]))


def test_routing_from_broadcasts(mesh):
    """W7: a subscriber's action pipes on, to itself too."""
    topic, name = mesh.name("t"), mesh.name("sub")
    mesh.host.on(name, "receive", reply=Reply(payload=text("on"),
                                              workflow=workflow(pipe=(name, "next"))))
    mesh.register(actor(name, ["receive", "next"], channels=[(topic, "")]))
    mesh.invoke(mesh.speaker(topic), "speak").expect_ok()
    assert mesh.host.wait(1, name, "next")[0].payload == text("on")


@pytest.mark.parametrize("fault", ["actor", "action", "parent", "host"])
def test_a_routing_error_reaches_the_caller_once(mesh, fault):
    """W8: one error in time; neither hop is repeated; the first actor's state stays."""
    target, name = mesh.plain("target", ["act"]), mesh.name("first")
    mesh.host.on(target, "act", lambda call: manners.failing())
    hop = {"actor": (mesh.name("nobody"), "act"), "action": (target, "absent"),
           "parent": (mesh.name("child"), "act", mesh.name("Nobody")),
           "host": (target, "act")}[fault]
    mesh.host.on(name, "act", reply=Reply(state=text("kept"), workflow=workflow(pipe=hop)))
    mesh.register(actor(name, ["act"]))
    begin = time.monotonic()
    outcome = mesh.invoke(name, "act")
    assert outcome.http == 500 and outcome.text
    assert outcome.message.status.status in (ERROR, ACTOR_NOT_FOUND)
    assert time.monotonic() - begin < 3.0
    time.sleep(0.1)
    assert len(mesh.host.seen(name, "act")) == 1
    assert len(mesh.host.seen(target)) == (1 if fault == "host" else 0)
    assert mesh.invoke(name, "get").expect_ok().value == "kept"


def test_a_slow_last_hop_ends_at_the_first_callers_deadline(mesh):
    """W8: 6.8 [K]: the deadline holds across hops."""
    target, name = mesh.plain("slow"), mesh.name("first")
    mesh.host.on(target, "act", reply=Reply(delay=1.5))
    mesh.host.on(name, "act", reply=Reply(workflow=workflow(pipe=(target, "act"))))
    mesh.register(actor(name, ["act"]))
    begin = time.monotonic()
    mesh.invoke(name, "act", metadata={"request-timeout": "300"}).expect_error()
    assert time.monotonic() - begin < 1.0
    assert mesh.invoke(name, "get").expect_ok()


def test_a_failed_action_runs_no_workflow(mesh):
    """W6: protocol.md 2.1 [K]: no context, no state change, no effect."""
    target, name = mesh.plain("target"), mesh.name("actor")

    def half(call):
        flow = workflow(effects=[invocation(target, "act", asynchronous=True)])
        answer = protocol_pb.ActorInvocationResponse(actor_name=call.name, workflow=flow)
        return manners.Answer(body=answer.SerializeToString())

    mesh.host.on(name, "act", half)
    mesh.register(actor(name, ["act"]))
    mesh.invoke(name, "act").expect_error()
    time.sleep(0.1)
    assert not mesh.host.seen(target)


def test_an_empty_workflow_is_none(mesh):
    """W6: Rust sends one with every answer."""
    name = mesh.name("actor")
    mesh.host.on(name, "act", reply=Reply(payload=text("x"), workflow=workflow()))
    mesh.register(actor(name, ["act"]))
    assert mesh.invoke(name, "act").expect_ok().value == "x"
