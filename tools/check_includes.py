#!/usr/bin/env python3
"""Checks that every folder includes only what its layer may see. Prints one line per fault.

check_includes.py [ROOT]: ROOT is the repository (default: where this script lies).
"""
import re
import sys
from pathlib import Path

BASE = {"base"}
SCHEDULE = BASE | {"schedule"}
TRUST = BASE | {"trust"}
LANE = BASE | {"lane"}
PORTS = {"plugin/ports"}
WIRE = LANE | {"model", "wire"}
CELL = WIRE | SCHEDULE | {"state", "workflow", "hostcall", "resiliency", "cell"} | PORTS
ROUTER = CELL | {"mesh", "router"}
# Folder of kernel/ -> folders it may include besides itself. "plugin/ports" is plugin/ports/ alone.
LAYERS = {
    "base": set(), "trust": BASE, "schedule": BASE, "lane": BASE, "model": LANE, "wire": LANE | {"model"}, "config": SCHEDULE | TRUST,
    "plugin": LANE | TRUST, "state": LANE | PORTS | {"model"}, "workflow": WIRE | PORTS | {"state"}, "hostcall": WIRE,
    "resiliency": WIRE | {"hostcall"},
    "cell": CELL, "mesh": CELL, "router": ROUTER, "native": CELL | {"native"}, "swap": LANE | {"plugin"}, "admin": ROUTER | TRUST | {"config", "intake", "plugin", "swap"}, "ingress": ROUTER, "intake": ROUTER,
    "app": ROUTER | {"config", "native", "plugin", "admin", "ingress", "intake", "swap"}, "": {"base", "config", "app"},
}
# Header pattern -> (where in kernel/ it may be included, why).
GUARDED = [
    (r"boost/(asio|beast)", r"lane/(asio_lane|wake_event|post_io)|plugin/(asio|host_loop)|(hostcall|ingress|"
     r"admin|app)/", "event loops stay at the edges"),
    (r"yaml-cpp/", r"config/", "YAML ends in kernel/config"),
    (r"date/", r"schedule/.*\.cpp", "the calendar stays in kernel/schedule"),
    (r"boost/dll", r"plugin/loader\.cpp", "libraries are opened in one place"),
    (r"dlfcn\.h", r"plugin/loader\.cpp", "libraries are opened in one place"),
    (r"nlohmann/json\.hpp", r".*\.cpp|plugin/json_text\.hpp", "it is slow to compile: not in headers"),
    (r"spdlog/", r"base/log\.cpp", "log through base/log.hpp"),
    (r"prometheus/", r"admin/", "lanes count in plain counters"),
    (r"openssl/", r"(state/seal|plugin|trust)/", "sealing, signatures and file hashes only"),
    (r"spawn/plugin/", r"(plugin|state|workflow|native)/", "the C ABI is seen through plugin/ports"),
]
# Folders of kernel/ that plugins may link: pure, and upon base alone.
FOR_PLUGINS = {"schedule"}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)


def folder_of(header: str) -> str:
    return "plugin/ports" if header.startswith("plugin/ports/") else header.split("/")[0]


def check_kernel(name: str, quote: str, header: str):
    """Why a file of kernel/ (path within it) may not include the header, or None."""
    own = name.split("/")[0] if "/" in name else ""
    if own not in LAYERS:
        return f"kernel/{own} has no layer yet: add it to tools/check_includes.py"
    if quote == '"' and "/" in header and folder_of(header).split("/")[0] in LAYERS:
        to = folder_of(header)
        allowed = LAYERS[own]
        if to.split("/")[0] != own and to not in allowed and to.split("/")[0] not in allowed:
            return f"kernel/{own or name} must not see kernel/{to}; it sees: " \
                   f"{', '.join(sorted(allowed)) or 'nothing but itself'}"
    for pattern, where, why in GUARDED:
        if re.match(pattern, header) and not re.match(where, name):
            return f"<{header}> is only for kernel/{where}: {why}"
    return None


def faults(root: Path):
    for top in ("kernel", "plugins", "sdk", "examples", "plugin-api"):
        for file in sorted((root / top).rglob("*")):
            if file.suffix not in (".hpp", ".cpp", ".h", ".c") or not file.is_file():
                continue
            text = file.read_text(encoding="utf-8", errors="replace")
            for match in INCLUDE.finditer(text):
                quote, header = match.groups()
                name = str(file.relative_to(root / top))
                if top == "kernel":
                    why = check_kernel(name, quote, header)
                else:
                    of_kernel = (root / "kernel" / header).is_file() and \
                        not (top == "plugins" and header.split("/")[0] in FOR_PLUGINS)
                    own = (file.parent / header).is_file()
                    why = f"{top}/ must not include kernel/" if "kernel/" in header or \
                        quote == '"' and of_kernel and not own else None
                if why:
                    line = text.count("\n", 0, match.start(1)) + 1
                    yield f"{file.relative_to(root)}:{line}: {header}: {why}"


if __name__ == "__main__":
    found = list(faults(Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[1])))
    print("\n".join(found) or "includes: no faults")
    sys.exit(1 if found else 0)
