"""Messages that failed for good: what their sender sent after them goes on, or waits until an
operator has decided (`on_poison`; durability.md 19)."""
import time

import pytest
from harness import host as manners
from harness.host import Reply
from harness.mesh import eventually, now_ms
from harness.wire import actor, invocation, text, workflow
from test_messages import CONFIG, ctl, rows


class Line:
    """A sender of numbered effects to one receiver, which notes them and fails at those it is told to."""

    def __init__(self, mesh, target="target"):
        self.mesh, self.target, self.sender = mesh, target, mesh.name("sender")
        self.poison = {"2"}
        mesh.host.on(target, "take", self._take)
        mesh.host.on(target, "read", lambda call: Reply(payload=text(call.state or "")))
        mesh.host.on(self.sender, "act", lambda call: Reply(
            state=text(call.payload.value.decode()),
            workflow=workflow(effects=[invocation(target, "take", text(call.payload.value.decode()),
                                                  asynchronous=True)])))
        mesh.register(actor(target, ["take", "read"]), actor(self.sender, ["act"]))

    def _take(self, call):
        said = call.payload.value.decode()
        if said in self.poison:
            return manners.failing()
        return Reply(state=text((call.state or "") + said))

    def send(self, *numbers):
        for number in numbers:
            self.mesh.invoke(self.sender, "act", text(number)).expect_ok()

    def taken(self):
        return self.mesh.invoke(self.target, "read").expect_ok().value

    def letter(self):
        return eventually(lambda: rows(self.mesh, "dead-letters", "list"), what="a dead letter")[0]


@pytest.fixture
def line(fresh):
    return Line(fresh(CONFIG | {"actors": {"target": {"on_poison": "block"}}}))


def waiting(line):
    return len(rows(line.mesh, "messages", "list"))


def test_what_comes_after_it_waits_over_a_restart_until_it_is_replayed(line):
    line.send("1", "2", "3", "4")
    row = line.letter()
    assert row["blocks"] and row["why"].startswith("HOST_ERROR")
    assert "effect, blocks" in ctl(line.mesh, "dead-letters", "list")
    assert "waits until this is replayed" in ctl(line.mesh, "dead-letters", "show", row["id"])
    time.sleep(0.3)
    assert line.taken() == "1"
    line.mesh.kernel.crash()
    line.send("5")
    time.sleep(0.5)  # long enough to have passivated, and to have been looked for
    assert line.taken() == "1" and waiting(line) == 4
    line.poison.clear()
    assert "1 replayed" in ctl(line.mesh, "dead-letters", "replay", row["id"])
    eventually(lambda: line.taken() == "12345", what="all, in their order")
    eventually(lambda: waiting(line) == 0, what="the end of all messages")
    assert rows(line.mesh, "dead-letters", "list") == []


def test_what_comes_after_it_goes_on_when_it_is_dropped(line):
    line.send("1", "2", "3")
    row = line.letter()
    line.mesh.kernel.crash()
    assert "1 dropped" in ctl(line.mesh, "dead-letters", "drop", row["id"])
    eventually(lambda: line.taken() == "13", what="the rest")
    eventually(lambda: waiting(line) == 0, what="the end of all messages")
    assert rows(line.mesh, "dead-letters", "list") == []


def test_a_replay_that_fails_again_blocks_again(line):
    line.send("2", "3")
    row = line.letter()
    ctl(line.mesh, "dead-letters", "replay", row["id"])
    assert line.letter()["blocks"]
    assert line.taken() == ""
    line.poison.clear()
    eventually(lambda: "1 replayed" in ctl(line.mesh, "dead-letters", "replay", "--all"),
               what="the replay")
    eventually(lambda: line.taken() == "23", what="both")


def test_other_senders_and_calls_are_not_held_up(line):
    """A lane is one sender's; what has no order blocks nothing and waits for nothing."""
    line.send("1", "2", "3")
    line.letter()
    line.mesh.invoke(line.target, "take", text("x")).expect_ok()
    line.mesh.invoke(line.target, "take", text("y"), at=now_ms() + 50).expect_ok()
    other = line.mesh.name("other")
    line.mesh.host.on(other, "act", lambda call: Reply(
        state=text("sent"), workflow=workflow(effects=[invocation(line.target, "take", text("z"),
                                                                  asynchronous=True)])))
    line.mesh.register(actor(other, ["act"]))
    line.mesh.invoke(other, "act").expect_ok()
    eventually(lambda: sorted(line.taken()) == sorted("1xyz"), what="the others")
    assert waiting(line) == 2


def test_without_it_the_rest_goes_on(fresh):
    line = Line(fresh(CONFIG))
    line.send("1", "2", "3")
    assert "blocks" not in line.letter()
    eventually(lambda: line.taken() == "13", what="the rest")
    assert waiting(line) == 0


def test_an_erased_actor_leaves_nothing_that_blocks(line):
    line.send("1", "2", "3")
    line.letter()
    out = ctl(line.mesh, "state", "erase", "spawn-system", line.target)
    assert "2 messages" in out and "1 dead letters" in out
    assert waiting(line) == 0 and rows(line.mesh, "dead-letters", "list") == []
    line.send("4")
    eventually(lambda: line.taken() == "4", what="a new life")
