"""The published Go SDK, unchanged, as host and client of a real kernel (protocol.md 16.3).

Skipped with the reason where the Go toolchain or the module cannot be had. Where the module proxy
does not serve the module, SPAWN_GO_SDK names a folder with its source: the one whose go.mod says
`module github.com/eigr/spawn-go-sdk/spawn`. The build then takes it from there (`replace`), and
anything wrong with it is a failure and no skip."""
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "sdks"), str(HERE.parent)]

from harness.wire import BUILD  # noqa: E402
from sdk_host import passivated, running, skip  # noqa: E402

BUILD_SECONDS = 240
MODULE = "github.com/eigr/spawn-go-sdk/spawn"


@pytest.fixture(scope="module")
def program():
    """The built program. go.sum is completed in a copy, so the source tree stays as it is."""
    go = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")
    if go is None:
        skip("no Go toolchain on this machine")
    work = (BUILD if BUILD.is_dir() else Path("/tmp")) / "conformance-go"
    work.mkdir(parents=True, exist_ok=True)
    for name in ("go.mod", "go.sum", "main.go"):
        if (HERE / name).exists():
            shutil.copy(HERE / name, work / name)
    environment = os.environ | {"GOFLAGS": "-mod=mod -buildvcs=false"}

    def run(*arguments):
        return subprocess.run([go, *arguments], cwd=work, env=environment, capture_output=True,
                              text=True, timeout=BUILD_SECONDS)

    source = os.environ.get("SPAWN_GO_SDK")
    if source:
        assert (Path(source) / "go.mod").is_file(), f"SPAWN_GO_SDK={source}: no go.mod there"
        replaced = run("mod", "edit", f"-replace={MODULE}={Path(source).resolve()}")
        assert replaced.returncode == 0, replaced.stderr
    else:
        fetched = run("mod", "download", "all")
        if fetched.returncode != 0:
            skip(f"the SDK's module cannot be had: {fetched.stderr.strip()[-400:]}")
    built = run("build", "-o", "gohost", ".")
    assert built.returncode == 0, built.stderr
    return work / "gohost"


@pytest.fixture
def world(program):
    with running([program], lambda kernel_port, host_port: {
            "PROXY_PORT": str(kernel_port), "HOST_PORT": str(host_port)}) as pair:
        yield pair


def test_the_go_sdk_registers_and_invokes(world):
    """R1, I2, I14: registration, payloads and state through the SDK's own client."""
    _, host = world
    assert host.say("add 2") == "2"
    assert host.say("add 3") == "5"
    assert host.say("total") == "5"


def test_errors_reach_the_go_client(world):
    """I7, I10, I11: 200 without updated_context is a failed action; an unknown action is told."""
    _, host = world
    assert host.say("add 1") == "1"
    assert "HOST_ERROR: " in host.say("fail")
    assert "ACTION_NOT_FOUND: " in host.say("unknown")
    assert host.say("total") == "1"


def test_state_reloads_after_passivation(world):
    """L1, L2: the actor has left memory before each next call (it may idle for 120 ms)."""
    kernel, host = world
    for expected in ("1", "2", "3"):
        assert passivated(kernel, host, "add 1") == expected
    assert host.say("total") == "3"


def test_state_survives_kill_9_of_the_kernel(world):
    """L2, L11: the Go process is not restarted and does not register again."""
    kernel, host = world
    assert host.say("add 41") == "41"
    kernel.crash()
    assert host.say("add 1") == "42"
    kernel.restart()
    assert host.say("total") == "42"
