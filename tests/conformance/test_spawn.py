"""S1-S7: spawning and looking up (protocol.md 4.3-4.5, 5.10; decisions.md D2)."""
import time

import pytest
from harness.client import REGISTER_PATH
from harness.host import Reply
from harness.mesh import counting
from harness.wire import (ACTOR_NOT_FOUND, ERROR, OK, SYSTEM, UNNAMED, actor, actor_id,
                          protocol_pb, text)

CONFIG = {"durability": {"history": {"keep": 10}},
          "timeouts": {"deactivate_ms": 150, "deactivate_jitter_ms": 1}}


def parent_of(mesh, **settings) -> str:
    name = mesh.name("Parent")
    settings.setdefault("deactivate_ms", 100)
    counting(mesh.host, name)
    mesh.register(actor(name, ["inc", "read", "init"], kind=UNNAMED, **settings))
    return name


def test_spawn_of_a_known_parent(mesh):
    """S1: OK "Accepted", and the child answers."""
    parent, child = parent_of(mesh), mesh.name("child")
    status, answer = mesh.client.spawn(actor_id(child, parent=parent))
    assert status == 200
    assert (answer.status.status, answer.status.message) == (OK, "Accepted")
    assert mesh.invoke(child, "inc").expect_ok().value == "1"


def test_spawn_of_an_unknown_parent(mesh):
    """S1: an error status with text, not an empty body; nothing is bound."""
    child = mesh.name("child")
    status, answer = mesh.client.spawn(actor_id(child, parent=mesh.name("Nobody")))
    assert status == 500
    assert answer.status.status in (ERROR, ACTOR_NOT_FOUND) and answer.status.message
    mesh.invoke(child, "inc").expect_error("ACTOR_NOT_FOUND", status=ACTOR_NOT_FOUND)


def test_spawn_of_several_children(mesh):
    """S1: one request, many ids."""
    parent, children = parent_of(mesh), [mesh.name("child") for _ in range(5)]
    status, _ = mesh.client.spawn(*[actor_id(child, parent=parent) for child in children])
    assert status == 200
    for child in children:
        assert mesh.invoke(child, "inc").expect_ok().value == "1"


def test_spawn_again_keeps_the_state(mesh):
    """S1: spawning is idempotent."""
    parent, child = parent_of(mesh), mesh.name("child")
    for expected in ("1", "2", "3"):
        mesh.client.spawn(actor_id(child, parent=parent))
        assert mesh.invoke(child, "inc").expect_ok().value == expected


def test_register_ref_needs_no_spawn(mesh):
    """S2: the first call binds; repeats and later calls without it reach the same actor."""
    parent, child = parent_of(mesh), mesh.name("child")
    assert mesh.invoke(child, "inc", ref=parent).expect_ok().value == "1"
    assert mesh.invoke(child, "inc", ref=parent).expect_ok().value == "2"
    assert mesh.invoke(child, "inc").expect_ok().value == "3"


def test_register_ref_of_an_unknown_parent(mesh):
    """S2: an error in the body, at once (upstream: empty 500)."""
    outcome = mesh.invoke(mesh.name("child"), "inc", ref=mesh.name("Nobody"))
    assert outcome.http == 500
    assert outcome.message.status.status in (ERROR, ACTOR_NOT_FOUND)
    assert outcome.text


def test_the_host_sees_the_parent_of_instances_only(mesh):
    """S3: actor and context.self carry the parent for children, none for named actors."""
    parent, child = parent_of(mesh), mesh.name("child")
    mesh.invoke(child, "inc", ref=parent).expect_ok()
    call = mesh.host.seen(child, "inc")[0]
    assert call.actor == actor_id(child, parent=parent)
    assert call.context.self == actor_id(child, parent=parent)

    named = mesh.counter()
    mesh.invoke(named, "inc").expect_ok()
    call = mesh.host.seen(named, "inc")[0]
    assert call.actor == actor_id(named)
    assert call.context.self.parent == ""


def test_one_name_under_two_parents_is_two_actors(mesh):
    """S4: the parent is part of the identity; without a parent the latest binding decides."""
    first, second, child = parent_of(mesh), parent_of(mesh), mesh.name("child")
    for _ in range(3):
        mesh.invoke(child, "inc", ref=first).expect_ok()
    assert mesh.invoke(child, "inc", ref=second).expect_ok().value == "1"
    assert mesh.invoke(child, "read").expect_ok().value == "1"
    assert mesh.invoke(child, "read", ref=first).expect_ok().value == "3"
    assert mesh.invoke(child, "read").expect_ok().value == "3"


def test_an_explicit_parent_is_used_but_not_kept(mesh):
    """S4: actor.id.parent naming a registered actor selects it for this call (4.5 rule 2)."""
    first, second, child = parent_of(mesh), parent_of(mesh), mesh.name("child")
    mesh.invoke(child, "inc", ref=first).expect_ok()
    for _ in range(2):
        mesh.invoke(child, "inc", parent=second).expect_ok()
    assert mesh.invoke(child, "read").expect_ok().value == "1"
    assert mesh.invoke(child, "read", parent=second).expect_ok().value == "2"


def test_the_register_ref_of_the_go_sdk(mesh):
    """S5: register_ref = the actor's own name, and the parent in actor.id."""
    parent, child = parent_of(mesh), mesh.name("child")
    outcome = mesh.invoke(child, "inc", ref=child, parent=parent)
    assert outcome.expect_ok().value == "1"
    assert mesh.host.seen(child, "inc")[0].actor.parent == parent


def test_an_unknown_actor_fails_soon(mesh):
    """S6: ACTOR_NOT_FOUND with upstream's text, after a short grace at most."""
    mesh.counter()  # so that the system is known
    name, begin = mesh.name("nobody"), time.monotonic()
    outcome = mesh.invoke(name, "inc").expect_error("ACTOR_NOT_FOUND", status=ACTOR_NOT_FOUND)
    assert outcome.text == f"ACTOR_NOT_FOUND: Actor {name} not found on ActorSystem {SYSTEM}"
    assert time.monotonic() - begin < 3.0


def test_unnamed_parents_themselves_are_not_spawned(mesh):
    """S1: registering an UNNAMED actor activates nothing (4.4, 4.2)."""
    parent = parent_of(mesh)
    mesh.client.spawn(actor_id(mesh.name("child"), parent=parent))
    time.sleep(0.1)
    assert not [call for call in mesh.host.seen() if call.actor.parent == parent]


def test_a_revision_is_restored(mesh):
    """S7: ?revision=N starts from N."""
    parent, child = parent_of(mesh), mesh.name("child")
    mesh.client.spawn(actor_id(child, parent=parent))
    for _ in range(4):
        mesh.invoke(child, "inc").expect_ok()
    time.sleep(0.4)  # idle for longer than the deactivation time
    status, answer = mesh.client.spawn(actor_id(child, parent=parent), revision=2)
    assert status == 200, answer
    assert mesh.invoke(child, "read").expect_ok().value == "2"


def test_a_revision_of_a_running_actor_is_restored(mesh):
    """S7: durability.md 26: restore is a turn, so an actor that is awake goes back as well."""
    parent, child = parent_of(mesh, deactivate_ms=60_000), mesh.name("child")
    mesh.client.spawn(actor_id(child, parent=parent))
    for _ in range(4):
        mesh.invoke(child, "inc").expect_ok()
    mesh.client.spawn(actor_id(child, parent=parent), revision=2)
    assert mesh.invoke(child, "read").expect_ok().value == "2"


def test_a_restored_actor_does_not_go_back_again(mesh):
    """S7: a later activation starts from what came after the restore (durability.md 26)."""
    parent, child = parent_of(mesh), mesh.name("child")
    mesh.client.spawn(actor_id(child, parent=parent))
    for _ in range(4):
        mesh.invoke(child, "inc").expect_ok()
    time.sleep(0.4)  # idle for longer than the deactivation time
    mesh.client.spawn(actor_id(child, parent=parent), revision=2)
    mesh.invoke(child, "inc", text(10)).expect_ok()
    starts = len(mesh.host.seen(child, "init"))
    time.sleep(0.4)
    assert mesh.invoke(child, "read").expect_ok().value == "12"
    assert len(mesh.host.seen(child, "init")) > starts, "the actor did not passivate"


@pytest.mark.parametrize("revision", ["abc", "99999999999999999999"])
def test_a_revision_that_is_no_number_is_400(mesh, revision):
    """S7: an error in the body, not an empty 500."""
    parent = parent_of(mesh)
    request = protocol_pb.SpawnRequest(actors=[actor_id(mesh.name("c"), parent=parent)])
    response = mesh.client.post(f"{REGISTER_PATH}/{SYSTEM}/actors/spawn?revision={revision}",
                                request.SerializeToString())
    assert response.status == 400
    assert response.decode(protocol_pb.SpawnResponse).status.status == ERROR


def test_children_hear_the_channels_of_their_parent(mesh):
    """S1: [K] 7.2: spawned instances are subscribed at spawn, before any invocation."""
    topic, parent, child = mesh.name("t"), mesh.name("Parent"), mesh.name("child")
    speaker = mesh.name("speaker")
    flow = protocol_pb.Workflow()
    flow.broadcast.channel_group = topic
    flow.broadcast.noop.SetInParent()
    mesh.host.on(speaker, "speak", reply=Reply(workflow=flow))
    mesh.register(actor(parent, ["receive"], kind=UNNAMED, channels=[(topic, "")]),
                  actor(speaker, ["speak"]))
    mesh.client.spawn(actor_id(child, parent=parent))
    mesh.invoke(speaker, "speak").expect_ok()
    mesh.host.wait(1, child, "receive")
