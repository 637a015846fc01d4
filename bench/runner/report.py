"""Tables for people, and the file they end up in."""
import datetime
import os
import platform
import subprocess
import tempfile
import time
from pathlib import Path

from runner.processes import busy_share


class Table:
    def __init__(self, title: str, columns: list):
        self.title = title
        self.columns = columns
        self.rows = []
        self.notes = []

    def add(self, *cells):
        self.rows.append([str(cell) for cell in cells])

    def note(self, text: str):
        self.notes.append(text)

    def invalidate(self, column: str):
        at = self.columns.index(column)
        for row in self.rows:
            row[at] += " INVALID"

    def lines(self) -> list:
        """As Markdown that also reads well on a terminal."""
        table = [self.columns, *self.rows]
        widths = [max(len(row[i]) for row in table) for i in range(len(self.columns))]

        def line(row):
            cells = [row[0].ljust(widths[0])]
            cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
            return "| " + " | ".join(cells) + " |"

        rule = "|" + "|".join(["-" * (widths[0] + 2)] +
                              ["-" * (width + 1) + ":" for width in widths[1:]]) + "|"
        out = [f"## {self.title}", "", line(table[0]), rule, *map(line, self.rows), ""]
        for note in self.notes:
            out += [note, ""]
        return out


def _ask(*command, cwd=None) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, cwd=cwd,
                              check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def _first(path: str, key: str) -> str:
    for line in Path(path).read_text().splitlines():
        if line.startswith(key):
            return line.partition(":")[2].strip()
    return "unknown"


def sync_us(folder: Path, times: int = 200) -> float:
    """Mean microseconds of appending a page and fdatasync: what a commit can not go below."""
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        page = b"\0" * 4096
        began = time.perf_counter()
        for _ in range(times):
            file.write(page)
            os.fdatasync(file.fileno())
        return (time.perf_counter() - began) / times * 1e6


class Run:
    """The circumstances of a run: taken at its start, written at its end."""

    def __init__(self, source: Path, folder: Path, command: str):
        self.command = command
        self.load_before = os.getloadavg()
        self.busy_before = busy_share()
        commit = _ask("git", "rev-parse", "--short=12", "HEAD", cwd=source)
        changed = _ask("git", "status", "--porcelain", "--untracked-files=no", cwd=source)
        self.commit = (commit or "unknown") + (", with local changes" if changed else "")
        self.date = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
        self.cpus = len(os.sched_getaffinity(0))
        kind = _ask("stat", "-f", "-c", "%T", str(folder)) or "unknown"
        self.store = f"{kind}, append and fdatasync {sync_us(folder):.0f} us"

    def head(self) -> list:
        after = os.getloadavg()
        lines = [
            "# Results of the benchmarks", "",
            "Written by `./dev bench`; how to read it: [README.md](README.md). Only ratios travel "
            "from machine to machine.", "",
            f"- command: `{self.command}`",
            f"- date: {self.date}; commit: {self.commit}",
            f"- machine: {_first('/proc/cpuinfo', 'model name')}, {self.cpus} CPUs shared by load, "
            f"kernel, host and store; {_first('/proc/meminfo', 'MemTotal')} memory; "
            f"Linux {platform.release()}",
            f"- disk under the databases: {self.store}",
            f"- load average at the start {self.load_before[0]:.1f}, at the end {after[0]:.1f}",
        ]
        if self.busy_before > 0.1:
            lines.append(f"- **the machine was not idle**: others used {self.busy_before:.0%} of "
                         "the CPUs when this began; rates are lower bounds, latencies upper bounds")
        return lines + [""]
