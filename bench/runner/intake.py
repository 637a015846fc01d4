"""One broker, a kernel whose activator takes from it, and the loops beside it."""
import json
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

from runner import processes as p
from runner import tally

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))
from servers.processes import tree as server_tree  # noqa: E402

ACTORS = 256
WINDOW = 256  # the default
FILL_SECONDS = 600  # at most
DRAIN_SECONDS = 900  # at most
SETTLE_SECONDS = 60.0  # at most
LOOK_SECONDS = 0.01


class Intake:
    """The queue `bare` is for loops, the queue `actors` for the kernel's activator."""

    def __init__(self, lab, source, server, more=None):
        self.lab, self.source, self.server = lab, source, server
        self.published = 0
        for queue in ("bare", "actors"):
            self._brokers("make", queue)
        self.host_port = p.free_port()
        route = {"actor": "t{body.n}", "register_ref": "Sink", "action": "Take",
                 "content": "json"}
        self.kernel, self.port = p.start_kernel(
            lab, "commit", self.host_port,
            more={"activators": [{"name": "bench", "use": source.name, "window": WINDOW,
                                  "config": source.config(server, "actors"), "route": route}]}
            | (more or {}))
        self.host = p.start_host(lab, self.host_port, self.port)
        p.wait_until(f"activator {source.name}", lambda: self.told()["state"] == "open")

    def stop(self):
        self.lab.stop(self.kernel, self.host)

    # --- the broker -------------------------------------------------------------------------------
    def fill(self, queue: str, messages: int, *more) -> dict:
        out = self._brokers("fill", queue, "--messages", messages, "--first", self.published,
                            "--actors", ACTORS, *more)
        self.published += messages
        return out

    def warm_up(self, messages: int):
        """Every actor is in memory afterwards."""
        base = self.taken()
        self.fill("actors", messages)
        p.wait_until("the first messages", lambda: self.taken() - base >= messages, SETTLE_SECONDS)
        self.lab.settle()

    def drain_without(self, messages: int, *more) -> dict:
        """By a program instead of the kernel."""
        host = p.cpu_seconds(self.host.pid)
        out = self._brokers("drain", "bare", "--messages", messages, "--window", WINDOW, *more)
        return {"per_second": messages / out["seconds"], "cpu": {
            "loop": 1000 * out["cpu_s"] / messages,
            "host": 1000 * (p.cpu_seconds(self.host.pid) - host) / messages}}

    def by_hand(self, messages: int) -> dict:
        return self.drain_without(messages, "--host", f"127.0.0.1:{self.host_port}", "--database",
                                  self.lab.new_folder("by-hand") / "states.db")

    def _brokers(self, what, queue, *more) -> dict:
        done = subprocess.run(
            [self.lab.program("bench_brokers"), what, "--broker", self.source.name, "--at",
             self.source.at(self.server), "--queue", queue, *map(str, more)],
            capture_output=True, text=True, timeout=FILL_SECONDS)
        if done.returncode != 0:
            raise RuntimeError(done.stderr.strip())
        return json.loads(done.stdout) if done.stdout else {}

    # --- the kernel -------------------------------------------------------------------------------
    def ctl(self, *words) -> str:
        done = subprocess.run(
            [self.lab.program("spawnctl"), "--admin",
             str(self.kernel.log_path.parent / "admin.sock"), *words],
            capture_output=True, text=True, timeout=60)
        if done.returncode != 0:
            raise RuntimeError(f"spawnctl {' '.join(words)}: {done.stderr.strip()}")
        return done.stdout

    def told(self) -> dict:
        """What the kernel says of the activator."""
        return json.loads(self.ctl("--json", "activators", "list"))["activators"][0]

    def taken(self) -> int:
        return tally.read(self.host_port)[1]

    def drain(self, messages: int, look=lambda: None) -> dict:
        """From resume on, `messages` of them: time from the first to the last that was taken."""
        base, before = self.taken(), self.told()
        self.ctl("activators", "resume", "bench")
        deadline = time.monotonic() + DRAIN_SECONDS
        p.wait_until("the first message", lambda: self.taken() > base)
        began, first, cpu = time.monotonic(), self.taken() - base, self._cpu()
        now = first
        while now < messages:
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self.source.name}: {now:,} of {messages:,} messages were "
                                   f"taken in {DRAIN_SECONDS} s; {self.told()}")
            time.sleep(LOOK_SECONDS)
            look()
            now = self.taken() - base
        took = time.monotonic() - began
        share = 1000 / max(now - first, 1)
        out = {"per_second": (now - first) / took,
               "cpu": {part: share * (after - cpu[part]) for part, after in self._cpu().items()}}

        def settled() -> int:
            return self.told()["acknowledged"] - before["acknowledged"]
        p.wait_until("all are acknowledged", lambda: settled() >= messages, SETTLE_SECONDS)
        out["amiss"] = (abs(self.taken() - base - messages) + abs(settled() - messages) +
                        self.told()["dead"] - before["dead"])
        return out

    def _cpu(self) -> dict:
        servers = [SimpleNamespace(pid=pid) for pid in server_tree(self.server.process.pid)]
        groups = {"kernel": [self.kernel], "host": [self.host], "server": servers}
        return {part: sum(p.cpu_seconds(each.pid) for each in group)
                for part, group in groups.items()}

    def behind(self, per_second: float, seconds: float) -> int:
        """How many of a steady stream are not taken yet when the last one was published."""
        base, messages = self.taken(), int(per_second * seconds)
        self.fill("actors", messages, "--per-second", f"{per_second:.0f}")
        out = messages - (self.taken() - base)
        p.wait_until("the rest", lambda: self.taken() - base >= messages, SETTLE_SECONDS)
        return out
