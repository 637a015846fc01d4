"""A process and all its descendants, found by parent: PostgreSQL's leave its process group."""
import ctypes
import os
import signal
import threading
import time
from pathlib import Path

PATIENCE_S = 10.0
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)


def state(pid: int) -> str:
    """The letter of /proc; empty when there is no such process or it only waits to be reaped."""
    try:
        letter = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return "" if letter in "ZX" else letter


def tree(pid: int) -> list:
    """The process and its descendants, parents first."""
    children = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                fields = Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            children.setdefault(int(fields[1]), []).append(int(entry))
    found = [pid]
    for one in found:
        found += children.get(one, [])
    return found


def send(pids: list, number: int) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass


def wait_for(pids: list, letters: str, seconds: float = PATIENCE_S) -> None:
    """Returns when each process has a state of these letters or is gone."""
    deadline = time.monotonic() + seconds
    while late := [pid for pid in pids if (now := state(pid)) and now not in letters]:
        if time.monotonic() > deadline:
            raise TimeoutError(f"processes {late} did not follow a signal in {seconds} s")
        time.sleep(0.002)


def freeze(pid: int) -> list:
    """Stops the tree, so that it forks no more; returns all of it."""
    frozen = []
    while fresh := [one for one in tree(pid) if one not in frozen]:
        send(fresh, signal.SIGSTOP)
        wait_for(fresh, "Tt")
        frozen += fresh
    return frozen


def thaw(pid: int) -> None:
    send(tree(pid), signal.SIGCONT)


def kill(pid: int) -> None:
    """SIGKILL for the tree; returns when all of it is gone. The caller reaps its own child."""
    try:
        whole = freeze(pid)
    except TimeoutError:  # one that is in the kernel for long: dies when it comes out
        whole = tree(pid)
    send(whole, signal.SIGKILL)
    wait_for(whole, "")


def end_with_parent(number: int):
    """A preexec_fn: the child gets this signal when we die. The kernel goes by the thread that
    forks, so it is None outside of the main thread."""
    if threading.current_thread() is not threading.main_thread():
        return None
    return lambda: _LIBC.prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)
