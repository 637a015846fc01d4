"""Plugins are swapped while actors work with them: nothing acknowledged is lost, nothing refused,
nothing doubled; a swap that can not be is refused, and one that fails leaves what served before.

SPAWN_SWAPS says how many swaps there are of each kind (6; with SPAWN_NIGHTLY=1 60, one a second).
"""
import threading
import time

import pytest
from harness.host import Reply
from harness.mesh import Mesh, eventually
from harness.wire import actor, invocation, text, workflow
from load import Load
from stores import only
from swaps import Swaps, altered, built, swap, swapped, version

NEWER = "1.0.1"


def test_a_statestore_under_load(fresh, tmp_path, capsys):
    mesh = fresh()
    newer = version("statestore", "sqlite", NEWER, tmp_path)
    with Load(mesh, timeout_ms=20_000) as load:
        swaps = Swaps(built("statestore", "sqlite"), newer, lambda: load.total)
        for to in swaps:
            load.progress("writes", 50)
            done = swapped(mesh.kernel, "main", to)
            swaps.pauses.append(done["pause_us"])
            assert done["to"].endswith(NEWER) == (to == newer)
        load.progress("writes after the last swap", 50)
    load.check()
    assert not load.told, "calls waited, none failed"
    swaps.report(capsys, "sqlite")
    mesh.kernel.stop()
    mesh.kernel.start()  # with what the configuration says
    load.check()


def test_workflows_under_load(fresh, tmp_path, capsys):
    """Every call has an effect on a counter, by way of a plugin that is swapped meanwhile."""
    mesh = fresh()
    sink = mesh.counter()
    sender = mesh.name("sender")
    mesh.host.on(sender, "send", lambda call: Reply(
        state=text(int(call.state or 0) + 1), workflow=workflow(effects=[invocation(sink, "inc")])))
    mesh.register(actor(sender, ["send"]))
    sent, over, failed = [0], threading.Event(), []

    def send():
        client = mesh.kernel.client
        while not over.is_set():
            got = client.invoke(sender, "send")
            sent[0] += got.ok
            if not got.ok:
                failed.append(got.text)
        client.close()

    thread = threading.Thread(target=send)
    thread.start()
    newer = version("workflow", "effect", NEWER, tmp_path)
    swaps = Swaps(built("workflow", "effect"), newer, lambda: sent[0])
    for to in swaps:
        before = sent[0]
        eventually(lambda: sent[0] > before + 20, 10, "calls go on")
        swaps.pauses.append(swapped(mesh.kernel, "workflow/effect", to)["pause_us"])
    assert not any(swaps.pauses)
    over.set()
    thread.join(30)
    assert not failed
    eventually(lambda: mesh.count(sink) == sent[0], 10, "each effect came")
    time.sleep(0.5)
    assert mesh.count(sink) == sent[0], "and none twice"
    swaps.report(capsys, "effect")


def test_a_version_is_found_by_its_number(fresh, tmp_path):
    version("statestore", "sqlite", NEWER, tmp_path)
    mesh = fresh({"plugins": {"path": [str(built("statestore", "sqlite").parents[3]),
                                       str(tmp_path)]},
                  "statestores": {"main": {"version": "1.0.0"}}})
    name = mesh.counter()
    mesh.invoke(name, "inc").expect_ok()
    assert swapped(mesh.kernel, "main", "sqlite@^1.0")["to"] == f"statestore/sqlite@{NEWER}"
    assert swapped(mesh.kernel, "statestore/main", "1.0.0")["to"] == "statestore/sqlite@1.0.0"
    mesh.invoke(name, "inc").expect_ok()
    assert mesh.count(name) == 2


@pytest.mark.parametrize("instance,to,why", [
    ("nobody", "1.0.0", "there is no plugin instance nobody"),
    ("statestore/effect", "1.0.0", "there is no statestore instance effect"),
    ("main", "mysql@^1", "main is a sqlite"),
    ("main", "sqlite@", "names no version"),
    ("main", "9.9.9", "9.9.9"),
    ("main", "/nonexistent/plugin.so", "/nonexistent/plugin.so"),
    ("main", str(built("workflow", "effect")), "its manifest says kind"),
    ("memory", "nats@^1", "memory is a memory"),
])
def test_what_can_not_be_is_refused(mesh_of_all, instance, to, why):
    mesh, name = mesh_of_all
    done = swap(mesh.kernel, instance, to)
    assert done.returncode != 0 and why in done.stderr, done.stderr
    mesh.invoke(name, "inc").expect_ok()


@pytest.fixture(scope="module")
def mesh_of_all():
    mesh = Mesh({"transport": {"use": "memory"}})
    yield mesh, mesh.counter()
    mesh.dispose()


def test_a_store_in_memory_hands_everything_over(fresh, tmp_path, capsys):
    mesh = fresh({"statestores": only({"use": "memory", "config": {"history": {"keep": 3}}}),
                  "durability": {"default": "commit", "allow_volatile": True}})
    newer = version("statestore", "memory", NEWER, tmp_path)
    idle = [mesh.counter() for _ in range(200)]
    for name in idle:
        mesh.invoke(name, "inc").expect_ok()
    with Load(mesh, timeout_ms=20_000, padding=20_000) as load:
        swaps = Swaps(built("statestore", "memory"), newer, lambda: load.total)
        for to in swaps:
            load.progress("writes", 50)
            swaps.pauses.append(swapped(mesh.kernel, "main", to)["pause_us"])
        load.progress("writes after the last swap", 50)
    load.check()
    assert not load.told, "calls waited, none failed"
    assert [mesh.count(name) for name in idle] == [1] * len(idle)
    swaps.report(capsys, "memory")


def test_one_that_does_not_start_leaves_what_served(fresh, tmp_path):
    """SQLite's file can be open once, so the old one has to stop first, and comes back."""
    broken = altered(built("statestore", "sqlite"), tmp_path,
                     ("FROM sqlite_master", "FROM sqlite_mastax"))
    mesh = fresh()
    with Load(mesh, timeout_ms=20_000) as load:
        load.progress("writes", 50)
        done = swap(mesh.kernel, "main", broken)
        assert done.returncode != 0 and "sqlite_mastax" in done.stderr, done.stderr
        load.progress("writes after it", 50)
    load.check()
    assert not load.told


def test_one_that_fails_in_its_probation_goes_back(fresh, tmp_path):
    """The newer one can not save; seconds later the older one does, and nothing was lost."""
    broken = altered(built("statestore", "sqlite"), tmp_path,
                     ("type_url = ?4, meta = ?5", "type_url = ?4, meta = ?7"))  # which is NULL
    mesh = fresh()
    with Load(mesh, timeout_ms=20_000) as load:
        load.progress("writes", 50)
        swapped(mesh.kernel, "main", broken)
        eventually(lambda: any("was swapped back" in line for line in mesh.kernel.log), 20)
        load.progress("writes after it", 50)
    load.check()
    assert not load.told
    assert any("fails its probation" in line and "meta" in line for line in mesh.kernel.log)
