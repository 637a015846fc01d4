"""The published Python SDK, unchanged, as host and client of a real kernel (protocol.md 16.4).

SPAWN_PYTHON_SDK names the folder with its source, the one that holds `spawn/`; skipped without it.
Its packages (flask 2, requests, uvicorn, protobuf 3.20) come from the virtual environment `.venv`
in that folder, else from the interpreter that runs the tests. With the variable given, whatever is
wrong with the SDK is a failure and no skip."""
import os
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from harness.mesh import eventually  # noqa: E402
from sdk_host import passivated, running, skip  # noqa: E402


@pytest.fixture(scope="module")
def command():
    folder = os.environ.get("SPAWN_PYTHON_SDK")
    if not folder:
        skip("SPAWN_PYTHON_SDK does not name a folder with the Python SDK's source")
    assert (Path(folder) / "spawn" / "eigr").is_dir(), f"SPAWN_PYTHON_SDK={folder}: no spawn/eigr"
    private = Path(folder) / ".venv" / "bin" / "python"
    return [private if private.exists() else sys.executable, HERE / "python_host.py"]


@pytest.fixture
def world(command):
    with running(command, lambda kernel_port, host_port: {
            "PROXY_PORT": str(kernel_port), "HOST_PORT": str(host_port)}) as pair:
        yield pair


def test_the_python_sdk_registers_and_invokes(world):
    """R1, I2, I14: registration with a channel that is a plain string, payloads and state."""
    _, host = world
    assert host.say("call Counter Add 2") == "2"
    assert host.say("call Counter Add 3") == "5"
    assert host.say("call Counter Total") == "5"
    assert host.say("call Counter getState") == "5"
    assert host.say("call Pool Double 21") == "42"


def test_errors_reach_the_python_client(world):
    """I7, I10, I11: the host answers 500 and HTML when an action raises; it runs once."""
    _, host = world
    assert host.say("call Counter Add 1") == "1"
    assert host.say("call Counter Fail") == "error"
    assert host.say("count Fail") == "1"
    assert host.say("call Counter NoSuchAction") == "error"
    assert host.say("call Nobody Add 1") == "actor_not_found"
    assert host.say("call Counter Total") == "1"


def test_state_reloads_after_passivation(world):
    """L1, L2: the counter has left memory before each next call; the clock, never idle, stays."""
    kernel, host = world
    for expected in ("1", "2", "3"):
        assert passivated(kernel, host, "call Counter Add 1") == expected
    assert host.say("call Counter Total") == "3"


def test_state_survives_kill_9_of_the_kernel(world):
    """L2, L11: the host is not restarted and does not register again."""
    kernel, host = world
    assert host.say("call Counter Add 41") == "41"
    assert host.say("child kept Add 7") == "7"
    kernel.crash()
    assert host.say("call Counter AddDurably 1") == "42"
    assert host.say("call kept Total") == "7"
    kernel.crash()
    assert host.say("call Counter Total") == "42"
    kernel.restart()
    assert host.say("call Counter Total") == "42"


def test_actors_of_an_unnamed_parent(world):
    """S1, S3: the SDK spawns first and then calls without naming the parent."""
    _, host = world
    assert host.say("child one Add 1") == "1"
    assert host.say("child two Add 5") == "5"
    assert host.say("call one Add 1") == "2"
    assert host.say("child two Total") == "5"


def test_workflows_of_the_python_sdk(world):
    """W1, W2, W4, W5: the effect spawns its target from inside the running action."""
    _, host = world
    assert host.say("call Router Pipe 4") == "40"
    assert host.say("call Router Forward 2") == "42"
    assert host.say("call Router Effect 6") == "6"
    eventually(lambda: host.say("child affected Total") == "6", 5, "the effect")
    assert host.say("call Router Announce 8") == "8"
    eventually(lambda: host.say("call Counter Total") == "50", 5, "the broadcast")
    assert host.say("count receive") == "1"
    assert host.say("call Router AnnounceAdd 5") == "5"  # this SDK names the action itself
    eventually(lambda: host.say("call Counter Total") == "55", 5, "the broadcast to an action")
    assert host.say("count receive") == "1"


def test_timers_run(world):
    """L7: a timer of 50 ms, started by the registration, counts in its state."""
    _, host = world
    eventually(lambda: int(host.say("call Clock Total")) >= 5, 10, "five ticks")


def test_many_calls_at_once(world):
    """I4, I5: each addition is seen by exactly one answer."""
    _, host = world
    answers = host.say("burst Counter Add 60").split()
    assert answers == [str(number) for number in range(1, 61)]
    assert host.say("send Counter Add 40") == "ok"
    assert host.say("call Counter Total") == "100"
