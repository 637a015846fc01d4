"""A disk whose power can be cut: powercut/ on a mount of its own."""
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from harness.wire import BUILD
from servers import processes

PROGRAM = BUILD / "bin" / "power_disk"
DEVICE = Path("/dev/fuse")
SECONDS = 15


def _folder_of(pid: int) -> str:
    try:
        return os.readlink(f"/proc/{pid}/cwd")
    except OSError:
        return ""


class Missing(Exception):
    """There is no such disk on this machine. The text is the reason that is printed."""


class PowerDisk:
    """With it as a context: `path` is the mount. What it holds is lost by cut(), as far as it was
    not synced; then everything on it ends EIO until remount().

    names: "folder", a new name is safe when its folder was synced; "own", when the file was.
    """

    def __init__(self, seed: int, names: str = "folder", sync_us: int = 2000):
        if not PROGRAM.exists():
            raise Missing("power_disk is not built; install libfuse3-dev")
        if not DEVICE.exists():
            raise Missing(f"there is no {DEVICE} here")
        self.seed, self.names, self.sync_us = seed, names, sync_us
        self.folder = Path(tempfile.mkdtemp(prefix="spawn-power-"))
        self.path = self.folder / "mount"
        self.path.mkdir()
        # The same behind the file system: what is put there before anyone looks is on the disk.
        self.behind = self.folder / "backing" / "disk"
        # A server may run as another user, who has to get through to the mount.
        self.folder.chmod(0o755)
        self.process = None

    def mount(self):
        self.process = subprocess.Popen(
            [str(PROGRAM), str(self.folder / "backing"), str(self.path), "--seed", str(self.seed),
             "--names", self.names, "--sync-us", str(self.sync_us)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if self.process.stdout.readline().strip() != "mounted":
            self.process.wait(SECONDS)
            raise Missing(f"FUSE can not be mounted here: {self.process.stderr.read().strip()}")
        return self

    def unmount(self) -> None:
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            _, said = self.process.communicate(timeout=SECONDS)
        finally:
            self.process.kill()  # if it is still there; the kernel then drops the mount's end
            subprocess.run(["umount", "-l", str(self.path)], capture_output=True)
            code, self.process = self.process.wait(SECONDS), None
        assert code == 0, f"power_disk ended with {code}: {said}"

    def remount(self) -> None:
        """The power is back; the next cut falls otherwise."""
        self.unmount()
        self.seed += 1
        self.mount()

    def cut(self, pids=()) -> dict:
        """Ends these processes and the power at once; what was lost, in figures."""
        answer = self._tell(f"cut {' '.join(map(str, pids))}").split()
        assert answer[0] == "cut", answer
        return {key: int(value) for key, value in (word.split("=") for word in answer[1:])}

    def end_users(self) -> None:
        """Ends the processes that work in a folder of it: those that were born during the cut."""
        while users := [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc")))
                        if _folder_of(pid).startswith(str(self.path))]:
            processes.send(users, signal.SIGKILL)
            processes.wait_for(users, "")

    def settle(self) -> None:
        """All that was written so far is on the disk."""
        assert self._tell("settle") == "settled"

    def _tell(self, line: str) -> str:
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().strip()
        assert answer, f"power_disk is gone: {self.process.poll()}"
        return answer

    def __enter__(self):
        try:
            return self.mount()
        except BaseException:
            self._remove()
            raise

    def __exit__(self, *_):
        try:
            self.unmount()
        finally:
            self._remove()

    def _remove(self):
        if not os.path.ismount(self.path):
            shutil.rmtree(self.folder)
