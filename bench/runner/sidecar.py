"""(a) What the kernel costs between a client and a host, against the two-hop proxy."""
from statistics import median

from runner import processes as p
from runner.report import Table

CONNECTIONS = (1, 16, 64, 256)
ROUNDS = 5
FLOOR = "floor, no-op"
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
    subjects.append((FLOOR, "raw-path", floor_port, floor, none_host))
    subjects.append(("spawnd, no-op", "noop", none_port, none_kernel, none_host))
    for durability, (kernel, port, host) in kernels.items():
        subjects.append((f"spawnd, counter, {durability}", "counter", port, kernel, host))

    table = Table("Sidecar: calls through the kernel, against the floor",
                  ["what", "connections", "calls/s", "of floor", "p50 us", "p99 us",
                   "CPU-s/1,000", "by CPU", "client", "middle", "host", "errors"])
    floor_64 = None
    for connections in CONNECTIONS:
        rounds = [{name: p.load(lab, mode, port, connections, options.seconds / ROUNDS,
                                {"middle": middle, "host": host})
                   for name, mode, port, middle, host in subjects} for _ in range(ROUNDS)]
        floors = [each[FLOOR] for each in rounds]
        if connections == 64:
            floor_64 = median(floor["rps"] for floor in floors)
        for name, *_ in subjects:
            runs = [each[name] for each in rounds]
            cpu = [sum(run["cpu"].values()) for run in runs]
            of_floor = median(run["rps"] / floor["rps"] for run, floor in zip(runs, floors))
            by_cpu = median(sum(floor["cpu"].values()) / used for floor, used in zip(floors, cpu))
            parts = [median(run["cpu"][part] for run in runs)
                     for part in ("client", "middle", "host")]
            errors = sum(run["errors"] for run in runs)
            table.add(name, connections, f"{median(run['rps'] for run in runs):,.0f}",
                      f"{of_floor:.2f}", f"{median(run['p50_us'] for run in runs):.0f}",
                      f"{median(run['p99_us'] for run in runs):.0f}", f"{median(cpu):.3f}",
                      f"{by_cpu:.2f}", *(f"{part:.3f}" for part in parts), errors)
            if errors:
                first = next(run["first_error"] for run in runs if run["errors"])
                table.note(f"{name}, {connections} connections: {first}")
    table.note(f"Medians of {ROUNDS} rounds in which all take turns; a ratio is the median of its "
               "rounds' ratios.")
    if floor_64 < FLOOR_VALID:
        table.invalidate("of floor")
        table.note(f"INVALID: the floor reached {floor_64:,.0f} calls/s at 64 connections; ratios "
                   f"count from {FLOOR_VALID:,} on. CPU per call is still worth reading.")
    else:
        table.note(f"The floor reached {floor_64:,.0f} calls/s at 64 connections: ratios count.")
    return [table]
