"""The kernel and the three services as processes, in a temporary folder, gone at the end."""
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

EXAMPLE = Path(__file__).resolve().parents[1]
SOURCE = EXAMPLE.parents[1]
PROTO = SOURCE / "plugin-api" / "proto"
READY_SECONDS = 30
STOP_SECONDS = 10
SERVICES = {  # name -> the command that runs it
    "stock": ("/usr/bin/python3", EXAMPLE / "services" / "python" / "stock.py"),
    "payment": ("node", EXAMPLE / "services" / "node" / "payment.mjs"),
    "order": ("node", EXAMPLE / "services" / "node" / "order.mjs"),
}


class Trouble(Exception):
    """The shop can not be shown, or is not right; the text says why."""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def build_folder() -> Path:
    """The build that SPAWN_BUILD_DIR names, else the first of release and dev that is there."""
    named = os.environ.get("SPAWN_BUILD_DIR")
    for folder in [named] if named else [SOURCE / "build" / "release", SOURCE / "build" / "dev"]:
        if (Path(folder) / "bin" / "spawnd").exists():
            return Path(folder).resolve()
    raise Trouble("no spawnd is built: ./dev example shop-saga builds it")


class Stage:
    """Use with `with`. Starts nothing by itself; see start()."""

    def __init__(self):
        self.build = build_folder()
        self.folder = Path(tempfile.mkdtemp(prefix="spawn-shop-"))
        self.port = free_port()
        self.admin = self.folder / "admin.sock"
        self.processes = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.processes.values():
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.processes.values():
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self):
        """The kernel, then the services; returns when all have said that they are ready."""
        for tool in ("node", "protoc"):
            if shutil.which(tool) is None:
                raise Trouble(f"{tool} is not on the PATH")
        subprocess.run(["protoc", f"-I{PROTO}", f"--python_out={self.folder}",
                        "spawn/actors/actor.proto", "spawn/protocol.proto"], check=True)
        ports = {name: free_port() for name in SERVICES}
        self._launch("kernel", [self.build / "bin" / "spawnd", "--config", EXAMPLE / "spawn.yaml"], {
            "SPAWN_PLUGIN_PATH": self.build / "plugins", "SPAWN_PLUGIN_STORE": self.folder / "store",
            "SHOP_ADMIN": self.admin, "SHOP_KERNEL_PORT": self.port,
            **{f"SHOP_{name.upper()}_PORT": port for name, port in ports.items()}})
        self._wait("kernel", self._kernel_is_ready)
        for name, command in SERVICES.items():
            self._launch(name, command, {
                "PROXY_HTTP_PORT": self.port, "USER_FUNCTION_PORT": ports[name],
                "SHOP_PROTO": self.folder, "PYTHONDONTWRITEBYTECODE": "1"})
        for name in SERVICES:
            self._wait(name, lambda name=name: f"{name} is ready" in self.log(name))

    def spawnctl(self, *arguments) -> str:
        """What `spawnctl` prints for people."""
        done = subprocess.run([self.build / "bin" / "spawnctl", "--admin", self.admin, *arguments],
                              capture_output=True, text=True, timeout=60, check=False)
        if done.returncode != 0:
            raise Trouble(f"spawnctl {' '.join(arguments)}: {(done.stderr or done.stdout).strip()}")
        return done.stdout

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def _launch(self, name, command, variables):
        clean = {key: value for key, value in os.environ.items()
                 if not key.startswith(("PROXY_", "USER_FUNCTION_", "SPAWN_", "SHOP_"))}
        with open(self.folder / f"{name}.log", "wb") as log:
            self.processes[name] = subprocess.Popen(
                [str(part) for part in command], cwd=self.folder, stdin=subprocess.DEVNULL,
                stdout=log, stderr=subprocess.STDOUT,
                env=clean | {key: str(value) for key, value in variables.items()})

    def _wait(self, name, is_ready):
        deadline = time.monotonic() + READY_SECONDS
        while not is_ready():
            ended = self.processes[name].poll() is not None
            if ended or time.monotonic() > deadline:
                what = "ended" if ended else f"is not ready after {READY_SECONDS} s"
                raise Trouble(f"{name} {what}:\n{self.log(name)[-3000:]}")
            time.sleep(0.02)

    def _kernel_is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health/readiness",
                                        timeout=2) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False
