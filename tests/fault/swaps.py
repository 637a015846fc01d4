"""Swapping plugins of a kernel at work, and other versions of a plugin to swap to."""
import json
import os
import subprocess
import time
from pathlib import Path
from statistics import median

from harness.kernel import BINARY

NIGHTLY = os.environ.get("SPAWN_NIGHTLY") == "1"
SWAPS = int(os.environ.get("SPAWN_SWAPS", "60" if NIGHTLY else "6"))
PLUGINS = BINARY.parents[1] / "plugins"
SPAWNCTL = BINARY.parent / "spawnctl"


def built(kind: str, name: str) -> Path:
    return PLUGINS / kind / name / "1.0.0" / "plugin.so"


def altered(source: Path, folder: Path, *changes: tuple) -> Path:
    """A copy of a plugin with other texts in it, each as long as it was: in the note, and in the
    program."""
    data = source.read_bytes()
    for old, new in changes:
        assert len(old) == len(new) and old.encode() in data, f"{source} has no {old}"
        data = data.replace(old.encode(), new.encode())
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plugin.so").write_bytes(data)
    return folder / "plugin.so"


def version(kind: str, name: str, wanted: str, folder: Path) -> Path:
    """The plugin under another version, in a folder that `plugins.path` may name."""
    return altered(built(kind, name), folder / kind / name / wanted, ("1.0.0", wanted))


def swap(kernel, instance: str, to, **options) -> subprocess.CompletedProcess:
    arguments = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    return subprocess.run([SPAWNCTL, "--admin", kernel.folder / "admin.sock", "--json", "plugins",
                           "swap", *arguments, instance, str(to)],
                          capture_output=True, text=True, timeout=90)


def swapped(kernel, instance: str, to, **options) -> dict:
    done = swap(kernel, instance, to, **options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


class Swaps:
    """v1 again, then v2, then v1 again, ...; at night one each second, and what was done meanwhile,
    counted by `count`."""

    def __init__(self, first, second, count):
        self._files = ([first, second, second, first] * (SWAPS // 4 + 1))[:SWAPS]
        self._count, self._before = count, count()
        self._began = time.monotonic()
        self.pauses = []

    def __iter__(self):
        for file in self._files:
            until = time.monotonic() + 1
            yield file
            if NIGHTLY:
                time.sleep(max(0.0, until - time.monotonic()))

    def report(self, capsys, what):
        seconds = time.monotonic() - self._began
        done = self._count() - self._before
        with capsys.disabled():
            print(f"\n  {what}: {len(self.pauses)} swaps in {seconds:.1f} s, "
                  f"pause median {median(self.pauses) / 1000:.1f} ms, "
                  f"most {max(self.pauses) / 1000:.1f} ms; {done} operations, "
                  f"{done / seconds:.0f} a second")
