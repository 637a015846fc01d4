"""L2, L4-L6, L11: what a reply promises, over SIGTERM, kill -9 and a full disk (durability.md 4-9,
decisions.md D1, D21). L3's torture is a test of its own."""
import threading
import time

import pytest
from harness.host import Reply
from harness.mesh import counting, eventually
from harness.wire import NOOP, UNNAMED, actor, actor_id, payload_of, text, workflow

CONFIG = {"timeouts": {"deactivate_ms": 150, "deactivate_jitter_ms": 50, "snapshot_ms": 100}}
IDLE = 0.5  # seconds after which an idle actor of this file is gone
SLOW_SNAPSHOTS = {"durability": {"default": "snapshot"}, "timeouts": {"snapshot_ms": 3_600_000}}


def starts(mesh, name) -> int:
    return len(mesh.host.seen(name, "init"))


def tagging(mesh, name):
    """set: state and tag from the payload; look: shows what the context carries."""
    mesh.host.on(name, "set", lambda call: Reply(
        state=call.payload, tags={"tag": call.payload.value.decode()}))
    mesh.host.on(name, "tag", lambda call: Reply(tags={"tag": call.payload.value.decode()}))
    mesh.host.on(name, "look", lambda call: Reply(tags=call.tags))


def tagged(mesh, stem="tagged", **settings) -> str:
    name = mesh.name(stem)
    tagging(mesh, name)
    mesh.register(actor(name, ["init", "set", "tag", "look"], **settings))
    mesh.host.on(name, "init", lambda call: Reply(tags=call.tags))
    return name


def look(mesh, name):
    mesh.invoke(name, "look").expect_ok()
    call = mesh.host.seen(name, "look")[-1]
    return call.state, call.tags


# --- L2, L5: what survives --------------------------------------------------------------------
def test_state_and_tags_survive_passivation(mesh):
    """L2: both."""
    name = tagged(mesh, deactivate_ms=50)
    mesh.invoke(name, "set", text("v")).expect_ok()
    before = starts(mesh, name)
    time.sleep(IDLE)
    assert look(mesh, name) == ("v", {"tag": "v"})
    assert starts(mesh, name) > before


@pytest.mark.parametrize("way", ["restart", "crash"])
def test_state_and_tags_survive_the_kernel(fresh, way):
    """L2: SIGTERM and kill -9, for a named actor and a child; the host does nothing."""
    mesh = fresh()
    name, parent, child = tagged(mesh), mesh.name("Parent"), mesh.name("child")
    tagging(mesh, parent)
    mesh.register(actor(parent, ["set", "look"], kind=UNNAMED))
    mesh.invoke(name, "set", text("v")).expect_ok()
    mesh.invoke(child, "set", text("w"), ref=parent).expect_ok()
    getattr(mesh.kernel, way)()
    assert look(mesh, name) == ("v", {"tag": "v"})
    assert look(mesh, child) == ("w", {"tag": "w"})
    assert mesh.host.seen(child, "look")[-1].actor.parent == parent


@pytest.mark.parametrize("config", [None, SLOW_SNAPSHOTS], ids=["commit", "snapshot"])
def test_tags_alone_survive_the_kernel(fresh, config):
    """L5: a change of tags without a change of state: kill -9 in commit mode, SIGTERM in
    snapshot mode ([B] upstream does not see it)."""
    mesh = fresh(config)
    name = tagged(mesh)
    mesh.invoke(name, "set", text("v")).expect_ok()
    mesh.invoke(name, "tag", text("only")).expect_ok()
    mesh.kernel.crash() if config is None else mesh.kernel.restart()
    assert look(mesh, name) == ("v", {"tag": "only"})


def test_tags_alone_are_snapshotted(fresh):
    """L5: by the snapshot timer, too."""
    mesh = fresh({"durability": {"default": "snapshot"}, "timeouts": {"snapshot_ms": 100}})
    name = tagged(mesh, snapshot_ms=100)
    mesh.invoke(name, "set", text("v")).expect_ok()
    mesh.invoke(name, "tag", text("only")).expect_ok()
    time.sleep(0.6)
    mesh.kernel.crash()
    assert look(mesh, name) == ("v", {"tag": "only"})


def test_snapshots_bound_the_loss(fresh):
    """L2: mode snapshot: what is older than an interval survives kill -9."""
    mesh = fresh({"durability": {"default": "snapshot"}})
    name = mesh.counter(snapshot_ms=100)
    mesh.invoke(name, "inc").expect_ok()
    time.sleep(0.6)
    mesh.kernel.crash()
    assert mesh.count(name) == 1


def test_passivation_saves_in_snapshot_mode(fresh):
    """L2: without any snapshot in between."""
    mesh = fresh(SLOW_SNAPSHOTS)
    name = mesh.counter(deactivate_ms=50)
    mesh.invoke(name, "inc").expect_ok()
    time.sleep(IDLE)
    mesh.kernel.crash()
    assert mesh.count(name) == 1


def test_durability_is_chosen_per_type(fresh):
    """L2: actors.<type>.durability over durability.default, for children by their parent."""
    mesh = fresh(SLOW_SNAPSHOTS | {"actors": {"Ledger": {"durability": "commit"}}})
    counting(mesh.host, "Ledger")
    mesh.register(actor("Ledger", ["inc", "read"], kind=UNNAMED))
    child = mesh.name("child")
    mesh.invoke(child, "inc", ref="Ledger").expect_ok()
    mesh.kernel.crash()
    assert mesh.count(child) == 1


# --- L4: checkpoint -----------------------------------------------------------------------------
def test_a_checkpoint_is_durable_before_the_reply(fresh):
    """L4: snapshot mode, snapshots an hour apart: kill -9 right after the reply."""
    mesh = fresh(SLOW_SNAPSHOTS)
    name = mesh.name("pointed")
    mesh.host.on(name, "save", lambda call: Reply(
        payload=text("saved"), state=call.payload, tags={"t": "1"}, checkpoint=True))
    mesh.host.on(name, "look", lambda call: Reply(tags=call.tags))
    mesh.register(actor(name, ["save", "look"]))
    for value in ("one", "two"):
        assert mesh.invoke(name, "save", text(value)).expect_ok().value == "saved"
    mesh.kernel.crash()
    assert look(mesh, name) == ("two", {"t": "1"})


# --- L6: a store that fails -----------------------------------------------------------------------
def test_a_failed_write_is_retried(fresh):
    """L6: commit mode: the disk is full, the reply waits, the disk has room again, the reply is
    OK; the action ran once."""
    mesh = fresh({"timeouts": {"request_ms": 8000}})
    name = mesh.counter()
    mesh.invoke(name, "inc").expect_ok()
    outcome = []
    mesh.kernel.disk_full()
    caller = threading.Thread(target=lambda: outcome.append(mesh.invoke(name, "inc")))
    caller.start()
    mesh.host.wait(2, name, "inc")
    time.sleep(0.3)
    assert not outcome, f"answered while nothing could be written: {outcome}"
    mesh.kernel.disk_full(False)
    caller.join(10)
    assert outcome[0].expect_ok().value == "2"
    assert len(mesh.host.seen(name, "inc")) == 2
    mesh.kernel.crash()
    assert mesh.count(name) == 2


def test_a_full_disk_is_an_error_at_the_deadline(fresh):
    """L6: no room until the deadline: a clear error, nothing half done, and service again
    afterwards (D21)."""
    mesh = fresh({"timeouts": {"request_ms": 600}})
    name = mesh.counter()
    mesh.invoke(name, "inc").expect_ok()
    mesh.kernel.disk_full()
    begin = time.monotonic()
    outcome = mesh.invoke(name, "inc").expect_error()
    assert time.monotonic() - begin < 2.0
    mesh.kernel.disk_full(False)
    total = eventually(lambda: (again := mesh.invoke(name, "read")).ok and int(again.value), 5,
                       "the actor to be served again")
    if not outcome.text.startswith("OUTCOME_UNKNOWN"):
        assert total == 1, f"{outcome.text!r}, and yet it was applied"
    mesh.invoke(name, "inc").expect_ok()
    assert mesh.count(name) == total + 1


def test_a_failed_snapshot_is_retried(fresh):
    """L6: snapshot mode: [B] upstream waits for the next change of state."""
    mesh = fresh({"durability": {"default": "snapshot"}})
    name = mesh.counter(snapshot_ms=100)
    mesh.kernel.disk_full()
    mesh.invoke(name, "inc").expect_ok()
    time.sleep(0.4)
    mesh.kernel.disk_full(False)
    time.sleep(1.5)
    mesh.kernel.crash()
    assert mesh.count(name) == 1


# --- L11: registrations outlive the kernel --------------------------------------------------------
def test_a_killed_kernel_serves_on_without_the_host_doing_anything(fresh):
    """L11: D1: kill -9; the next call to a named actor, to a spawned child, and a timer."""
    mesh = fresh()
    named, parent = mesh.counter(), mesh.name("Parent")
    spawned, bound, timed = mesh.name("child"), mesh.name("child"), mesh.name("timed")
    counting(mesh.host, parent)
    mesh.register(actor(parent, ["inc", "read"], kind=UNNAMED),
                  actor(timed, timers=[(100, "tick")]))
    mesh.client.spawn(actor_id(spawned, parent=parent))
    mesh.invoke(bound, "inc", ref=parent).expect_ok()
    mesh.invoke(named, "inc").expect_ok()
    mesh.kernel.kill9()
    ticks = len(mesh.host.seen(timed, "tick"))
    mesh.kernel.start()
    assert mesh.invoke(named, "inc").expect_ok().value == "2"
    assert mesh.invoke(spawned, "inc").expect_ok().value == "1"
    assert mesh.invoke(bound, "inc").expect_ok().value == "2"
    mesh.host.wait(ticks + 2, timed, "tick")


def test_a_killed_kernel_remembers_the_latest_definition(fresh):
    """L11: durable before the 200: kill -9 right after the second registration."""
    mesh = fresh()
    name = mesh.counter()
    mesh.host.on(name, "extra", reply=Reply(payload=text("yes")))
    mesh.register(actor(name, ["extra"]))
    mesh.kernel.crash()
    assert mesh.invoke(name, "extra").expect_ok().value == "yes"
    mesh.invoke(name, "inc").expect_error("ACTION_NOT_FOUND")


def test_a_killed_kernel_remembers_channels(fresh):
    """L11: D1: subscriptions of actors nobody has called since the start."""
    mesh = fresh()
    topic, name, speaker = mesh.name("t"), mesh.name("sub"), mesh.name("speaker")
    mesh.host.on(speaker, "speak", reply=Reply(workflow=workflow(broadcast=(topic, NOOP))))
    mesh.register(actor(name, ["receive"], stateful=False, channels=[(topic, "")]),
                  actor(speaker, ["speak"]))
    mesh.kernel.crash()
    mesh.invoke(speaker, "speak").expect_ok()
    mesh.host.wait(1, name, "receive")


def test_readiness_waits_for_the_registrations(fresh):
    """L11: D1: read back before readiness turns 200, so the first call after it succeeds."""
    mesh = fresh()
    names = [mesh.counter() for _ in range(20)]
    for _ in range(3):
        mesh.kernel.crash()
        assert mesh.invoke(names[-1], "read").expect_ok()
    assert payload_of(mesh.invoke(names[0], "get").message) is None


def test_acknowledged_calls_survive_kill_under_load(fresh):
    """L11: a short run of L3: four writers, two kills, nothing acknowledged is lost."""
    mesh = fresh()
    names = [mesh.counter() for _ in range(4)]
    acknowledged, over = {name: 0 for name in names}, threading.Event()

    def write(name):
        client = mesh.kernel.client
        while not over.is_set():
            try:
                outcome = client.invoke(name, "inc")
            except Exception:  # the kernel is down just now
                time.sleep(0.01)
                continue
            if outcome.ok:
                acknowledged[name] = int(outcome.value)

    writers = [threading.Thread(target=write, args=(name,)) for name in names]
    for writer in writers:
        writer.start()
    for _ in range(2):
        before = sum(acknowledged.values())
        eventually(lambda: sum(acknowledged.values()) > before + 40, 10, "writes")
        mesh.kernel.crash()
    over.set()
    for writer in writers:
        writer.join(20)
    for name in names:
        assert mesh.count(name) >= acknowledged[name] > 0
