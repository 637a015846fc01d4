"""What the tests of packages share: the .deb files, and a kernel started by any command."""
import os
import signal
import subprocess
import threading
import time
from pathlib import Path

from harness.client import Client
from harness.host import Host
from harness.kernel import free_port
from harness.mesh import counting
from harness.wire import BUILD, SOURCE, actor

READY_SECONDS = 30.0


def run(command, cwd=None, env=None, seconds=240, code=0):
    """Runs to the end; another exit code than `code` fails the test and shows what was printed."""
    done = subprocess.run([str(each) for each in command], cwd=cwd, env=env, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=seconds,
                          check=False, stdin=subprocess.DEVNULL)
    assert done.returncode == code, f"{command} ended with {done.returncode}:\n{done.stdout[-6000:]}"
    return done.stdout


def packages(tmp_path_factory):
    given = os.environ.get("SPAWN_PACKAGES_DIR")
    if given:
        return Path(given)
    folder = tmp_path_factory.mktemp("packages")
    # Packing them well is the release's business.
    run([SOURCE / "packaging" / "deb" / "build", BUILD, folder,
         "-D", "CPACK_DEBIAN_COMPRESSION_TYPE=gzip"])
    return folder


def clean_environment(**more):
    kept = {key: os.environ[key] for key in ("PATH", "HOME", "TMPDIR", "LANG") if key in os.environ}
    return kept | more


class ShippedKernel:
    """A spawnd that somebody's command starts, and an actor host beside it. The command ends with
    the kernel and hands signals on."""

    def __init__(self):
        self.host = Host()
        self.port = free_port()
        self.client = Client(self.port, timeout=10.0)
        self.process = None
        self.log = []
        self._reader = None

    def variables(self):
        """What tells the kernel of a sample configuration where this test's ports are."""
        return {"PROXY_HTTP_PORT": str(self.port), "USER_FUNCTION_PORT": str(self.host.port)}

    def start(self, command, env=None, cwd=None):
        self.process = subprocess.Popen([str(each) for each in command], cwd=cwd, env=env,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT)
        self._reader = threading.Thread(target=self._read, args=(self.process,), daemon=True)
        self._reader.start()
        deadline = time.monotonic() + READY_SECONDS
        while not self.client.ready():
            assert self.process.poll() is None, f"it ended while starting:\n{self.tail()}"
            assert time.monotonic() < deadline, f"not ready in {READY_SECONDS} s:\n{self.tail()}"
            time.sleep(0.02)
        return self

    def call_an_actor(self, name="counter"):
        """Registers an actor and calls it; each call sees the state that the one before left."""
        counting(self.host, name)
        self.client.register(actor(name, ["inc", "read"]))
        for expected in (1, 2, 3):
            assert int(self.client.invoke(name, "inc").expect_ok().value) == expected

    def count(self, name="counter"):
        return int(self.client.invoke(name, "read").expect_ok().value)

    def stop(self, pid=None):
        """SIGTERM to the command, or to a process below it, and a clean end."""
        self.client.close()
        os.kill(pid or self.process.pid, signal.SIGTERM)
        code = self.process.wait(60)
        self._reader.join(5)
        assert code == 0, f"it ended with {code} after SIGTERM:\n{self.tail()}"

    def dispose(self):
        self.client.close()
        self.host.stop()
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)

    def tail(self):
        return "".join(self.log[-60:])

    def _read(self, process):
        for line in process.stdout:
            self.log.append(line.decode(errors="replace"))

