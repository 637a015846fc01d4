"""(g) Every store's plugin against its client library by hand, and what commit costs over none."""
import contextlib
import functools
import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from types import SimpleNamespace

from runner import processes as p
from runner.report import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))
from servers.mariadb import MariaDb  # noqa: E402
from servers.postgres import Postgres  # noqa: E402
from servers.processes import tree as server_tree  # noqa: E402
from servers.server import Missing  # noqa: E402

STORES = ("memory", "sqlite", "postgres", "mysql")
SERVERS = {"postgres": Postgres, "mysql": MariaDb}
CONNECTIONS = 256
ROUNDS = 5
SAVE_TARGET, LOAD_TARGET, COMMIT_TARGET = 0.80, 0.50, 0.60


def run(lab: p.Lab, options) -> list:
    saves = Table("Stores: rows/s of the save path, against the client library by hand",
                  ["store", "rows per group", "lanes", "plugin rows/s", "raw rows/s", "of raw",
                   "lowest", "highest", "p50 us", "p99 us", "raw p50 us", "raw p99 us"])
    loads = Table("Stores: rows/s of batched loads, against the client library by hand",
                  [*saves.columns])
    sidecar = Table(f"Stores: calls/s at {CONNECTIONS} connections, commit against none",
                    ["store", "none calls/s", "commit calls/s", "of none", "lowest", "highest",
                     "none p50 us", "none p99 us", "commit p50 us", "commit p99 us",
                     "none CPU-s/1,000", "commit CPU-s/1,000", "of it server", "by CPU",
                     "errors"])
    for store in STORES:
        with contextlib.ExitStack() as stack:
            try:
                server = stack.enter_context(SERVERS[store]()) if store in SERVERS else None
            except Missing as missing:
                for table in (saves, loads, sidecar):
                    table.note(f"{store}: skipped: {missing}")
                continue
            _paths(lab, options, store, server, saves, loads)
            _calls(lab, options, store, server, sidecar)
    saves.note(f"Updates by CAS of 256 B under random keys out of 100,000, durable; of raw is the "
               f"median of 9 rounds' ratios, the two take turns group by group. Target "
               f"{SAVE_TARGET:.2f}. Afterwards both tables held the same.")
    loads.note(f"Target {LOAD_TARGET:.2f}.")
    sidecar.note(f"{CONNECTIONS} counters with 64 bytes of state take turns; medians of {ROUNDS} "
                 f"rounds, of none is the median of the rounds' ratios. Target "
                 f"{COMMIT_TARGET:.2f}. memory commits nothing durable.")
    return [saves, loads, sidecar]


def _paths(lab: p.Lab, options, store: str, server, saves: Table, loads: Table):
    exports = {} if server is None else {
        f"SPAWN_TEST_{server.name.upper()}_{key}": value
        for key, value in server.exports().items()}
    done = subprocess.run(
        [lab.program("bench_stores"), "--plugins", lab.build / "plugins", "--dir", lab.folder,
         "--seconds", str(options.seconds), "--store", store],
        capture_output=True, text=True, timeout=1800, env=os.environ | exports)
    if done.returncode != 0:
        raise RuntimeError(f"bench_stores: {done.stderr.strip()}")
    cases = {}
    for line in map(json.loads, done.stdout.splitlines()):
        cases.setdefault((line["work"], line["group"], line["lanes"]), {})[line["path"]] = line
    for (work, group, lanes), paths in cases.items():
        mine, raw = paths["plugin"], paths.get("raw")
        cells = [store, group, lanes, f"{mine['rows_s']:,}"]
        cells += ["-"] * 4 if raw is None else [
            f"{raw['rows_s']:,}", f"{mine['ratio']:.2f}", f"{mine['ratio_low']:.2f}",
            f"{mine['ratio_high']:.2f}"]
        cells += [f"{mine['p50_us']:,}", f"{mine['p99_us']:,}"]
        cells += ["-"] * 2 if raw is None else [f"{raw['p50_us']:,}", f"{raw['p99_us']:,}"]
        (saves if work == "save" else loads).add(*cells)


def _config(store: str, server, folder: Path, prefix: str) -> dict:
    """Tables of its own for each kernel: an actor lives on one."""
    tables = {"schema": {"table_prefix": prefix}}
    if store == "memory":
        return {"use": "memory", "config": {"max_bytes": 0}}
    if store == "sqlite":
        return p.sqlite(folder)
    if store == "postgres":
        return {"use": "postgres", "config": {"url": server.url} | tables}
    account = server.make_database()
    return {"use": "mysql", "config": {
        "host": server.host, "port": server.port, "username": account.user,
        "password": account.password, "database": account.database} | tables}


def _calls(lab: p.Lab, options, store: str, server, table: Table):
    kernels = {}
    for durability in ("none", "commit"):
        host_port = p.free_port()
        kernel, port = p.start_kernel(lab, durability, host_port,
                                      functools.partial(_config, store, server,
                                                        prefix=durability + "_"))
        kernels[durability] = (kernel, port, p.start_host(lab, host_port, port))
    server_processes = [] if server is None else [
        SimpleNamespace(pid=pid) for pid in server_tree(server.process.pid)]
    rounds = [{mode: p.load(lab, "counter", port, CONNECTIONS, options.seconds / ROUNDS,
                            {"middle": kernel, "host": host, "server": server_processes})
               for mode, (kernel, port, host) in kernels.items()} for _ in range(ROUNDS)]
    ratios = [each["commit"]["rps"] / each["none"]["rps"] for each in rounds]

    def figure(mode, of, digits=0):
        return f"{median(of(each[mode]) for each in rounds):,.{digits}f}"

    def cpu(run):
        return sum(run["cpu"].values())
    by_cpu = median(cpu(each["none"]) / cpu(each["commit"]) for each in rounds)
    table.add(store, *(figure(mode, lambda run: run["rps"]) for mode in kernels),
              f"{median(ratios):.2f}", f"{min(ratios):.2f}", f"{max(ratios):.2f}",
              *(figure(mode, lambda run, of=of: run[of])
                for mode in kernels for of in ("p50_us", "p99_us")),
              *(figure(mode, cpu, 3) for mode in kernels),
              figure("commit", lambda run: run["cpu"]["server"], 3), f"{by_cpu:.2f}",
              sum(each[mode]["errors"] for each in rounds for mode in kernels))
    for kernel, _, host in kernels.values():
        lab.stop(kernel, host)
