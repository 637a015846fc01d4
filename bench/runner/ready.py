"""(d) How soon after exec the kernel serves, and what it occupies then."""
import os
import socket
import statistics
import time

from runner import processes as p
from runner.report import Table

STARTS = 7
REGISTRATIONS = 1_000


def _field(number: int, data: bytes) -> bytes:
    size, length = b"", len(data)
    while length >= 0x80:
        size += bytes([length & 0x7F | 0x80])
        length >>= 7
    return bytes([number << 3 | 2]) + size + bytes([length]) + data


def registration(types: int) -> bytes:
    """A RegistrationRequest with that many stateful UNNAMED types."""
    registry = b""
    for i in range(types):
        name = f"Type{i:05}".encode()
        settings = b"\x08\x02\x10\x01"  # kind UNNAMED, stateful
        actor = (_field(1, _field(1, name) + _field(2, b"spawn-system")) + _field(3, settings) +
                 _field(4, _field(1, b"Add")) + _field(4, _field(1, b"Take")))
        registry += _field(1, _field(1, name) + _field(2, actor))
    service = _field(1, b"bench") + _field(2, b"1.0.0")
    return _field(1, service) + _field(2, _field(1, b"spawn-system") + _field(2, registry))


def _time_to_ready(lab: p.Lab, folder, config) -> tuple:
    """(milliseconds from exec to readiness 200, resident bytes then)."""
    port = config["gateway"]["http"]["port"]
    began = time.perf_counter()
    process = p.launch_kernel(lab, folder, config)
    try:
        deadline = began + p.READY_SECONDS
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0 and p.is_ready(port):
                    break
            if process.poll() is not None or time.perf_counter() > deadline:
                raise RuntimeError(f"spawnd did not become ready:\n{p.tail(process)}")
            os.sched_yield()
            time.sleep(0.0005)
        took = (time.perf_counter() - began) * 1000
        return took, p.resident_bytes(process.pid)
    finally:
        lab.stop(process)


def run(lab: p.Lab, _options) -> list:
    table = Table("Start: exec to readiness 200, SQLite store with default plugins",
                  ["registrations", "ready ms (median)", "best", "worst", "resident MB"])
    for count in (0, REGISTRATIONS):
        folder = lab.new_folder("start")
        port = p.free_port()
        config = p.kernel_config(lab, folder, port, p.free_port(), "commit")
        process = p.launch_kernel(lab, folder, config)
        lab.wait_ready(process, "spawnd", lambda: p.is_ready(port))
        if count:
            status, _ = p.http(port, "POST", "/api/v1/system", registration(count))
            if status != 200:
                raise RuntimeError(f"registering {count} types: HTTP {status}")
        lab.stop(process)
        got = [_time_to_ready(lab, folder, config) for _ in range(STARTS)]
        times = [ms for ms, _ in got]
        table.add(f"{count:,}", f"{statistics.median(times):.0f}", f"{min(times):.0f}",
                  f"{max(times):.0f}", f"{statistics.median(b for _, b in got) / 1e6:.1f}")
    table.note("Started again over the database of a killed kernel; polled every half millisecond. "
               "The launching of the process by Python is in it, about a millisecond.")
    return [table]
