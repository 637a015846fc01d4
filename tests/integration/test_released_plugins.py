"""Plugins as earlier releases built them: loaded by the kernel of today, used, and checked."""
import platform
import shutil
import subprocess
from pathlib import Path

import pytest
from harness.host import Reply
from harness.mesh import Mesh, eventually
from harness.wire import BUILD, SYSTEM, actor, text, workflow
from tools import ask, ctl

RELEASED = Path(__file__).resolve().parents[1] / "fixtures" / "released"
VERSIONS = sorted(each.name for each in RELEASED.iterdir() if each.name[0].isdigit())
CHECK = BUILD / "bin" / "spawn-plugin-check"
INSTANCES = {"statestore": "released_store", "transport": "released_bus",
             "workflow": "released_forward", "activator": "released_once",
             "actors": "released_echo"}

pytestmark = pytest.mark.skipif(platform.machine() != "x86_64",
                                reason=f"they were built for x86_64, this is {platform.machine()}")


def test_there_is_a_release_with_a_plugin_of_each_kind():
    assert VERSIONS
    for version in VERSIONS:
        found = {file.parents[2].name: file.parents[1].name
                 for file in (RELEASED / version).glob("*/*/*/plugin.so")}
        assert found == INSTANCES, version
        for file in (RELEASED / version).glob("*/*/*/plugin.so"):
            assert file.stat().st_size < 32_768, f"{file} is not small"


@pytest.mark.parametrize("version", VERSIONS)
def test_the_kernel_of_today_uses_it(version, fresh):
    mesh = fresh({
        "plugins": {"path": [str(RELEASED / version), str(BUILD / "plugins")]},
        "statestores": {"main": None, "old": {"use": "released_store"}},
        "transport": {"use": "released_bus"},
        "workflows": ["released_forward", "broadcast"],
        "activators": [{"name": "once", "use": "released_once",
                        "route": {"actor": "listener", "action": "take"}}],
        "native_actors": ["released_echo"],
        "durability": {"allow_volatile": True},
        "timeouts": {"deactivate_ms": 1000}}, start=False)
    mesh.host.on("listener", "take", reply=Reply())
    mesh.kernel.start()
    # Activator: its message reaches the actor that the route names.
    mesh.register(actor("listener", ["take"]))
    call = mesh.host.wait(1, "listener", "take", 10)[0]
    assert b"released_once" in call.payload.value
    # Store: the count is there after the actor was put away.
    counter = mesh.counter()
    assert mesh.invoke(counter, "inc").expect_ok()
    shown = ("--json", "actor", "show", SYSTEM, counter)
    assert ctl(*shown, admin=mesh).ok().json["is_active"]
    eventually(lambda: not ctl(*shown, admin=mesh).ok().json["is_active"])
    assert mesh.count(counter) == 1
    # Workflow: the next actor answers.
    target, first = mesh.plain("target"), mesh.name("first")
    mesh.host.on(target, "act", reply=Reply(payload=text("from the target")))
    mesh.host.on(first, "go", reply=Reply(workflow=workflow(forward=(target, "act"))))
    mesh.register(actor(first, ["go"]))
    assert mesh.invoke(first, "go").expect_ok().value == "from the target"
    # Native actors: called as any other, and as an object that lives on.
    for native, answers in (("released_echo", ["x", "x"]), ("released_live", ["x", None])):
        for answer in answers:
            assert mesh.invoke(native, "take", text("x")).expect_ok().value == answer
    # Transport: a broadcast reaches its subscriber.
    topic = mesh.name("topic")
    hears = mesh.plain("hears", ["receive"], channels=[(topic, "")])
    speaker = mesh.speaker(topic, text("to all"))
    mesh.invoke(speaker, "speak").expect_ok()
    assert mesh.host.wait(1, hears, "receive")[0].payload == text("to all")

    told = {each["plugin"]: each for each in ask(mesh, "GET", "/v1/plugins").json["plugins"]}
    for name in INSTANCES.values():
        assert told[name]["path"].startswith(str(RELEASED / version)), told[name]
        assert told[name]["serving"] and not told[name]["faulted"], told[name]
    for kind in ("statestore", "transport", "workflow"):
        assert told[INSTANCES[kind]]["counters"]["calls"] > 0, told[INSTANCES[kind]]
    assert mesh.kernel.stop() == 0


@pytest.mark.skipif(not CHECK.exists(), reason="spawn-plugin-check was not built")
@pytest.mark.parametrize("kind", INSTANCES)
@pytest.mark.parametrize("version", VERSIONS)
def test_the_checker_of_today_passes_it(version, kind):
    (file,) = (RELEASED / version / kind).glob("*/*/plugin.so")
    done = subprocess.run([CHECK, file], text=True, errors="replace", stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=240, check=False)
    assert done.returncode == 0 and " 0 failed" in done.stdout, done.stdout[-4000:]


@pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")
def test_the_next_release_can_be_built(tmp_path):
    build = [RELEASED / "build.sh"]
    done = subprocess.run([*build, f"{tmp_path}/next"], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=120, check=False)
    assert done.returncode == 0, done.stdout
    for kind, name in INSTANCES.items():
        file = tmp_path / "next" / kind / name / "1.0.0" / "plugin.so"
        told = ctl("--json", "plugins", "inspect", str(file)).ok().json
        assert (told["kind"], told["name"], told["abi"]) == (kind, name, "1.0")
        assert ctl("plugins", "lint", str(file)).ok().out.endswith("no findings\n")
    again = subprocess.run([*build, VERSIONS[-1]], text=True, capture_output=True, check=False)
    assert again.returncode == 1 and "is there already" in again.stderr
