"""Durable reminders: they survive passivation, kill -9 and downtime, and what they call takes effect
once (durability.md 15; docs/reminders.md)."""
import time

import pytest
from harness import host as manners
from harness.host import Reply
from harness.mesh import eventually, now_ms
from harness.wire import NOOP, UNNAMED, actor, invocation, text, workflow
from test_messages import CONFIG, ctl, rows


def reminding(*reminders):
    return CONFIG | {"actors": {"clock": {"reminders": list(reminders)}}}


class Clock:
    """An actor whose `tick` keeps the due times of its calls in its state."""

    def __init__(self, mesh, name="clock", kind=None, fails=lambda due: False):
        self.mesh, self.name, self.fails, self.payloads = mesh, name, fails, []
        mesh.host.on(name, "tick", self._tick)
        for action in ("set", "read"):
            mesh.host.on(name, action, lambda call: Reply(payload=text(call.state or "")))
        mesh.register(actor(name, ["tick", "set", "read"],
                            **({} if kind is None else {"kind": kind})))

    def _tick(self, call):
        told = dict(call.context.metadata)
        due = told["spawn-reminder-due"]
        self.payloads.append(getattr(call.payload, "value", b""))
        if self.fails(due):
            return manners.failing()
        return Reply(state=text(f"{call.state or ''} {told['spawn-reminder']}:{due}".strip()))

    def dues(self, reminder="beat", of=None):
        said = self.mesh.invoke(of or self.name, "read").expect_ok().value or ""
        return [int(each.split(":")[1]) for each in said.split() if each.split(":")[0] == reminder]

    def until(self, count, seconds=8.0, **options):
        return eventually(lambda: len(self.dues(**options)) >= count and self.dues(**options),
                          seconds, f"{count} calls")


def set_reminder(clock, name="beat", of=None, expect=True, **metadata):
    told = {"reminder-name": name} | {"reminder-" + key.replace("_", "-"): value
                                      for key, value in metadata.items()}
    answer = clock.mesh.invoke(of or clock.name, "tick", metadata=told)
    return answer.expect_ok() if expect else answer


def test_one_that_is_declared_comes_without_a_call_and_over_kills(fresh):
    """A NAMED actor: from its registration on, in time, each due time once."""
    clock = Clock(fresh(reminding({"name": "beat", "action": "tick", "cron": "* * * * * *",
                                   "missed": "all", "payload": {"said": "hello"}})))
    for _ in range(3):
        time.sleep(1.3)
        clock.mesh.kernel.crash()
    dues = clock.until(6)
    assert all(due % 1000 == 0 for due in dues)
    assert dues == list(range(dues[0], dues[0] + 1000 * len(dues), 1000))
    assert all(b"hello" in payload for payload in clock.payloads)
    (row,) = rows(clock.mesh, "schedule", "list")
    assert (row["kind"], row["reminder"], row["to"]["name"]) == ("reminder", "beat", "clock")
    assert "reminder beat" in ctl(clock.mesh, "schedule", "list")


@pytest.mark.parametrize("missed", ["once", "skip", "all"])
def test_what_was_missed(fresh, missed):
    clock = Clock(fresh(reminding({"name": "beat", "action": "tick", "every": "1s",
                                   "missed": missed})))
    first = clock.until(1)[0]
    clock.mesh.kernel.kill9()
    time.sleep(4.2)
    before_start = now_ms()
    clock.mesh.kernel.start()
    eventually(lambda: clock.dues()[-1] > before_start + 1000, 10, "calls after the start")
    dues = clock.dues()
    assert len(dues) == len(set(dues)) and all((due - first) % 1000 == 0 for due in dues)
    gap = [due for due in dues if dues[0] < due <= before_start]
    whole = list(range(first, dues[-1] + 1, 1000))
    if missed == "all":
        assert dues == whole
    else:
        # Of those that were due meanwhile one is called, the first (`once`) or the last (`skip`).
        assert len(dues) <= len(whole) - 2
        assert gap


def test_a_call_sets_one_and_takes_it_away(fresh):
    clock = Clock(fresh(CONFIG))
    set_reminder(clock, every="1s")
    clock.until(1)
    clock.mesh.kernel.crash()
    clock.until(2)
    set_reminder(clock, cron="0 0 1 1 *", time_zone="Europe/Paris")  # the same, set anew
    (row,) = eventually(lambda: len(rows(clock.mesh, "schedule", "list")) == 1
                        and rows(clock.mesh, "schedule", "list"), what="one row")
    assert row["due_ms"] > now_ms() + 1000
    count = len(clock.dues())
    time.sleep(1.3)
    assert len(clock.dues()) == count
    set_reminder(clock, cancel="true")
    eventually(lambda: rows(clock.mesh, "schedule", "list") == [], what="no row")
    set_reminder(clock, cancel="true")  # a repeat changes nothing


def test_an_operator_cancels_it(fresh):
    clock = Clock(fresh(CONFIG))
    set_reminder(clock, every="1h")
    (row,) = rows(clock.mesh, "schedule", "list")
    assert "1 cancelled" in ctl(clock.mesh, "schedule", "cancel", row["id"])
    assert rows(clock.mesh, "schedule", "list") == []
    set_reminder(clock, every="1s")  # nothing of the old one is left
    clock.until(1)


def test_an_effect_sets_it_with_the_state_that_sent_it(fresh):
    """The turn that fails sets nothing; the one that commits sets it once, over a kill."""
    clock = Clock(fresh(CONFIG))
    told = {"reminder-name": "beat", "reminder-every": "1s"}
    order = invocation("clock", "tick", text("x"), metadata=told, asynchronous=True)
    clock.mesh.host.on("maker", "make", lambda call: manners.failing())
    clock.mesh.register(actor("maker", ["make"]))
    clock.mesh.invoke("maker", "make").expect_error()
    assert rows(clock.mesh, "schedule", "list") == []
    clock.mesh.host.on("maker", "make", lambda call: Reply(
        state=text("made"), workflow=workflow(effects=[order])))
    clock.mesh.invoke("maker", "make").expect_ok()
    clock.mesh.kernel.crash()
    dues = clock.until(2)
    assert len(dues) == len(set(dues))
    assert len(rows(clock.mesh, "schedule", "list")) == 1


def test_instances_have_their_own_over_passivation(fresh):
    """Each child that was called has what its type declares; idle ones are woken by it."""
    mesh = fresh(reminding({"name": "beat", "action": "tick", "every": "1s"}))
    clock = Clock(mesh, kind=UNNAMED)
    children = [mesh.name("child") for _ in range(3)]
    for child in children:
        mesh.invoke(child, "read", ref="clock").expect_ok()
    time.sleep(2.5)  # nobody calls them; they passivate after 0.3 s
    for child in children:
        assert len(clock.dues(of=child)) >= 2


def test_a_call_that_fails_is_a_dead_letter_and_the_next_one_comes(fresh):
    failed = []
    clock = Clock(fresh(reminding({"name": "beat", "action": "tick", "every": "1s"})),
                  fails=lambda due: not failed and (failed.append(due) or True))
    assert int(failed[0]) not in clock.until(2) if failed else clock.until(2)
    (row,) = rows(clock.mesh, "dead-letters", "list")
    assert row["action"] == "tick" and row["reminder"] == "beat"


def test_a_deleted_actor_has_none_until_it_is_called(fresh):
    clock = Clock(fresh(reminding({"name": "beat", "action": "tick", "every": "1s"})))
    clock.until(1)
    ctl(clock.mesh, "state", "delete", "spawn-system", "clock")
    eventually(lambda: rows(clock.mesh, "schedule", "list") == [], what="no row")
    seen = len(clock.payloads)
    clock.mesh.kernel.crash()
    time.sleep(1.5)
    assert len(clock.payloads) == seen
    assert clock.dues() == []
    clock.until(1)


def test_a_changed_configuration_changes_what_is_armed(fresh):
    mesh = fresh(reminding({"name": "beat", "action": "tick", "every": "1h"},
                           {"name": "old", "action": "tick", "every": "1h"}))
    clock = Clock(mesh)
    eventually(lambda: len(rows(mesh, "schedule", "list")) == 2, what="both")
    mesh.kernel.stop()
    mesh.kernel.config["actors"]["clock"]["reminders"] = [
        {"name": "beat", "action": "tick", "every": "1s"}]
    mesh.kernel.start()
    clock.until(1)
    eventually(lambda: [row["reminder"] for row in rows(mesh, "schedule", "list")] == ["beat"],
               what="the old one's end")


def test_restored_state_keeps_its_reminders(fresh):
    """A restore brings back payload and tags, not what is armed (durability.md 26)."""
    mesh = fresh(reminding({"name": "beat", "action": "tick", "every": "1s"})
                 | {"durability": {"history": {"keep": 100}}})
    clock = Clock(mesh)
    clock.until(2)
    ctl(mesh, "state", "restore", "spawn-system", "clock", "2")
    count = len(clock.dues())
    clock.until(count + 2)
    assert len(rows(mesh, "schedule", "list")) == 1


@pytest.mark.parametrize(("told", "why"), [
    ({}, "give reminder-cron, or reminder-every"),
    ({"every": "1s", "cron": "* * * * *"}, "give reminder-cron, or reminder-every"),
    ({"every": "10ms"}, "reminder-every"),
    ({"cron": "61 * * * *"}, "61"),
    ({"cron": "* * * * *", "time_zone": "Mars/Base"}, "Mars/Base"),
    ({"every": "1s", "time_zone": "UTC"}, "knows no time zone"),
    ({"every": "1s", "missed": "twice"}, "twice"),
])
def test_a_call_that_makes_no_sense_is_refused(fresh, told, why):
    clock = Clock(fresh(CONFIG))
    answer = set_reminder(clock, expect=False, **told).expect_error("INVALID_ARGUMENT", 400)
    assert why in answer.text
    assert rows(clock.mesh, "schedule", "list") == []


def test_only_actors_in_commit_mode_have_them(fresh):
    mesh = fresh(CONFIG | {"actors": {"loose": {"durability": "snapshot"}}})
    for name, settings in (("loose", {}), ("bare", {"stateful": False})):
        mesh.register(actor(name, ["tick"], **settings))
        answer = mesh.invoke(name, "tick", NOOP, metadata={"reminder-name": "beat",
                                                          "reminder-every": "1s"})
        assert "commit" in answer.expect_error("INVALID_ARGUMENT", 400).text
