"""(j) A kernel starts over a store full of messages that wait."""
import json
import socket
import sqlite3
import subprocess
import threading
import time

from runner import processes as p
from runner import tally
from runner.report import Table

ROWS, ROWS_FULL = 100_000, 1_000_000
RECEIVERS = 1024
FILL_CONNECTIONS = 256
FILL_SECONDS = 1800  # at most
RECOVER_SECONDS = 1800  # at most
# Message rows that are due; keys are bytes.
WAITING = "SELECT count(*) FROM record WHERE key >= CAST('m/' AS BLOB) AND key < CAST('m0' AS BLOB)"


class SilentHost:
    """Takes connections and calls on a port and never answers. Use with `with`."""

    def __init__(self, port: int):
        self._listener = socket.create_server(("127.0.0.1", port), backlog=4096)
        self._open = []
        self._thread = threading.Thread(target=self._accept)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        for each in (self._listener, *self._open):
            each.close()

    def _accept(self):
        while True:
            try:
                self._open.append(self._listener.accept()[0])
            except OSError:
                return


def waiting_rows(database) -> int:
    reader = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        return reader.execute(WAITING).fetchone()[0]
    finally:
        reader.close()


def patient(config: dict) -> dict:
    """Lets any number of messages wait while no call is ever answered."""
    config = json.loads(json.dumps(config))
    config["host"]["connections"] = 2 * RECEIVERS
    config["limits"] = {"mailbox": 1_000_000, "inflight_bytes": 8 << 30}
    config["timeouts"] = {"request_ms": 1000 * FILL_SECONDS}
    return config


def fill(lab, folder, config, port, host_port, rows) -> dict:
    """So many asynchronous calls through a kernel whose host never answers, then kill -9."""
    kernel = p.launch_kernel(lab, folder, patient(config))
    lab.wait_ready(kernel, "spawnd", lambda: p.is_ready(port))
    lab.stop(p.start_host(lab, host_port, port))  # its registration stays
    with SilentHost(host_port):
        done = subprocess.run(
            [lab.program("bench_load"), "--url", f"127.0.0.1:{port}", "--mode", "later",
             "--connections", str(FILL_CONNECTIONS), "--actors", str(RECEIVERS), "--calls",
             str(rows), "--seconds", str(FILL_SECONDS)],
            capture_output=True, text=True, timeout=FILL_SECONDS + 60)
        lab.stop(kernel)  # kill -9
    if done.returncode != 0:
        raise RuntimeError(f"bench_load later: {done.stdout.strip()} {done.stderr.strip()}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def idle_bytes(lab, port, host_port, database_of) -> int:
    """Of a kernel in the same configuration without a message, its actors called once."""
    folder = lab.new_folder("idle")
    kernel = p.launch_kernel(lab, folder, database_of(folder))
    lab.wait_ready(kernel, "spawnd", lambda: p.is_ready(port))
    host = p.start_host(lab, host_port, port)
    subprocess.run([lab.program("bench_load"), "--url", f"127.0.0.1:{port}", "--mode", "later",
                    "--connections", "16", "--actors", str(RECEIVERS), "--calls", str(RECEIVERS)],
                   capture_output=True, check=True, timeout=60)
    lab.settle()
    size = p.resident_bytes(kernel.pid)
    lab.stop(kernel, host)
    return size


def until(what, check, deadline) -> float:
    """The point in time at which check() held."""
    while not check():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what}: not in {RECOVER_SECONDS} s")
        time.sleep(0.005)
    return time.monotonic()


def run(lab: p.Lab, options) -> list:
    rows = ROWS_FULL if options.full else ROWS
    port, host_port = p.free_port(), p.free_port()

    def config_in(folder):
        return p.kernel_config(lab, folder, port, host_port, "commit")

    idle = idle_bytes(lab, port, host_port, config_in)
    folder = lab.new_folder("full")
    filled = fill(lab, folder, config_in(folder), port, host_port, rows)
    stored = waiting_rows(folder / "spawn.db")

    host = p.launch_host(lab, host_port, port)
    until("bench_host", lambda: listens(host_port), time.monotonic() + p.READY_SECONDS)
    began = time.monotonic()
    deadline = began + RECOVER_SECONDS
    kernel = p.launch_kernel(lab, folder, config_in(folder))
    ready = until("readiness", lambda: p.is_ready(port), deadline)
    first = until("the first 1 %", lambda: tally.read(host_port)[1] >= stored // 100, deadline)
    until("all actions", lambda: tally.read(host_port)[1] >= stored, deadline)
    ended = until("all rows", lambda: waiting_rows(folder / "spawn.db") == 0, deadline)
    peak = p.resident_bytes(kernel.pid, "VmHWM")
    cpu = p.cpu_seconds(kernel.pid), p.cpu_seconds(host.pid)
    again = tally.read(host_port)[1] - stored

    table = Table("Recovery: a kernel starts over messages that wait",
                  ["rows", "stored/s", "ready ms", "first 1 % ms", "all ms", "rows/s",
                   "CPU-s/1,000", "kernel", "host", "idle MB", "peak MB", "over idle", "run twice"])
    milliseconds = [f"{1000 * (at - began):,.0f}" for at in (ready, first, ended)]
    table.add(f"{stored:,}", f"{filled['rps']:,.0f}", *milliseconds,
              f"{stored / (ended - began):,.0f}", f"{1000 * sum(cpu) / stored:.3f}",
              *(f"{1000 * each / stored:.3f}" for each in cpu), f"{idle / 1e6:.1f}",
              f"{peak / 1e6:.1f}", f"{(peak - idle) / 1e6:.1f}", again)
    table.note(f"Asynchronous calls to {RECEIVERS:,} actors in commit, stored by a kernel whose host "
               "takes calls and never answers (stored/s, at "
               f"{FILL_CONNECTIONS} connections), which is then killed. Times are from exec of the "
               "next kernel; a host that answers is there before it. all: no row is left in the "
               "store. idle: the same kernel without rows, its actors called once.")
    if stored != rows:
        table.note(f"{rows:,} calls were answered OK.")
    return [table]


def listens(port: int) -> bool:
    try:
        tally.read(port)
        return True
    except OSError:
        return False
