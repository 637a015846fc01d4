"""W5: broadcast and channels (protocol.md 6.9, 7)."""
import time

from harness.host import Reply
from harness.wire import UNNAMED, actor, actor_id, text, workflow

CONFIG = {"timeouts": {"request_ms": 3000}}


# --- W5: broadcast --------------------------------------------------------------------------------
def settle(mesh, *names):
    """Every message that is on its way to these actors has arrived after this."""
    for name in names:
        mesh.invoke(name, "get").expect_ok()
    time.sleep(0.1)


def test_broadcast_reaches_every_subscriber_once(mesh):
    """W5: default action receive, own action, the payload unchanged, caller = the speaker,
    metadata dropped, a dotted topic; exactly one copy each."""
    topic = mesh.name("test.channel.with.dots")
    default = mesh.plain("default", ["receive"], channels=[(topic, "")])
    custom = mesh.plain("custom", ["heard"], channels=[(topic, "heard")])
    deaf = mesh.plain("deaf", ["receive"], channels=[(topic + ".more", "")])
    name = mesh.speaker(topic, text("news"))
    mesh.invoke(name, "speak", metadata={"m": "1"}).expect_ok()
    for subscriber, action in ((default, "receive"), (custom, "heard")):
        call = mesh.host.wait(1, subscriber, action)[0]
        assert call.payload == text("news")
        assert call.invocation.caller == actor_id(name)
        assert call.metadata == {}
    settle(mesh, default, custom, deaf)
    assert len(mesh.host.seen(default, "receive")) == 1
    assert len(mesh.host.seen(custom, "heard")) == 1
    assert not mesh.host.seen(deaf)


def test_broadcast_reaches_the_speaker_itself(mesh):
    """W5: if it subscribed."""
    topic, name = mesh.name("t"), mesh.name("both")
    mesh.host.on(name, "speak", reply=Reply(workflow=workflow(broadcast=(topic, text("me")))))
    mesh.register(actor(name, ["speak", "hear"], channels=[(topic, "hear")]))
    mesh.invoke(name, "speak").expect_ok()
    mesh.host.wait(1, name, "hear")


def test_two_topics_with_the_same_action(mesh):
    """W5: [B] upstream keeps only the first; both are heard here."""
    topics = [mesh.name("t"), mesh.name("t")]
    subscriber = mesh.plain("sub", ["receive"], channels=[(topic, "") for topic in topics])
    for number, topic in enumerate(topics):
        mesh.invoke(mesh.speaker(topic, text(number)), "speak").expect_ok()
        assert mesh.host.wait(number + 1, subscriber, "receive")[-1].payload == text(number)


def test_a_subscriber_without_the_action_hurts_nobody(mesh):
    """W5: [B] upstream loses every subscription of the node then."""
    topic = mesh.name("t")
    mesh.plain("lacking", ["other"], channels=[(topic, "absent")])
    good = mesh.plain("good", ["receive"], channels=[(topic, "")])
    name = mesh.speaker(topic)
    for count in (1, 2):
        mesh.invoke(name, "speak").expect_ok()
        mesh.host.wait(count, good, "receive")


def test_a_broadcast_wakes_a_passivated_subscriber(mesh):
    """W5: with its state."""
    topic = mesh.name("t")
    sleeper = mesh.plain("sleeper", ["init", "receive", "set"], channels=[(topic, "")],
                    deactivate_ms=80)
    mesh.host.on(sleeper, "set", reply=Reply(state=text("dream")))
    name = mesh.speaker(topic)
    mesh.invoke(sleeper, "set").expect_ok()
    starts = len(mesh.host.seen(sleeper, "init"))
    time.sleep(0.3)
    mesh.invoke(name, "speak").expect_ok()
    call = mesh.host.wait(1, sleeper, "receive")[0]
    assert call.state == "dream"
    assert len(mesh.host.seen(sleeper, "init")) > starts, "it was still awake"
    assert len(mesh.host.seen(sleeper, "receive")) == 1


def test_a_broadcast_nobody_hears_is_fine(mesh):
    """W5: no subscriber, no error."""
    mesh.invoke(mesh.speaker(mesh.name("t"), text("x")), "speak").expect_ok()


def test_many_subscribers(mesh):
    """W5: 50 of them, children among them, one copy each."""
    topic, parent = mesh.name("t"), mesh.name("Parent")
    named = [mesh.name("sub") for _ in range(40)]
    children = [mesh.name("child") for _ in range(10)]
    mesh.register(actor(parent, ["receive"], kind=UNNAMED, channels=[(topic, "")]),
                  *[actor(name, ["receive"], channels=[(topic, "")]) for name in named])
    mesh.client.spawn(*[actor_id(child, parent=parent) for child in children])
    mesh.invoke(mesh.speaker(topic), "speak").expect_ok()
    for name in named + children:
        mesh.host.wait(1, name, "receive")
    settle(mesh, *named)
    assert all(len(mesh.host.seen(name, "receive")) == 1 for name in named + children)
