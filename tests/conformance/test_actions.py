"""I6-I10: state, tags, default actions, init, failing actions (protocol.md 5.4-5.7, 6.6)."""
import time

import pytest
from harness import host as manners
from harness.host import Reply
from harness.mesh import eventually
from harness.wire import (NOOP, UNNAMED, UNSET, actor, actor_id, invocation, payload_of, text,
                          workflow)

CONFIG = {"actors": {"KeepsTags": {"tags": "keep"}},
          "timeouts": {"deactivate_ms": 10000, "deactivate_jitter_ms": 1}}


# --- I6-I8: state, tags, actions ------------------------------------------------------------------
def test_an_absent_state_keeps_the_old_one(mesh):
    """I6: and a present one replaces it, also when it is empty."""
    name = mesh.name()
    mesh.host.on(name, "set", lambda call: Reply(state=call.payload))
    mesh.host.on(name, "nothing", reply=Reply())
    mesh.register(actor(name, ["set", "nothing"]))
    mesh.invoke(name, "set", text("one")).expect_ok()
    mesh.invoke(name, "nothing").expect_ok()
    assert mesh.invoke(name, "get").expect_ok().value == "one"
    mesh.invoke(name, "set", text("")).expect_ok()
    assert mesh.invoke(name, "get").expect_ok().value == ""


def test_absent_tags_clear_the_old_ones(mesh):
    """I6: as upstream, documented as decisions.md D5."""
    name = mesh.name()
    mesh.host.on(name, "tag", reply=Reply(tags={"a": "1", "b": "2"}))
    mesh.host.on(name, "drop", reply=Reply())
    mesh.host.on(name, "see", lambda call: Reply(tags=call.tags))
    mesh.register(actor(name, ["tag", "drop", "see"], tags={"initial": "yes"}))
    for action in ("see", "tag", "see", "drop", "see"):
        mesh.invoke(name, action).expect_ok()
    seen = [call.tags for call in mesh.host.seen(name, "see")]
    assert seen == [{"initial": "yes"}, {"a": "1", "b": "2"}, {}]


def test_absent_tags_keep_the_old_ones_where_configured(mesh):
    """I6: actors.<type>.tags: keep; given tags still replace."""
    name = "KeepsTags"
    mesh.host.on(name, "tag", lambda call: Reply(tags={"a": call.payload.value.decode()}))
    mesh.host.on(name, "silent", reply=Reply())
    mesh.register(actor(name, ["tag", "silent"]))
    for step in (("tag", text("1")), ("silent",), ("silent",), ("tag", text("2")), ("silent",)):
        mesh.invoke(name, *step).expect_ok()
    assert [call.tags for call in mesh.host.seen(name, "silent")] == [{"a": "1"}] * 2 + [
        {"a": "2"}]


def test_an_unknown_action_fails_at_once(mesh):
    """I7: 500, upstream's text, the host is not asked."""
    name, begin = mesh.counter(), time.monotonic()
    outcome = mesh.invoke(name, "absent").expect_error("ACTION_NOT_FOUND")
    assert outcome.text == f"ACTION_NOT_FOUND: Action [absent] not found for Actor [{name}]"
    assert time.monotonic() - begin < 0.5
    assert not mesh.host.seen(name, "absent")


DEFAULTS = ["get", "Get", "get_state", "getState", "GetState"]


def test_five_default_actions_answer_the_state(mesh):
    """I8: without the host, whatever the actor registered."""
    name = mesh.counter()
    mesh.invoke(name, "inc").expect_ok()
    for action in DEFAULTS:
        assert mesh.invoke(name, action).expect_ok().message.value == text("1")
        assert not mesh.host.seen(name, action)


def test_default_actions_without_a_state_have_no_payload(mesh):
    """I8: unset, not an empty Any; also for an actor that registered no action at all."""
    name = mesh.name()
    mesh.register(actor(name))
    for action in DEFAULTS:
        assert payload_of(mesh.invoke(name, action).expect_ok().message) is UNSET


def test_default_actions_answer_the_initial_state(mesh):
    """I8: the registration's state before anything ran."""
    name = mesh.name()
    mesh.register(actor(name, state=text("first")))
    assert mesh.invoke(name, "get").expect_ok().value == "first"


def test_one_own_default_action_takes_over_all_five(mesh):
    """I8: all of them go to the host then, registered or not."""
    name = mesh.name()
    for action in DEFAULTS:
        mesh.host.on(name, action, reply=Reply(payload=text("mine")))
    mesh.register(actor(name, ["getState"], state=text("state")))
    for action in DEFAULTS:
        assert mesh.invoke(name, action).expect_ok().value == "mine"


# --- I9: init ---------------------------------------------------------------------------------
@pytest.mark.parametrize("init", ["init", "Init", "setup", "Setup"])
def test_init_runs_at_activation(mesh, init):
    """I9: payload noop, caller = its own id, initial state and tags visible, no metadata."""
    name = mesh.name()
    mesh.host.on(name, init, lambda call: Reply(state=text("inited"), tags=call.tags | {"i": "1"},
                                                payload=text("ignored")))
    mesh.register(actor(name, ["other", init], state=text("first"), tags={"t": "1"}))
    call = mesh.host.wait(1, name, init)[0]
    assert call.payload == NOOP
    assert call.invocation.caller == actor_id(name)
    assert call.context.caller == actor_id(name)
    assert (call.state, call.tags, call.metadata) == ("first", {"t": "1"}, {})
    mesh.invoke(name, "other").expect_ok()
    other = mesh.host.seen(name, "other")[0]
    assert (other.state, other.tags) == ("inited", {"t": "1", "i": "1"})
    assert len(mesh.host.seen(name, init)) == 1


def test_only_the_first_init_name_runs(mesh):
    """I9: the first in the order of registration."""
    name = mesh.name()
    mesh.register(actor(name, ["Setup", "init"]))
    mesh.host.wait(1, name, "Setup")
    mesh.invoke(name, "get").expect_ok()
    assert not mesh.host.seen(name, "init")


def test_init_runs_on_each_activation(mesh):
    """I9: again after passivation, on the stored state."""
    name = mesh.name()
    mesh.host.on(name, "init", lambda call: Reply(state=text((call.state or "") + "i")))
    mesh.register(actor(name, ["init"], deactivate_ms=100))
    mesh.host.wait(1, name, "init")

    def again():
        time.sleep(0.25)
        return mesh.invoke(name, "get").expect_ok().value == "ii"

    eventually(again, 5, "a second activation")
    assert [call.state for call in mesh.host.seen(name, "init")][:2] == [None, "i"]


def test_the_workflow_of_init_is_ignored(mesh):
    """I9: no effect, no broadcast, no routing."""
    name, other = mesh.name(), mesh.counter()
    flow = workflow(effects=[invocation(other, "inc", asynchronous=True)], pipe=(other, "inc"))
    mesh.host.on(name, "init", reply=Reply(state=text("up"), workflow=flow))
    mesh.register(actor(name, ["init"]))
    assert mesh.invoke(name, "get").expect_ok().value == "up"
    time.sleep(0.1)
    assert not mesh.host.seen(other, "inc")


def test_a_failing_init_leaves_the_actor_up(mesh):
    """I9: the failure is ignored; clients may call init themselves."""
    name = mesh.name()
    mesh.host.on(name, "init", lambda call: manners.failing())
    mesh.register(actor(name, ["init", "work"], state=text("first")))
    mesh.host.wait(1, name, "init")
    mesh.invoke(name, "work").expect_ok()
    assert mesh.host.seen(name, "work")[0].state == "first"
    mesh.host.on(name, "init", reply=Reply(payload=text("now")))
    assert mesh.invoke(name, "init").expect_ok().value == "now"


# --- I10: a failing action ------------------------------------------------------------------------
def test_a_failing_action_runs_once_and_changes_nothing(mesh):
    """I10: one ERROR; state, tags and workflow of before; the next message runs."""
    name, other = mesh.counter(), mesh.counter()
    mesh.invoke(name, "inc").expect_ok()

    def broken(call):
        reply = Reply(state=text("99"), tags={"bad": "1"},
                      workflow=workflow(effects=[invocation(other, "inc", asynchronous=True)]))
        return manners.Answer(body=reply.encode(call), status=500)

    mesh.host.on(name, "inc", broken)
    mesh.invoke(name, "inc").expect_error()
    assert len(mesh.host.seen(name, "inc")) == 2
    assert mesh.invoke(name, "read").expect_ok().value == "1"
    assert mesh.host.seen(name, "read")[-1].tags == {}
    assert not mesh.host.seen(other, "inc")


# --- which actions there are ---------------------------------------------------------------------
def test_actions_of_timers_are_callable(mesh):
    """I7: 5.7: a name in timer_actions is an action, too."""
    name = mesh.name()
    mesh.host.on(name, "tick", reply=Reply(payload=text("tock")))
    mesh.register(actor(name, ["other"], timers=[(3_600_000, "tick")]))
    assert mesh.invoke(name, "tick").expect_ok().value == "tock"


def test_children_run_init_and_the_template_does_not(mesh):
    """I9: the first call of an instance activates it, init first."""
    parent, child = mesh.name("Parent"), mesh.name("child")
    mesh.host.on(parent, "init", reply=Reply(state=text("up")))
    mesh.register(actor(parent, ["init"], kind=UNNAMED))
    assert mesh.invoke(child, "get", ref=parent).expect_ok().value == "up"
    assert mesh.host.seen(child, "init")[0].actor == actor_id(child, parent=parent)
