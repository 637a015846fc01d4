"""One spawnd process: configuration, start, stop, kill -9, restart, log.

The log is read through a pipe by a thread, so that a limit on file sizes (disk_full) hits the
store and nothing else.
"""
import copy
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from harness.client import Client
from harness.wire import BUILD, SYSTEM

sys.path.append(str(Path(__file__).resolve().parents[2]))
from ports import free_port  # noqa: E402

BINARY = BUILD / "bin" / "spawnd"
START_SECONDS = 15.0
STOP_SECONDS = 15.0
# What a lane may be held up for. The kernel's own limit is 5 ms (SPAWN_STALL_MS=5 on a machine of
# one's own); where builds and neighbours share the processors, computing itself takes longer.
STALL_MS = int(os.environ.get("SPAWN_STALL_MS", "25"))
# A sanitizer makes every turn several times as long.
SANITIZED = BUILD.name in ("asan", "tsan")
_COMPLAINTS = ("AddressSanitizer", "LeakSanitizer", "ThreadSanitizer", "runtime error:")


def merge(base: dict, more: dict) -> dict:
    """More over base, maps key by key; None removes a key."""
    result = copy.deepcopy(base)
    for key, value in more.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = merge(result[key], value)
        else:
            result[key] = copy.deepcopy(value)
    return result


def isolated(config: dict) -> dict:
    """Every plugin in a process of its own, where the test does not say otherwise."""
    apart = {"isolation": "process"}
    return config | {
        "statestores": {name: apart | use for name, use in config["statestores"].items()},
        "transport": apart | config["transport"],
        "workflows": [apart | ({"use": use} if isinstance(use, str) else use)
                      for use in config["workflows"]]}


class Kernel:
    """Owns the process and its folder. After kill9() or stop(), start() brings it back."""

    def __init__(self, host_port: int, config: dict = None, env: dict = None, port: int = 0):
        self.folder = Path(tempfile.mkdtemp(prefix="spawn-conf-"))
        self.port = port or free_port()
        self.env = dict(env or {})
        self.process = None
        self.log = []
        self._reader = None
        self.config = merge({
            "system": SYSTEM,
            "runtime": {"lanes": 2, "lane_stall_ms": STALL_MS},
            "gateway": {"http": {"address": "127.0.0.1", "port": self.port}},
            "host": {"address": "127.0.0.1", "port": host_port},
            "plugins": {"path": [str(BUILD / "plugins")]},
            "statestores": {"main": {"use": "sqlite", "config": {"path": str(self.database)}}},
            "transport": {"use": "memory"},
            "workflows": ["forward", "pipe", "effect", "broadcast"],
            "durability": {"default": "commit"},
            "admin": {"address": str(self.folder / "admin.sock")},
            "timeouts": {"request_ms": 5000, "deactivate_ms": 10000, "deactivate_jitter_ms": 1,
                         "snapshot_ms": 2000, "drain_ms": 2500},
        }, config or {})

        if os.environ.get("SPAWN_TEST_ISOLATION") == "process":
            self.config = isolated(self.config)

    @property
    def database(self) -> Path:
        return self.folder / "spawn.db"

    @property
    def client(self) -> Client:
        return Client(self.port)

    def text(self) -> str:
        """What stands in the configuration file."""
        return json.dumps(self.config, indent=2) + "\n"  # JSON is YAML, too

    # --- life -----------------------------------------------------------------------------------
    def launch(self, arguments=()):
        """Starts the process and returns at once."""
        assert BINARY.exists(), f"{BINARY} is not built"
        path = self.folder / "spawn.yaml"
        path.write_text(self.text())
        environment = {key: value for key, value in os.environ.items()
                       if not key.startswith(("PROXY_", "USER_FUNCTION_", "SPAWN_"))}
        self.process = subprocess.Popen(
            [str(BINARY), "--config", str(path), *arguments], env=environment | self.env,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            cwd=self.folder, preexec_fn=_survive_size_limit)
        self._reader = threading.Thread(target=self._read_log, args=(self.process,), daemon=True)
        self._reader.start()
        return self

    def start(self, ready_seconds: float = START_SECONDS):
        """Starts the process and waits until it says it is ready."""
        return self.launch().await_ready(ready_seconds)

    def await_ready(self, ready_seconds: float = START_SECONDS):
        client = Client(self.port, timeout=2.0)
        deadline = time.monotonic() + ready_seconds
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                self._reader.join(2)
                raise AssertionError(f"spawnd ended with {self.process.returncode} while "
                                     f"starting:\n{self.tail()}")
            if client.ready():
                client.close()
                return self
            time.sleep(0.005)
        raise AssertionError(f"spawnd was not ready in {ready_seconds} s:\n{self.tail()}")

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def wait_exit(self, seconds: float = STOP_SECONDS) -> int:
        code = self.process.wait(seconds)
        self._reader.join(2)
        return code

    def stop(self, seconds: float = STOP_SECONDS) -> int:
        """SIGTERM and a clean end: exit code 0 in time, no sanitizer report."""
        assert self.alive, f"spawnd was gone before it was stopped:\n{self.tail()}"
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.wait_exit(seconds)
        except subprocess.TimeoutExpired:
            self.kill9()
            raise AssertionError(f"spawnd did not end in {seconds} s after SIGTERM:\n"
                                 f"{self.tail()}") from None
        assert code == 0, f"spawnd ended with {code} after SIGTERM:\n{self.tail()}"
        return code

    def kill9(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)

    def restart(self):
        self.stop()
        return self.start()

    def crash(self):
        """kill -9, then a new process over the same folder and ports."""
        self.kill9()
        return self.start()

    def dispose(self):
        self.kill9()
        complaints = [line for line in self.log if any(word in line for word in _COMPLAINTS)]
        # Not judged where the machine withheld the processor meanwhile: then the figure is doubtful.
        complaints += [line for line in self.log if "lane stalled" in line and not SANITIZED
                       and '"waited_for_processor_ms":0}' in line]
        shutil.rmtree(self.folder, ignore_errors=True)
        assert not complaints, "\n".join(complaints)

    # --- faults and looks ---------------------------------------------------------------------
    def disk_full(self, full: bool = True):
        """From now on no file of the process may grow (or it may again)."""
        limit = 1 if full else resource.RLIM_INFINITY
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))

    def resident_bytes(self) -> int:
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise AssertionError("no VmRSS")

    def listening_ports(self) -> set:
        """The TCP ports on which the process itself listens."""
        sockets = {os.readlink(link) for link in Path(f"/proc/{self.process.pid}/fd").iterdir()}
        ports = set()
        for table in ("tcp", "tcp6"):
            for line in Path(f"/proc/{self.process.pid}/net/{table}").read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == "0A" and f"socket:[{fields[9]}]" in sockets:
                    ports.add(int(fields[1].rpartition(":")[2], 16))
        return ports

    def stored(self, needle: bytes) -> bool:
        """Whether the bytes occur anywhere in the database files (unsealed stores only)."""
        return any(needle in file.read_bytes() for file in self.folder.glob("spawn.db*"))

    def tail(self, lines: int = 60) -> str:
        return "".join(self.log[-lines:])

    def _read_log(self, process):
        for line in process.stdout:
            self.log.append(line.decode(errors="replace"))


def _survive_size_limit():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
