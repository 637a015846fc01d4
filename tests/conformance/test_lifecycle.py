"""L1, L7-L10: passivation, timers, defaults, drain, stateless actors (protocol.md 5, 9.5)."""
import signal
import threading
import time

import pytest
from harness.host import Reply
from harness.mesh import eventually
from harness.wire import NOOP, actor, actor_id, text, workflow

CONFIG = {"timeouts": {"deactivate_ms": 150, "deactivate_jitter_ms": 50, "snapshot_ms": 100}}
IDLE = 0.5  # seconds after which an idle actor of this file is gone


def starts(mesh, name) -> int:
    return len(mesh.host.seen(name, "init"))


# --- L1: passivation --------------------------------------------------------------------------
def test_an_idle_actor_passivates_and_comes_back(mesh):
    """L1: after idle time plus jitter, with its state; seen by a second init."""
    name = mesh.counter(actions=["init"], deactivate_ms=100)
    mesh.invoke(name, "inc").expect_ok()
    before = starts(mesh, name)
    time.sleep(IDLE)
    assert mesh.count(name) == 1
    assert starts(mesh, name) == before + 1


def test_a_used_actor_stays(mesh):
    """L1: idle time counts from the last message, not from the activation ([K] 5.2)."""
    name = mesh.counter(actions=["init"], deactivate_ms=300)
    for _ in range(12):
        mesh.invoke(name, "inc").expect_ok()
        time.sleep(0.05)
    assert starts(mesh, name) == 1


def test_a_slow_action_is_not_idleness(mesh):
    """L1: an actor whose host takes longer than the idle time is not passivated under it."""
    name = mesh.name("slow")
    mesh.host.on(name, "slow", lambda call: Reply(state=text("done"), delay=0.4))
    mesh.register(actor(name, ["init", "slow"], deactivate_ms=80))
    mesh.invoke(name, "slow").expect_ok()
    assert mesh.invoke(name, "get").expect_ok().value == "done"
    assert starts(mesh, name) == 1


def test_timers_wake_a_passivated_actor(mesh):
    """L1: a timer slower than the idle time fires on and on, each time after an init."""
    name = mesh.name("timed")
    mesh.register(actor(name, ["init"], timers=[(400, "tick")], deactivate_ms=50))
    mesh.host.wait(2, name, "tick", timeout=4)
    assert starts(mesh, name) >= 2
    mesh.register(actor(name, ["init"]))


def test_broadcasts_wake_a_passivated_actor(mesh):
    """L1: the subscription outlives the activation."""
    topic, name, speaker = mesh.name("t"), mesh.name("sub"), mesh.name("speaker")
    mesh.host.on(speaker, "speak", reply=Reply(workflow=workflow(broadcast=(topic, NOOP))))
    mesh.register(actor(name, ["init", "receive"], channels=[(topic, "")], deactivate_ms=50),
                  actor(speaker, ["speak"]))
    mesh.host.wait(1, name, "init")
    time.sleep(IDLE)
    mesh.invoke(speaker, "speak").expect_ok()
    mesh.host.wait(1, name, "receive")
    assert starts(mesh, name) == 2


# --- L7: timers -----------------------------------------------------------------------------------
def test_timers_count_milliseconds(mesh):
    """L7: the first after N ms, then every N ms; noop, caller = the actor itself."""
    name = mesh.name("timed")
    begin = time.monotonic()
    mesh.register(actor(name, timers=[(100, "tick")]))
    calls = mesh.host.wait(6, name, "tick", timeout=3)
    assert calls[0].at - begin >= 0.09
    assert 0.4 < calls[5].at - calls[0].at < 1.0
    for call in calls:
        assert call.payload == NOOP
        assert call.invocation.caller == actor_id(name)
        assert call.metadata == {}
    mesh.register(actor(name))


def test_timers_do_not_burst(mesh):
    """L7: ticks missed while the action hung are not made up for."""
    name, gate, hung = mesh.name("timed"), threading.Event(), []

    def tick(call):
        if not hung:
            hung.append(True)
            gate.wait(5)
        return Reply()

    mesh.host.on(name, "tick", tick)
    mesh.register(actor(name, timers=[(50, "tick")]))
    mesh.host.wait(1, name, "tick")
    time.sleep(0.6)
    released = time.monotonic()
    gate.set()
    time.sleep(0.3)
    soon = [call for call in mesh.host.seen(name, "tick") if call.at > released]
    assert 2 <= len(soon) <= 9, f"{len(soon)} ticks in 300 ms"
    mesh.register(actor(name))


def test_timers_end_with_a_new_definition(mesh):
    """L7: re-registration cancels what it does not name, and changes the period."""
    name = mesh.name("timed")
    mesh.register(actor(name, timers=[(40, "old"), (40, "both")]))
    mesh.host.wait(2, name, "old")
    mesh.register(actor(name, ["new"], timers=[(200, "both")]))
    time.sleep(0.1)
    old, both = len(mesh.host.seen(name, "old")), len(mesh.host.seen(name, "both"))
    time.sleep(0.7)
    assert len(mesh.host.seen(name, "old")) == old
    assert 2 <= len(mesh.host.seen(name, "both")) - both <= 4
    mesh.register(actor(name))


@pytest.mark.parametrize("period", [0, -5])
def test_timers_without_a_period_are_ignored(mesh, period):
    """L7: [K] 5.9: no spinning."""
    name = mesh.name("timed")
    mesh.register(actor(name, ["work"], timers=[(period, "tick")]))
    mesh.invoke(name, "work").expect_ok()
    time.sleep(0.2)
    assert not mesh.host.seen(name, "tick")


# --- L8: time-outs of 0 and none ------------------------------------------------------------------
@pytest.mark.parametrize("timeout", [None, "empty", 0, -1])
def test_missing_deactivation_times_mean_the_default(mesh, timeout):
    """L8: absent, without a number, zero, negative: the default (150 ms here), neither at once
    nor never."""
    name = mesh.counter(actions=["init"], deactivate_ms=timeout)
    for _ in range(5):
        mesh.invoke(name, "inc").expect_ok()
    assert starts(mesh, name) == 1
    time.sleep(IDLE + 0.2)
    assert mesh.count(name) == 5
    assert starts(mesh, name) == 2


@pytest.mark.parametrize("timeout", ["empty", 0, -1])
def test_missing_snapshot_times_mean_the_default(fresh, timeout):
    """L8: the default of 100 ms here, so that kill -9 half a second later loses nothing."""
    mesh = fresh(CONFIG | {"durability": {"default": "snapshot"}})
    name = mesh.counter(snapshot_ms=timeout, deactivate_ms=60_000)
    mesh.invoke(name, "inc").expect_ok()
    time.sleep(0.6)
    mesh.kernel.crash()
    assert mesh.count(name) == 1


# --- L9: SIGTERM ------------------------------------------------------------------------------
@pytest.mark.parametrize("mode", ["commit", "snapshot"])
def test_sigterm_drains(fresh, mode):
    """L9: readiness says 503 first, the call in flight is finished and answered, everything is
    saved, the process ends with 0."""
    mesh = fresh({"durability": {"default": mode}, "timeouts": {"snapshot_ms": 3_600_000}})
    gate, name, other = threading.Event(), mesh.name("slow"), mesh.counter()

    def slow(call):
        gate.wait(10)
        return Reply(payload=text("finished"), state=text("late but saved"))

    mesh.host.on(name, "slow", slow)
    mesh.register(actor(name, ["slow"]))
    mesh.invoke(other, "inc").expect_ok()
    outcome = []
    caller = threading.Thread(target=lambda: outcome.append(mesh.invoke(name, "slow")))
    caller.start()
    mesh.host.wait(1, name, "slow")
    mesh.kernel.process.send_signal(signal.SIGTERM)
    eventually(lambda: mesh.client.get("/health/readiness").status == 503, 3, "readiness 503")
    assert mesh.client.get("/health/liveness").status == 200
    assert mesh.kernel.alive and not outcome
    gate.set()
    caller.join(10)
    assert outcome[0].expect_ok().value == "finished"
    mesh.client.close()
    assert mesh.kernel.wait_exit() == 0, mesh.kernel.tail()
    mesh.kernel.start()
    assert mesh.invoke(name, "get").expect_ok().value == "late but saved"
    assert mesh.count(other) == 1


def test_sigterm_ends_soon_when_idle(fresh):
    """L9: nothing in flight, nothing to wait for but the grace window."""
    mesh = fresh()
    mesh.counter()
    begin = time.monotonic()
    mesh.kernel.stop()
    assert time.monotonic() - begin < 8.0


def test_an_idle_keep_alive_client_does_not_hold_the_drain(fresh):
    """L9: open connections without a request do not count as in flight."""
    mesh = fresh()
    raw = mesh.client.socket()
    begin = time.monotonic()
    mesh.kernel.stop()
    assert time.monotonic() - begin < 8.0
    raw.close()


# --- L10: stateless -----------------------------------------------------------------------------
def test_stateless_actors_keep_memory_and_store_nothing(mesh):
    """L10: counts up between calls; gone after passivation; not in the database."""
    name = mesh.name("stateless")
    marker = b"only-in-memory-" + name.encode()
    mesh.host.on(name, "set", reply=Reply(state=text(marker)))
    mesh.host.on(name, "look", lambda call: Reply(payload=text(call.state or "nothing")))
    mesh.register(actor(name, ["set", "look"], stateful=False, deactivate_ms=100))
    mesh.invoke(name, "set").expect_ok()
    assert mesh.invoke(name, "look").expect_ok().value == marker.decode()
    time.sleep(IDLE)
    assert mesh.invoke(name, "look").expect_ok().value == "nothing"
    assert not mesh.kernel.stored(marker)


def test_stateful_actors_are_in_the_database(mesh):
    """L10: the control of the test above: `stored` finds what is stored."""
    name = mesh.name("stateful")
    marker = b"on-disk-" + name.encode()
    mesh.host.on(name, "set", reply=Reply(state=text(marker)))
    mesh.register(actor(name, ["set"]))
    mesh.invoke(name, "set").expect_ok()
    assert mesh.kernel.stored(marker)
