"""What an actor in commit mode sends arrives, and takes effect once, over kill -9 at any moment
(durability.md 11-21); schedules, dead letters, and what operators see of them."""
import json
import subprocess
import threading
import time

import pytest
from harness import host as manners
from harness.host import Reply
from harness.mesh import counting, eventually, now_ms
from harness.wire import BUILD, NOOP, UNNAMED, actor, invocation, text, workflow

CONFIG = {"timeouts": {"deactivate_ms": 300, "request_ms": 1500},
          "durability": {"messages": {"attempts": 4, "backoff_first_ms": 20, "backoff_max_ms": 100}}}


def ctl(mesh, *arguments, code=0):
    run = subprocess.run(
        [str(BUILD / "bin" / "spawnctl"), "--admin", mesh.kernel.config["admin"]["address"],
         *arguments], capture_output=True, text=True, timeout=30, check=False)
    assert run.returncode == code, run.stdout + run.stderr
    return run.stdout


def rows(mesh, *verb):
    return next(iter(json.loads(ctl(mesh, "--json", *verb)).values()))


def sender(mesh, effects=(), pipe=None, actions=("act",), **settings):
    """An actor whose `act` counts and sends."""
    name = mesh.name("sender")
    mesh.host.on(name, "act", lambda call: Reply(
        state=text(int(call.state or 0) + 1), payload=text("sent"),
        workflow=workflow(effects=effects, pipe=pipe)))
    mesh.register(actor(name, list(actions), **settings))
    return name


def slow_once(mesh, name, seconds=20.0):
    """`inc` of this actor hangs the first time, so that its kernel dies while it runs."""
    first = threading.Event()

    def inc(call):
        if not first.is_set():
            first.set()
            time.sleep(seconds)
        total = int(call.state or 0) + 1
        return Reply(state=text(total), payload=text(total))

    mesh.host.on(name, "inc", inc)
    return first


# --- effects --------------------------------------------------------------------------------------
def test_an_effect_survives_the_kernel_and_takes_effect_once(fresh):
    """Killed while the receiver's action runs: it runs again after the restart, once for good."""
    mesh = fresh(CONFIG)
    target = mesh.counter("target")
    running = slow_once(mesh, target)
    name = sender(mesh, effects=[invocation(target, "inc", asynchronous=True)])
    mesh.invoke(name, "act").expect_ok()
    assert running.wait(5)
    mesh.kernel.crash()
    eventually(lambda: mesh.count(target) == 1, what="the effect")
    time.sleep(0.3)
    assert mesh.count(target) == 1
    assert rows(mesh, "messages", "list") == []


def test_effects_to_one_actor_keep_their_order_over_failures(fresh):
    """FIFO per sender and receiver, although every third call is cut off."""
    mesh = fresh(CONFIG)
    target = mesh.name("target")
    seen, calls = [], [0]

    def take(call):
        calls[0] += 1
        if calls[0] % 3 == 0:
            return manners.slam()
        seen.append(call.payload.value.decode())
        return Reply(state=text(",".join([call.state or "", seen[-1]]).strip(",")))

    mesh.host.on(target, "take", take)
    mesh.host.on(target, "read", lambda call: Reply(payload=text(call.state or "")))
    mesh.register(actor(target, ["take", "read"]))
    name = mesh.name("sender")
    mesh.host.on(name, "act", lambda call: Reply(
        state=text(int(call.state or 0) + 1),
        workflow=workflow(effects=[invocation(target, "take", text(f"{call.payload.value.decode()}{i}"),
                                              asynchronous=True) for i in range(3)])))
    mesh.register(actor(name, ["act"]))
    for turn in "abcde":
        mesh.invoke(name, "act", text(turn)).expect_ok()
    wanted = ",".join(f"{turn}{i}" for turn in "abcde" for i in range(3))
    eventually(lambda: rows(mesh, "messages", "list") == [], 20, "delivery")
    assert mesh.invoke(target, "read").expect_ok().value == wanted
    assert rows(mesh, "dead-letters", "list") == []


def test_an_unreachable_host_is_tried_again(fresh):
    """Refused connections say nothing against the message."""
    mesh = fresh({"host": {"retry_ms": 50}, "durability": {"messages": {"backoff_first_ms": 20,
                                                                        "backoff_max_ms": 100}}})
    other = manners.Host()
    try:
        mesh.kernel.stop()
        port = other.port
        mesh.kernel.config["hosts"] = [{"name": "far", "address": "127.0.0.1", "port": port,
                                        "actors": ["far"]}]
        mesh.kernel.start()
        counting(other, "far")
        mesh.register(actor("far", ["inc", "read"]))
        name = sender(mesh, effects=[invocation("far", "inc", asynchronous=True)])
        other.stop()
        mesh.invoke(name, "act").expect_ok()
        waiting = eventually(lambda: [row for row in rows(mesh, "messages", "list")
                                      if row["attempts"] > 1], what="a second attempt")
        assert waiting[0]["why"].startswith("UNAVAILABLE")
        other.start()
        eventually(lambda: mesh.count("far") == 1, 10, "delivery")
    finally:
        other.stop()


# --- pipes ----------------------------------------------------------------------------------------
def test_a_pipe_goes_on_when_the_kernel_of_its_caller_died(fresh):
    mesh = fresh(CONFIG)
    target = mesh.counter("target")
    running = slow_once(mesh, target)
    name = sender(mesh, pipe=(target, "inc"))
    answered = []

    def call():
        try:
            answered.append(mesh.invoke(name, "act").ok)
        except OSError:
            answered.append(False)

    caller = threading.Thread(target=call)
    caller.start()
    assert running.wait(5)
    mesh.kernel.crash()
    caller.join(10)
    assert answered == [False]
    eventually(lambda: mesh.count(target) == 1, what="the last hop")


# --- async and scheduled ----------------------------------------------------------------------------
def test_an_async_call_is_durable_once_it_was_answered(fresh):
    """D24: kill -9 right after the acknowledgement."""
    mesh = fresh(CONFIG)
    target = mesh.counter("target")
    running = slow_once(mesh, target)
    mesh.invoke(target, "inc", asynchronous=True).expect_ok()
    assert running.wait(5)
    mesh.kernel.crash()
    eventually(lambda: mesh.count(target) == 1, what="the call")


@pytest.mark.parametrize("mode", ["commit", "snapshot"])
def test_a_scheduled_call_survives_the_kernel_and_fires_once(fresh, mode):
    mesh = fresh({"durability": {"default": mode}})
    target = mesh.counter("target")
    due = now_ms() + 1200
    mesh.invoke(target, "inc", at=due).expect_ok()
    late = now_ms() + 200
    mesh.invoke(target, "inc", at=late).expect_ok()
    listed = rows(mesh, "schedule", "list")
    assert sorted(row["due_ms"] for row in listed) == [late, due]
    mesh.kernel.kill9()
    time.sleep(0.4)  # one is due while nobody is there
    mesh.kernel.start()
    eventually(lambda: len(mesh.host.seen(target, "inc")) == 1, what="the late one")
    assert now_ms() < due
    eventually(lambda: len(mesh.host.seen(target, "inc")) == 2, what="the other")
    assert now_ms() >= due
    time.sleep(0.3)
    assert mesh.count(target) == 2
    assert rows(mesh, "schedule", "list") == []


def test_a_scheduled_call_can_be_cancelled(fresh):
    mesh = fresh(CONFIG)
    target = mesh.counter("target")
    mesh.invoke(target, "inc", at=now_ms() + 700).expect_ok()
    (row,) = rows(mesh, "schedule", "list")
    assert row["to"]["name"] == target and row["action"] == "inc"
    assert "1 cancelled" in ctl(mesh, "schedule", "cancel", row["id"])
    ctl(mesh, "schedule", "cancel", row["id"], code=1)
    time.sleep(1.0)
    assert mesh.count(target) == 0


# --- dead letters -----------------------------------------------------------------------------------
def test_a_failing_action_is_a_dead_letter_that_can_be_replayed(fresh):
    mesh = fresh(CONFIG)
    target = mesh.counter("target")
    mesh.host.on(target, "inc", lambda call: manners.failing())
    name = sender(mesh, effects=[invocation(target, "inc", text(5), asynchronous=True)])
    mesh.invoke(name, "act").expect_ok()
    (row,) = eventually(lambda: rows(mesh, "dead-letters", "list"), what="a dead letter")
    assert (row["to"]["name"], row["action"], row["attempts"]) == (target, "inc", 1)
    assert row["why"].startswith("HOST_ERROR") and row["from"].startswith("spawn-system/" + name)
    shown = ctl(mesh, "dead-letters", "show", row["id"])
    assert target in shown and "payload" in shown
    assert row["id"] in ctl(mesh, "dead-letters", "list")
    mesh.kernel.crash()  # it is kept
    counting(mesh.host, target)
    assert "1 replayed" in ctl(mesh, "dead-letters", "replay", row["id"])
    eventually(lambda: mesh.count(target) == 5, what="the replay")
    assert rows(mesh, "dead-letters", "list") == []
    ctl(mesh, "dead-letters", "replay", row["id"], code=1)


def test_a_message_nobody_can_take_is_given_up_and_dropped(fresh):
    mesh = fresh(CONFIG)
    name = sender(mesh, effects=[invocation("nobody", "act", asynchronous=True)])
    mesh.invoke(name, "act").expect_ok()
    (row,) = eventually(lambda: rows(mesh, "dead-letters", "list"), 30, what="a dead letter")
    assert row["why"].startswith("ACTOR_NOT_FOUND") and row["attempts"] == 4
    assert "1 dropped" in ctl(mesh, "dead-letters", "drop", "--all")
    assert rows(mesh, "dead-letters", "list") == []


def test_nothing_of_a_failed_turn_is_sent(fresh):
    """I10: the effects of a turn whose state was not stored."""
    mesh = fresh(CONFIG)
    target = mesh.counter("target")
    name = sender(mesh, effects=[invocation(target, "inc", asynchronous=True)])
    mesh.invoke(name, "act").expect_ok()
    eventually(lambda: mesh.count(target) == 1, what="the first")
    mesh.kernel.disk_full()
    mesh.invoke(name, "act").expect_error()
    mesh.kernel.disk_full(False)
    # Whether a save that hit the full disk landed is known once the actor is loaded afresh.
    stored = int(eventually(lambda: mesh.invoke(name, "get"), what="an answer").expect_ok().value)
    eventually(lambda: rows(mesh, "messages", "list") == [], what="the end of all messages")
    assert mesh.count(target) == stored


def test_rows_wait_for_spawned_actors_too(fresh):
    """Addressed by name and by parent, over passivation."""
    mesh = fresh(CONFIG)
    parent, child = mesh.name("Parent"), mesh.name("child")
    counting(mesh.host, parent)
    mesh.register(actor(parent, ["inc", "read"], kind=UNNAMED))
    mesh.invoke(child, "read", ref=parent).expect_ok()
    name = sender(mesh, effects=[invocation(child, "inc", asynchronous=True),
                                 invocation(child, "inc", parent=parent, asynchronous=True)])
    for _ in range(3):
        mesh.invoke(name, "act").expect_ok()
    eventually(lambda: mesh.count(child) == 6, what="the effects")


def test_what_is_sent_to_an_actor_without_state_arrives(fresh):
    """Deleted once its turn has run; also by actors in pools."""
    mesh = fresh(CONFIG)
    target = mesh.name("stateless")
    mesh.host.on(target, "take", lambda call: Reply())
    mesh.register(actor(target, ["take"], stateful=False))
    name = sender(mesh, effects=[invocation(target, "take", NOOP, asynchronous=True)])
    mesh.invoke(name, "act").expect_ok()
    eventually(lambda: mesh.host.seen(target, "take"), what="the effect")
    eventually(lambda: rows(mesh, "messages", "list") == [], what="its end")
    assert len(mesh.host.seen(target, "take")) == 1
