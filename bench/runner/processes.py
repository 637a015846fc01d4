"""The processes a measurement needs: on free ports, in a temporary folder, gone at the end."""
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

READY_SECONDS = 20.0
SETTLE_SECONDS = 8.0
_TICKS = os.sysconf("SC_CLK_TCK")


class Skip(Exception):
    """This measurement can not be made here; the text says why."""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def busy_share(seconds: float = 1.0) -> float:
    """Share of all CPUs that is at work meanwhile: by others, when nothing of ours runs."""
    def ticks():
        numbers = [int(n) for n in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
        return sum(numbers), numbers[3] + numbers[4]
    total, idle = ticks()
    time.sleep(seconds)
    total_after, idle_after = ticks()
    return 1 - (idle_after - idle) / max(total_after - total, 1)


def resident_bytes(pid: int, field: str = "VmRSS") -> int:
    """Now, or with VmHWM the most there has been."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"process {pid} has no {field}")


def http(port: int, method: str, path: str, body: bytes = b"",
         content_type: str = "application/octet-stream", timeout: float = 10.0):
    """One request on a connection of its own: (status, body)."""
    with socket.create_connection(("127.0.0.1", port), timeout) as connection:
        head = (f"{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n"
                f"content-type: {content_type}\r\ncontent-length: {len(body)}\r\n\r\n")
        connection.sendall(head.encode() + body)
        data = b""
        while piece := connection.recv(65536):
            data += piece
    head, _, rest = data.partition(b"\r\n\r\n")
    return (int(head.split()[1]) if head else 0), rest


def wait_until(what: str, check, seconds: float = READY_SECONDS, pause: float = 0.002):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if check():
            return
        time.sleep(pause)
    raise RuntimeError(f"{what}: not in {seconds:.0f} s")


class Lab:
    """A temporary folder and every process that was started. Use with `with`."""

    def __init__(self, build: Path, folder: Path):
        self.build = build
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = Path(tempfile.mkdtemp(prefix="spawn-bench-", dir=folder))
        self.processes = []
        self._made = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop(*self.processes)
        shutil.rmtree(self.folder, ignore_errors=True)

    def program(self, name: str) -> str:
        path = self.build / "bin" / name
        if not path.exists():
            raise Skip(f"{path} is not built")
        return str(path)

    def new_folder(self, name: str) -> Path:
        self._made += 1
        folder = self.folder / f"{name}-{self._made}"
        folder.mkdir()
        return folder

    def start(self, arguments, folder: Path, env=None) -> subprocess.Popen:
        clean = {key: value for key, value in os.environ.items()
                 if not key.startswith(("PROXY_", "USER_FUNCTION_", "SPAWN_", "RESTATE_"))}
        log = open(folder / "log", "ab")
        process = subprocess.Popen([str(a) for a in arguments], cwd=folder, env=clean | (env or {}),
                                   stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        log.close()
        process.log_path = folder / "log"
        self.processes.append(process)
        return process

    def wait_ready(self, process, what: str, check):
        def alive_and_ready():
            if process.poll() is not None:
                raise RuntimeError(f"{what} ended with {process.returncode}:\n{tail(process)}")
            return check()
        try:
            wait_until(what, alive_and_ready)
        except RuntimeError as error:
            raise RuntimeError(f"{error}\n{tail(process)}") from None

    def stop(self, *processes):
        for process in processes:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
        for process in processes:
            process.wait(10)
            if process in self.processes:
                self.processes.remove(process)

    def settle(self):
        """Waits until none of the processes has work left from the run before."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while time.monotonic() < deadline:
            before = [cpu_seconds(p.pid) for p in self.processes if p.poll() is None]
            time.sleep(0.25)
            after = [cpu_seconds(p.pid) for p in self.processes if p.poll() is None]
            if len(before) == len(after) and sum(after) - sum(before) <= 0.02:
                return


def tail(process, lines: int = 20) -> str:
    return "\n".join(process.log_path.read_text(errors="replace").splitlines()[-lines:])


def sqlite(folder: Path) -> dict:
    return {"use": "sqlite", "config": {"path": str(folder / "spawn.db")}}


def kernel_config(lab: Lab, folder: Path, port: int, host_port: int, durability: str,
                  store=sqlite) -> dict:
    """`store`: what makes the statestore's block for that folder."""
    return {
        "system": "spawn-system",
        "gateway": {"http": {"address": "127.0.0.1", "port": port}},
        "host": {"address": "127.0.0.1", "port": host_port},
        "plugins": {"path": [str(lab.build / "plugins")]},
        "statestores": {"main": store(folder)},
        "transport": {"use": "memory"},
        "workflows": ["forward", "pipe", "effect", "broadcast"],
        "durability": {"default": durability, "allow_volatile": True},
        "admin": {"address": str(folder / "admin.sock")},
    }


def is_ready(port: int) -> bool:
    try:
        return http(port, "GET", "/health/readiness", timeout=2.0)[0] == 200
    except OSError:
        return False


def launch_kernel(lab: Lab, folder: Path, config: dict):
    """Starts spawnd and returns at once."""
    (folder / "spawn.yaml").write_text(json.dumps(config, indent=2) + "\n")  # JSON is YAML, too
    return lab.start([lab.program("spawnd"), "--config", folder / "spawn.yaml"], folder)


def start_kernel(lab: Lab, durability: str, host_port: int, store=sqlite, more=None):
    """(process, port) of a kernel that is ready. `more`: further keys of its configuration."""
    folder = lab.new_folder(f"kernel-{durability}")
    port = free_port()
    config = kernel_config(lab, folder, port, host_port, durability, store) | (more or {})
    process = launch_kernel(lab, folder, config)
    lab.wait_ready(process, f"spawnd ({durability})", lambda: is_ready(port))
    return process, port


def launch_host(lab: Lab, port: int, kernel_port: int, system: str = "spawn-system"):
    """Starts bench_host and returns at once; it registers when that kernel answers."""
    return lab.start([lab.program("bench_host"), "--port", port, "--kernel",
                      f"127.0.0.1:{kernel_port}", "--system", system], lab.new_folder("host"))


def start_host(lab: Lab, port: int, kernel_port: int, system: str = "spawn-system"):
    process = launch_host(lab, port, kernel_port, system)
    lab.wait_ready(process, "bench_host", lambda: "registered" in tail(process))
    return process


def start_floor(lab: Lab, host_port: int):
    """(process, port) of the two-hop proxy before that host."""
    folder = lab.new_folder("floor")
    port = free_port()
    process = lab.start([lab.program("bench_floor"), "--port", port, "--upstream",
                         f"127.0.0.1:{host_port}"], folder)
    lab.wait_ready(process, "bench_floor", lambda: "floor on port" in tail(process))
    return process, port


def load(lab: Lab, mode: str, port: int, connections: int, seconds: float, processes: dict,
         extra=()) -> dict:
    """One run of bench_load. `processes`: name -> process or processes whose CPU is counted."""
    groups = {name: each if isinstance(each, (list, tuple)) else [each]
              for name, each in processes.items()}
    pids = [process.pid for group in groups.values() for process in group]
    lab.settle()
    done = subprocess.run(
        [lab.program("bench_load"), "--url", f"127.0.0.1:{port}", "--mode", mode,
         "--connections", str(connections), "--seconds", str(seconds),
         *(["--pid", ",".join(map(str, pids))] if pids else []), *map(str, extra)],
        capture_output=True, text=True, timeout=seconds + 90)
    if not done.stdout.strip():
        raise RuntimeError(f"bench_load {mode}: {done.stderr.strip()}")
    out = json.loads(done.stdout.strip().splitlines()[-1])
    per_1000 = 1000 / out["calls"] if out["calls"] else 0.0
    out["cpu"] = {"client": out["cpu_client_s"] * per_1000}
    for name, group in groups.items():
        out["cpu"][name] = sum(out["cpu_s"][str(p.pid)] for p in group) * per_1000
    return out
