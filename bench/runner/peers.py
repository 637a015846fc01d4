"""(f) The same durable counter on other systems, in the same run. Opt-in: they come from npm."""
import json
import os
import shutil
import subprocess
from pathlib import Path

from runner import processes as p
from runner.report import Table

CONNECTIONS = (1, 16, 64, 256)
ACTORS = 256
WARMUP_SECONDS = 3  # V8 compiles what is hot only after a while
SOURCE = Path(__file__).resolve().parent.parent / "peers"
INSTALL_SECONDS = 600
BUSY_MAX = 0.2


def cache() -> Path:
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "spawn-bench" / "peers"


def install() -> Path:
    """node_modules with the versions of package.json; from npm the first time."""
    for tool in ("node", "npm"):
        if shutil.which(tool) is None:
            raise p.Skip(f"{tool} is not installed")
    folder = cache()
    wanted = (SOURCE / "package.json").read_text()
    installed = folder / "installed.json"
    if not installed.exists() or installed.read_text() != wanted:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text(wanted)
        try:
            subprocess.run(["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund"],
                           cwd=folder, check=True, capture_output=True, text=True,
                           timeout=INSTALL_SECONDS)
        except subprocess.CalledProcessError as error:
            raise p.Skip("npm install failed: " + error.stderr.strip()[-300:]) from None
        except subprocess.TimeoutExpired:
            raise p.Skip(f"npm install took more than {INSTALL_SECONDS} s") from None
        installed.write_text(wanted)
    return folder / "node_modules"


def _binary(modules: Path, pattern: str) -> Path:
    found = sorted(modules.glob(pattern))
    if not found:
        raise p.Skip(f"npm brought no {pattern} for this machine")
    found[0].chmod(0o755)
    return found[0]


def _version(name: str) -> str:
    return json.loads((SOURCE / "package.json").read_text())["dependencies"][name]


def _answers(port: int, path: str) -> bool:
    try:
        return p.http(port, "GET", path, timeout=2.0)[0] == 200
    except OSError:
        return False


def start_restate(lab: p.Lab, modules: Path):
    """(name, ingress port, path, processes)"""
    server = _binary(modules, "@restatedev/restate-server-linux-*/bin/restate-server")
    folder = lab.new_folder("restate")
    ingress, admin, fabric, service = (p.free_port() for _ in range(4))
    (folder / "restate.toml").write_text(f"""
node-name = "bench"
base-dir = "{folder}/data"
listen-mode = "tcp"
bind-address = "127.0.0.1:{fabric}"
advertised-address = "http://127.0.0.1:{fabric}/"
default-num-partitions = 2
default-journal-retention = "0s"
disable-telemetry = true
log-filter = "warn"
[admin]
bind-address = "127.0.0.1:{admin}"
[ingress]
bind-address = "127.0.0.1:{ingress}"
""")
    restate = lab.start([server, "--no-logo", "--config-file", folder / "restate.toml"], folder)
    shutil.copy(SOURCE / "restate_counter.mjs", folder)
    (folder / "node_modules").symlink_to(modules)
    node_folder = lab.new_folder("restate-service")
    node = lab.start(["node", folder / "restate_counter.mjs", service], node_folder,
                     {"NODE_ENV": "production"})
    lab.wait_ready(restate, "restate-server", lambda: _answers(admin, "/health"))

    def deployed():
        body = json.dumps({"uri": f"http://127.0.0.1:{service}"}).encode()
        try:
            return p.http(admin, "POST", "/deployments", body, "application/json")[0] in (200, 201)
        except OSError:
            return False
    p.wait_until("registering the service with Restate", deployed, pause=0.2)

    def counts():
        try:
            return p.http(ingress, "POST", "/Counter/probe/add", b"1", "application/json")[0] == 200
        except OSError:
            return False
    p.wait_until("the first call through Restate", counts, pause=0.2)
    name = f"Restate {_version('@restatedev/restate-server')}"
    return name, ingress, "/Counter/{}/add", {"middle": restate, "host": node}


def start_workerd(lab: p.Lab, modules: Path):
    binary = _binary(modules, "@cloudflare/workerd-linux-*/bin/workerd")
    folder = lab.new_folder("workerd")
    for name in ("workerd.capnp", "workerd_counter.js"):
        shutil.copy(SOURCE / name, folder)
    data = lab.new_folder("workerd-data")
    port = p.free_port()
    process = lab.start([binary, "serve", folder / "workerd.capnp", "--socket-addr",
                         f"http=127.0.0.1:{port}", "--directory-path", f"data={data}"], folder)

    def counts():
        try:
            return p.http(port, "POST", "/probe", b"1", "application/json")[0] == 200
        except OSError:
            return False
    lab.wait_ready(process, "workerd", counts)
    return f"workerd {_version('workerd')}", port, "/{}", {"middle": process}


def start_spawn(lab: p.Lab, _modules):
    host_port = p.free_port()
    kernel, port = p.start_kernel(lab, "commit", host_port)
    host = p.start_host(lab, host_port, port)
    return "spawnd, commit", port, None, {"middle": kernel, "host": host}


def run(lab: p.Lab, options) -> list:
    modules = install()
    table = Table("Peers: the same durable counter, acknowledged once it is on disk",
                  ["system", "clients", "calls/s", "spawnd is", "p50 ms", "p99 ms",
                   "CPU-s/1,000", "client", "system + host", "errors"])
    rows, ours = [], {}
    for start in (start_spawn, start_restate, start_workerd):
        try:
            name, port, path, processes = start(lab, modules)
            for connections in CONNECTIONS:
                if path is None:
                    got = p.load(lab, "counter", port, connections, options.seconds, processes,
                                 ["--warmup", WARMUP_SECONDS])
                    ours[connections] = got["rps"]
                else:
                    got = p.load(lab, "json", port, connections, options.seconds, processes,
                                 ["--path", path, "--actors", ACTORS, "--warmup", WARMUP_SECONDS])
                rows.append((connections, name, got))
        except (p.Skip, RuntimeError) as reason:
            table.note(f"{start.__name__.removeprefix('start_')}: skipped: {reason}")
        lab.stop(*lab.processes)
    for connections, name, got in sorted(rows, key=lambda row: row[0]):
        times = ours.get(connections, 0) / got["rps"] if got["rps"] else 0
        served = sum(cpu for part, cpu in got["cpu"].items() if part != "client")
        table.add(name, connections, f"{got['rps']:,.0f}", f"{times:.1f} x",
                  f"{got['p50_us'] / 1000:.2f}", f"{got['p99_us'] / 1000:.2f}",
                  f"{sum(got['cpu'].values()):.3f}", f"{got['cpu']['client']:.3f}",
                  f"{served:.3f}", got["errors"])
        if got["errors"]:
            table.note(f"{name}, {connections} clients: {got['first_error']}")
    if options.busy > BUSY_MAX:
        table.invalidate("spawnd is")
        table.note(f"INVALID: others used {options.busy:.0%} of the CPUs when this began, and the "
                   "systems were not measured at the same moment. Do not quote these ratios.")
    table.note("Not the same promises: Restate journals every step of a call, so that a handler is "
               "resumed where it stood; workerd isolates tenants from each other with V8. Both run "
               "JavaScript handlers here, spawnd a C++ host. See README.md.")
    return [table]
