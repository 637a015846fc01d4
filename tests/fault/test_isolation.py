"""Plugins in a process of their own: what they do there costs their instance a moment and nobody
else anything, and what they must not do they can not."""
import json
import os
import shutil
import signal
import subprocess
import threading
import time

import pytest
from harness.kernel import BUILD, SANITIZED
from harness.host import Reply
from harness.mesh import Mesh, eventually
from harness.wire import actor, invocation, text, workflow
from folder_source import FolderSource
from load import Load
from swaps import SPAWNCTL, built, swapped, version
from test_activators import Sets

DEADLY = {  # what the plugin does in a save -> what is told of its end
    "segfault": "killed by signal 11",
    "aborts": "killed by signal 6",
    "exits": "exited with status 3",
    "leaks": "killed by signal",
    "spins": "did not answer for 1000 ms",
    "faults": "faulted: it can not go on",
}
FORBIDDEN = {  # -> the answer it gets
    "open_file": "Permission denied",
    "forks": "Operation not permitted",
    "map_4_gib": "Cannot allocate memory",
    "socket": "Operation not permitted",
}
LIMITS = {"memory_mb": 512, "watchdog_ms": 1000, "restart_min_ms": 20, "restart_max_ms": 200,
          "network": False, "write": ["."]}  # the working directory: what it has done already


def plugins(kernel) -> list:
    done = subprocess.run([SPAWNCTL, "--admin", kernel.folder / "admin.sock", "--json", "plugins",
                           "list"], capture_output=True, text=True, timeout=20)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["plugins"]


def told(kernel, kind, instance) -> dict:
    return next(each for each in plugins(kernel)
                if (each["kind"], each["instance"]) == (kind, instance))


def process(kernel, kind, instance) -> dict:
    return told(kernel, kind, instance)["process"]


def restarted(kernel, kind, instance, before) -> dict:
    """What is told of the instance once another process of it serves."""
    def look():
        now = told(kernel, kind, instance)
        return now["serving"] and now["process"]["restarts"] > before["restarts"] and now
    return eventually(look, 20, f"a new process of {instance}")


class Bystander:
    """An actor on another store, called all the time; none of its calls may fail."""

    def __init__(self, mesh):
        self.mesh, self.name = mesh, mesh.counter("bystander")
        self.calls, self.failed, self.over = 0, [], threading.Event()
        self.thread = threading.Thread(target=self._call)

    def _call(self):
        client = self.mesh.kernel.client
        while not self.over.is_set():
            got = client.invoke(self.name, "inc")
            self.calls += got.ok
            if not got.ok:
                self.failed.append(got.text)
            time.sleep(0.002)
        client.close()

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        eventually(lambda: self.calls > 20 or self.failed, 10, "a bystander's calls")
        self.over.set()
        self.thread.join(20)
        assert not self.failed, self.failed[:3]
        assert self.mesh.count(self.name) == self.calls, "counted once each"


def hostile_mesh(folder, name="hostile", limits=LIMITS, **more):
    """SQLite in the kernel, and a store in a process of its own that does what it is asked to."""
    place = folder / "statestore" / name / "1.0.0"
    place.mkdir(parents=True)
    shutil.copy(BUILD / "fixtures" / name / "plugin.so", place)
    deeds = [*DEADLY, *FORBIDDEN, "thread_spins", "killed", "stopped"]
    types = {deed: {"statestore": "hostile"} for deed in deeds + ["after-" + d for d in deeds]}
    made = Mesh({"plugins": {"path": [str(BUILD / "plugins"), str(folder)]},
                 "statestores": {"hostile": {"use": name, "isolation": "process",
                                             "isolation_limits": limits} | more},
                 "durability": {"allow_volatile": True}, "actors": types})
    for name in types:
        made.host.on(name, "inc", lambda call: Reply(state=text(int(call.state or 0) + 1)))
    made.register(*[actor(name, ["inc"]) for name in types])
    return made


@pytest.fixture(scope="module")
def mesh(tmp_path_factory):
    made = hostile_mesh(tmp_path_factory.mktemp("plugins"))
    yield made
    made.dispose()


@pytest.mark.parametrize("deed", DEADLY)
def test_what_ends_a_plugin_ends_its_process_alone(mesh, deed):
    if deed == "leaks" and SANITIZED:
        pytest.skip("a sanitizer's memory can not be limited")
    before = process(mesh.kernel, "statestore", "hostile")
    with Bystander(mesh):
        mesh.invoke(deed, "inc")
        now = restarted(mesh.kernel, "statestore", "hostile", before)
        eventually(lambda: mesh.invoke(deed, "inc").ok, 10, "the actor goes on")
        mesh.invoke("after-" + deed, "inc").expect_ok()
    assert DEADLY[deed] in now["process"]["last_cause"]
    assert now["process"]["pid"] != before["pid"]
    assert now["isolation"] == "process" and not now["faulted"]


@pytest.mark.parametrize("deed,which,cause", [
    ("killed", signal.SIGKILL, "killed by signal 9"),
    ("stopped", signal.SIGSTOP, "did not answer for 1000 ms")])
def test_a_process_that_goes_or_is_silent_is_replaced(mesh, deed, which, cause):
    before = process(mesh.kernel, "statestore", "hostile")
    with Bystander(mesh):
        os.kill(before["pid"], which)
        now = restarted(mesh.kernel, "statestore", "hostile", before)
        mesh.invoke("after-" + deed, "inc").expect_ok()
    assert cause in now["process"]["last_cause"]


def test_a_store_that_blocks_for_ever_is_replaced(tmp_path):
    """Its own thread hangs; the process goes on answering."""
    mesh = hostile_mesh(tmp_path, "hostile_blocking", LIMITS | {"watchdog_ms": 300})
    try:
        before = process(mesh.kernel, "statestore", "hostile")
        with Bystander(mesh):
            mesh.invoke("spins", "inc")
            now = restarted(mesh.kernel, "statestore", "hostile", before)
            mesh.invoke("after-spins", "inc").expect_ok()
        assert "has operations and ended none" in now["process"]["last_cause"]
    finally:
        mesh.dispose()


@pytest.mark.parametrize("deed", FORBIDDEN)
def test_what_a_process_must_not_do_it_can_not(mesh, deed):
    if deed == "map_4_gib" and SANITIZED:
        pytest.skip("a sanitizer's memory can not be limited")
    before = process(mesh.kernel, "statestore", "hostile")
    if deed == "open_file" and "landlock" not in before["sandbox"]:
        pytest.skip("this kernel has no Landlock")
    with Bystander(mesh):
        mesh.invoke(deed, "inc").expect_ok()
    line = eventually(lambda: next((each for each in mesh.kernel.log if f"what={deed}" in each), ""),
                      5, "the plugin's log")
    assert f"outcome={FORBIDDEN[deed]}" in line
    assert process(mesh.kernel, "statestore", "hostile") == before, "it went on"


def test_a_thread_that_spins_holds_up_nobody(mesh):
    before = process(mesh.kernel, "statestore", "hostile")
    with Bystander(mesh):
        mesh.invoke("thread_spins", "inc").expect_ok()
        mesh.invoke("after-thread_spins", "inc").expect_ok()
    os.kill(before["pid"], signal.SIGKILL)  # else it spins until the kernel ends
    restarted(mesh.kernel, "statestore", "hostile", before)


def test_in_the_kernel_nothing_is_forbidden(tmp_path):
    """The control: the same plugin, the same deeds, without a process of its own."""
    mesh = hostile_mesh(tmp_path, isolation="inproc")
    try:
        for deed in FORBIDDEN:
            mesh.invoke(deed, "inc").expect_ok()
            eventually(lambda said=f"what={deed} outcome=done":
                       any(said in each for each in mesh.kernel.log), 10, deed)
        assert told(mesh.kernel, "statestore", "hostile")["process"] is None
    finally:
        mesh.dispose()


def isolated(**more) -> dict:
    return {"isolation": "process", "isolation_limits": {"restart_min_ms": 20,
                                                         "restart_max_ms": 100} | more}


def test_a_killed_store_loses_and_doubles_nothing(fresh):
    mesh = fresh({"statestores": {"main": isolated()}})
    with Load(mesh, timeout_ms=20_000) as load:
        for _ in range(6):
            load.progress("writes", 50)
            before = process(mesh.kernel, "statestore", "main")
            os.kill(before["pid"], signal.SIGKILL)
            restarted(mesh.kernel, "statestore", "main", before)
        load.progress("writes after the last kill", 50)
    load.check()
    mesh.kernel.crash()
    load.check()


def test_workflows_go_on_when_their_processes_are_killed(fresh):
    """Every call has an effect on a counter, by way of a plugin whose process is killed."""
    mesh = fresh({"workflows": ["forward", "pipe", {"use": "effect", **isolated()}, "broadcast"]})
    sink, sender = mesh.counter(), mesh.name("sender")
    mesh.host.on(sender, "send", lambda call: Reply(
        state=text(int(call.state or 0) + 1), workflow=workflow(effects=[invocation(sink, "inc")])))
    mesh.register(actor(sender, ["send"]))
    sent = 0
    for _ in range(4):
        before = process(mesh.kernel, "workflow", "effect")
        os.kill(before["pid"], signal.SIGKILL)
        while process(mesh.kernel, "workflow", "effect")["restarts"] == before["restarts"]:
            got = mesh.invoke(sender, "send")
            sent += got.ok
        restarted(mesh.kernel, "workflow", "effect", before)
        mesh.invoke(sender, "send").expect_ok()
        sent += 1
    eventually(lambda: mesh.count(sink) == sent, 10, "each effect came")
    time.sleep(0.3)
    assert mesh.count(sink) == sent, "and what was refused had none"


def test_messages_of_an_activator_survive_its_processes(fresh):
    """Each comes, and runs once, though the process that had offered it is gone."""
    source = FolderSource()
    try:
        sets = Sets(fresh, source, **isolated(write=[str(source.root)], network=False))
        kernel = sets.mesh.kernel
        for kill in range(4):
            before = process(kernel, "activator", source.name)
            sets.publish(150, kill * 150)
            eventually(lambda: len(sets.runs) > kill * 150 + 20, 10, "messages come")
            os.kill(before["pid"], signal.SIGKILL)
            restarted(kernel, "activator", source.name, before)
        sets.await_all_settled()
        assert sorted(sets.all()) == list(range(600))
    finally:
        source.leave()


def test_a_swap_between_processes(fresh, tmp_path):
    mesh = fresh({"statestores": {"main": isolated()}})
    newer = version("statestore", "sqlite", "1.0.1", tmp_path)
    with Load(mesh, timeout_ms=20_000) as load:
        for to in (newer, built("statestore", "sqlite")):
            load.progress("writes", 50)
            before = process(mesh.kernel, "statestore", "main")
            swapped(mesh.kernel, "main", to)
            assert process(mesh.kernel, "statestore", "main")["pid"] != before["pid"]
        load.progress("writes after the last swap", 50)
    load.check()
    assert not load.told, "calls waited, none failed"
