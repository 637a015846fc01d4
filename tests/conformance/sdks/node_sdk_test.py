"""The published Node SDK, unchanged, as host and client of a real kernel (protocol.md 16.2, 2.2).

SPAWN_NODE_SDK names the folder of the package, as published or built with tsc: package.json,
`_build` and its dependencies in node_modules. Skipped without it, or without node. With the
variable given, whatever is wrong with the package is a failure and no skip."""
import os
import shutil
import sys
import time
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from harness.mesh import eventually  # noqa: E402
from sdk_host import passivated, running, skip  # noqa: E402

KEEP_ALIVE_SECONDS = 5.0  # after which an HTTP server of Node closes an idle connection


@pytest.fixture(scope="module")
def command():
    folder = os.environ.get("SPAWN_NODE_SDK")
    if not folder:
        skip("SPAWN_NODE_SDK does not name a folder with the built Node SDK")
    node = shutil.which("node")
    if node is None:
        skip("no node on this machine")
    assert (Path(folder) / "package.json").is_file(), f"SPAWN_NODE_SDK={folder}: no package.json"
    return [node, HERE / "node_host.js"]


@pytest.fixture
def world(command):
    with running(command, lambda kernel_port, host_port: {
            "PROXY_HTTP_HOST": "127.0.0.1", "PROXY_HTTP_PORT": str(kernel_port),
            "USER_FUNCTION_PORT": str(host_port)}) as pair:
        yield pair


def test_the_node_sdk_registers_and_invokes(world):
    """R1, I2, I14: JSON and protobuf states; the initial state comes with the registration."""
    _, host = world
    assert host.say("call Counter Total") == "0"
    assert host.say("call Counter Add 2") == "2"
    assert host.say("call Counter Add 3") == "5"
    assert host.say("call Counter getState") == "5"
    assert host.say("call Typed Add 9007199254740993") == "9007199254740993"
    assert host.say("call Typed Add 1") == "9007199254740994"
    assert host.say("call Pool Double 21") == "42"


def test_errors_reach_the_node_client(world):
    """I7, I10, I11: the host answers 400 with nothing when an action throws; it runs once."""
    _, host = world
    assert host.say("call Counter Add 1") == "1"
    assert host.say("call Counter Fail").startswith("error: HOST_ERROR: ")
    assert host.say("count Fail") == "1"
    assert "NoSuchAction" in host.say("call Counter NoSuchAction")
    assert host.say("call Nobody Add 1").startswith("error: ACTOR_NOT_FOUND: ")
    assert host.say("call Counter Total") == "1"


def test_state_reloads_after_passivation(world):
    """L1, L2: state and tags."""
    kernel, host = world
    for expected in ("1", "2", "3"):
        assert passivated(kernel, host, "call Counter Add 1") == expected
    assert passivated(kernel, host, "call Counter Tag 7") == "7"
    assert host.say("call Counter Tagged") == "7"
    assert host.say("call Counter Total") == "3"


def test_state_survives_kill_9_of_the_kernel(world):
    """L2, L11: the host is not restarted and does not register again."""
    kernel, host = world
    assert host.say("call Counter Add 41") == "41"
    assert host.say("call Typed Add 5") == "5"
    assert host.say("child kept Add 7") == "7"
    kernel.crash()
    assert host.say("call Counter Add 1") == "42"
    assert host.say("call Typed Add 1") == "6"
    assert host.say("call kept Total") == "7"
    kernel.restart()
    assert host.say("call Counter Total") == "42"


def test_actors_of_an_unnamed_parent(world):
    """S1, S2, S3: by a spawn call and by register_ref alone."""
    _, host = world
    assert host.say("child one Add 1") == "1"
    assert host.say("ref two Add 5") == "5"
    assert host.say("call one Add 1") == "2"
    assert host.say("ref two Total") == "5"


def test_workflows_of_the_node_sdk(world):
    """W1, W2, W4, W5, I13: the second of the two effects is due 200 ms later."""
    _, host = world
    assert host.say("call Router Pipe 4") == "40"
    assert host.say("call Router Forward 2") == "42"
    assert host.say("call Router Effect 4") == "4"
    eventually(lambda: host.say("call Counter Total") == "50", 5, "both effects")
    assert host.say("call Router Announce 8") == "8"
    eventually(lambda: host.say("call Counter Total") == "58", 5, "the broadcast")
    assert host.say("count receive") == "1"
    assert host.say("later Counter Add 2 300") == "ok"
    assert host.say("call Counter Total") == "58"
    eventually(lambda: host.say("call Counter Total") == "60", 5, "the scheduled call")


def test_timers_run(world):
    """L7: a timer of 50 ms, started by the registration, counts in its state."""
    _, host = world
    eventually(lambda: int(host.say("call Clock Total")) >= 5, 10, "five ticks")


def test_large_states_come_in_one_piece(world):
    """I16: Node's SDK takes each piece of a body for the whole, so a request must be one segment.

    TCP's first segments hold half of the peer's first window, 32,741 bytes over loopback."""
    kernel, host = world
    assert passivated(kernel, host, "call Counter Pad 32000") == "32000"
    for _ in range(20):
        assert host.say("call Counter Padding") == "32000"


def test_connections_that_the_host_closed(world):
    """I16: the server closes an idle connection after five seconds; nobody notices."""
    _, host = world
    assert host.say("call Counter Add 1") == "1"
    time.sleep(KEEP_ALIVE_SECONDS + 0.5)
    assert host.say("call Counter Add 1") == "2"


def test_many_calls_at_once(world):
    """I4, I5: each addition is seen by exactly one answer."""
    _, host = world
    answers = host.say("burst Counter Add 200").split()
    assert answers == [str(number) for number in range(1, 201)]
    assert host.say("send Counter Add 40") == "ok"
    assert host.say("call Counter Total") == "240"
