"""(a) What the kernel costs between a client and a host, against the two-hop proxy."""
from runner import processes as p
from runner.report import Table

CONNECTIONS = (1, 16, 64, 256)
FLOOR_VALID = 40_000  # calls/s at 64 connections


def run(lab: p.Lab, options) -> list:
    subjects = []  # (name, mode, port, processes, work label)
    floor_host_port = p.free_port()
    kernels = {}
    for durability in ("none", "snapshot", "commit"):
        host_port = floor_host_port if durability == "none" else p.free_port()
        kernel, port = p.start_kernel(lab, durability, host_port)
        kernels[durability] = (kernel, port, p.start_host(lab, host_port, port))
    floor, floor_port = p.start_floor(lab, floor_host_port)
    none_kernel, none_port, none_host = kernels["none"]
    subjects.append(("floor, no-op", "raw-path", floor_port, floor, none_host))
    subjects.append(("spawnd, no-op", "noop", none_port, none_kernel, none_host))
    for durability, (kernel, port, host) in kernels.items():
        subjects.append((f"spawnd, counter, {durability}", "counter", port, kernel, host))

    table = Table("Sidecar: calls through the kernel, against the floor",
                  ["what", "connections", "calls/s", "of floor", "p50 us", "p99 us",
                   "CPU-s/1,000", "by CPU", "client", "middle", "host", "errors"])
    floor_64 = None
    for connections in CONNECTIONS:
        floor_rps = floor_cpu = None
        for name, mode, port, middle, host in subjects:
            got = p.load(lab, mode, port, connections, options.seconds,
                         {"middle": middle, "host": host})
            if mode == "raw-path":
                floor_rps = got["rps"]
                floor_cpu = sum(got["cpu"].values())
                floor_64 = got["rps"] if connections == 64 else floor_64
            table.add(name, connections, f"{got['rps']:,.0f}", f"{got['rps'] / floor_rps:.2f}",
                      f"{got['p50_us']:.0f}", f"{got['p99_us']:.0f}",
                      f"{sum(got['cpu'].values()):.3f}",
                      f"{floor_cpu / sum(got['cpu'].values()):.2f}", f"{got['cpu']['client']:.3f}",
                      f"{got['cpu']['middle']:.3f}", f"{got['cpu']['host']:.3f}", got["errors"])
            if got["errors"]:
                table.note(f"{name}, {connections} connections: {got['first_error']}")
    if floor_64 < FLOOR_VALID:
        table.invalidate("of floor")
        table.note(f"INVALID: the floor reached {floor_64:,.0f} calls/s at 64 connections; ratios "
                   f"count from {FLOOR_VALID:,} on. CPU per call is still worth reading.")
    else:
        table.note(f"The floor reached {floor_64:,.0f} calls/s at 64 connections: ratios count.")
    return [table]
