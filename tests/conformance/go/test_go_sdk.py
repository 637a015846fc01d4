"""The published Go SDK, unchanged, as host and client of a real kernel (protocol.md 16.3).

Skipped with the reason where the Go toolchain or the module cannot be had."""
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from harness.kernel import Kernel, free_port  # noqa: E402
from harness.mesh import eventually  # noqa: E402
from harness.wire import BUILD  # noqa: E402

BUILD_SECONDS = 240


def skip(reason: str):
    print(f"Go SDK conformance skipped: {reason}")
    pytest.skip(reason)


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
    fetched = subprocess.run([go, "mod", "download", "all"], cwd=work, env=environment,
                             capture_output=True, text=True, timeout=BUILD_SECONDS)
    if fetched.returncode != 0:
        skip(f"the SDK's module cannot be had: {fetched.stderr.strip()[-400:]}")
    built = subprocess.run([go, "build", "-o", "gohost", "."], cwd=work, env=environment,
                           capture_output=True, text=True, timeout=BUILD_SECONDS)
    assert built.returncode == 0, built.stderr
    return work / "gohost"


class GoHost:
    """The running program; say() sends one command and returns its one line of answer."""

    def __init__(self, program, kernel_port, port):
        self.process = subprocess.Popen(
            [str(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, bufsize=1,
            env=os.environ | {"PROXY_PORT": str(kernel_port), "HOST_PORT": str(port)})
        self.log = []
        threading.Thread(target=lambda: self.log.extend(self.process.stderr),
                         daemon=True).start()
        line = self.process.stdout.readline().strip()
        assert line == "ready", f"{line}\n{''.join(self.log[-20:])}"

    def say(self, command: str) -> str:
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def close(self):
        self.process.kill()
        self.process.wait(5)


@pytest.fixture
def world(program):
    host_port = free_port()
    kernel = Kernel(host_port, {"timeouts": {"deactivate_jitter_ms": 1}})
    host = None
    try:
        kernel.start()
        host = GoHost(program, kernel.port, host_port)

        def listens():
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", host_port)) == 0

        eventually(listens, 5, "the Go host to listen")
        yield kernel, host
    finally:
        if host is not None:
            host.close()
        kernel.dispose()


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
    assert host.say("fail").startswith("error: ")
    assert "NoSuchAction" in host.say("unknown")
    assert host.say("total") == "1"


def test_state_reloads_after_passivation(world):
    """L1, L2: 120 ms of idleness between the calls."""
    _, host = world
    for expected in ("1", "2", "3"):
        assert host.say("add 1") == expected
        time.sleep(0.4)
    assert host.say("total") == "3"


def test_state_survives_kill_9_of_the_kernel(world):
    """L2, L11: the Go process is not restarted and does not register again."""
    kernel, host = world
    assert host.say("add 41") == "41"
    kernel.crash()
    assert host.say("add 1") == "42"
    kernel.restart()
    assert host.say("total") == "42"
