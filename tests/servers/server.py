"""One server process for tests: its folder, port, start, stop, kill -9, restart, pause, log."""
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from ports import free_port
from servers import processes

START_SECONDS = 30.0
STOP_SECONDS = 20.0
PREPARE_SECONDS = 5.0  # to end by itself when nobody waits for it any more
SQL_SECONDS = 30.0
# Variables that would send a client program, or a server, somewhere else.
_FOREIGN = ("PG", "MYSQL", "MARIADB")


class Missing(Exception):
    """The server is not installed on this machine. The text is the reason that is printed."""


class Failed(Exception):
    """A program said no, or not in time. The text has the end of what it wrote."""


def find(program: str, why: str, *folders) -> str:
    """The path of a program; beyond PATH it looks where Debian puts what only servers need."""
    places = [*map(str, folders), os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/bin"]
    path = shutil.which(program, path=os.pathsep.join(places))
    if path is None:
        raise Missing(f"{program} is not installed; {why}")
    return path


def environment(**more) -> dict:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(_FOREIGN)}
    return kept | {"LC_ALL": "C.UTF-8"} | more


def run_client(command: list, text: str, seconds: float = SQL_SECONDS, **variables) -> str:
    """Hands text to a client program; what it printed, without the last line end."""
    try:
        done = subprocess.run(command, input=text, text=True, capture_output=True,
                              timeout=seconds, env=environment(**variables))
    except subprocess.TimeoutExpired:
        raise Failed(f"no answer in {seconds} s to: {text}") from None
    if done.returncode:
        raise Failed(f"{Path(command[0]).name} ended with {done.returncode}: "
                     f"{done.stderr.strip()}\nasked: {text}")
    return done.stdout.removesuffix("\n")


class Server:
    """Owns the process and its folder. After shut_down() or kill9(), start() brings it back on
    the same folder and port; after stop() both are gone. Used by one thread at a time."""
    name = ""       # for people and for the folder
    account = ""    # the system user it runs as when we are root
    stop_signal = signal.SIGTERM
    host = "127.0.0.1"
    start_seconds = START_SECONDS
    remote = ("kill9", "start", "pause", "resume")  # what a command of run_with.py may ask for

    def __init__(self, settings: dict):
        if os.geteuid() == 0:
            self._check_account()
        self.settings = dict(settings)  # read at each start
        self.port = free_port()
        self.folder = None
        self.process = None

    # --- what a kind of server says ---------------------------------------------------------------
    def prepare(self) -> None:
        """Fills the folder, once."""
        raise NotImplementedError

    def command(self) -> list:
        raise NotImplementedError

    def ping(self) -> None:
        """Failed while it does not answer."""
        raise NotImplementedError

    def clean_up(self) -> None:
        """Removes what a killed server left outside of its folder."""

    def exports(self) -> dict:
        """The environment variables of run_with, without SPAWN_TEST_ and the name of the kind."""
        raise NotImplementedError

    # --- life -------------------------------------------------------------------------------------
    def start(self):
        first = self.folder is None
        try:
            if first:
                self.folder = Path(tempfile.mkdtemp(prefix=f"spawn-{self.name}-"))
                self.give(self.folder)
                self.prepare()
            assert not self.alive, f"{self.name} runs already"
            self.process = self._launch(self.command())
            self._wait_ready()
        except BaseException:
            self.stop() if first else self.kill9()
            raise
        return self

    def shut_down(self) -> int:
        """A clean end, kill -9 when it takes too long; the exit code. The folder stays."""
        if self.process is None:
            return 0
        if self.alive:
            self.resume()
            self.process.send_signal(self.stop_signal)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill9()
        return self.process.returncode

    def stop(self) -> None:
        """Ends it and removes the folder. Once more does nothing."""
        try:
            self.shut_down()
        except BaseException:
            self.kill9()
            raise
        finally:
            if self.folder is not None:
                self.clean_up()
                folder, self.folder, self.process = self.folder, None, None
                shutil.rmtree(folder)

    def kill9(self) -> None:
        """SIGKILL for it and all its children; returns when they are gone."""
        if self.alive:
            processes.kill(self.process.pid)
            self.process.wait(STOP_SECONDS)

    def restart(self):
        """Same folder, same port; after kill9() it recovers."""
        self.shut_down()
        return self.start()

    def pause(self) -> None:
        """Stops it and its children as they are: connections stay, nothing answers."""
        processes.freeze(self.process.pid)

    def resume(self) -> None:
        processes.thaw(self.process.pid)

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    # --- helpers ----------------------------------------------------------------------------------
    @property
    def log(self) -> Path:
        return self.folder / "log"

    def tail(self, lines: int = 50) -> str:
        """The end of the log."""
        if self.folder is None or not self.log.exists():
            return "(no log)"
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def give(self, path: Path) -> None:
        """Hands a file of ours to the account of the server."""
        if os.geteuid() == 0:
            shutil.chown(path, self.account, self.account)

    def run(self, command: list) -> None:
        """Runs a program to its end, as the server would run."""
        process = self._launch(command)
        try:
            code = process.wait(self.start_seconds)
        except subprocess.TimeoutExpired:
            raise Failed(f"{command[0]} took over {self.start_seconds} s:\n{self.tail()}") from None
        finally:
            self._let_end(process)
        if code:
            raise Failed(f"{command[0]} ended with {code}:\n{self.tail()}")

    def _check_account(self):
        try:
            pwd.getpwnam(self.account)
        except KeyError:
            raise Missing(f"there is no system user {self.account} to run "
                          f"{self.name} as") from None

    def _let_end(self, process: subprocess.Popen):
        """When we are interrupted: initdb that is killed leaves shared memory that nobody removes,
        so it may end by itself."""
        try:
            process.wait(PREPARE_SECONDS)
        except subprocess.TimeoutExpired:
            processes.kill(process.pid)
            process.wait(STOP_SECONDS)

    def _launch(self, command: list) -> subprocess.Popen:
        who = {"user": self.account, "group": self.account, "extra_groups": []}
        with open(self.log, "ab") as log:
            return subprocess.Popen(
                [str(part) for part in command], cwd=self.folder,
                env=environment(TMPDIR=str(self.folder)),
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                start_new_session=True, preexec_fn=processes.end_with_parent(self.stop_signal),
                **(who if os.geteuid() == 0 else {}))

    def _wait_ready(self):
        deadline = time.monotonic() + self.start_seconds
        while True:
            try:
                self.ping()
                problem = None
            except Failed as failed:
                problem = failed
            if not self.alive:
                raise Failed(f"{self.name} ended with {self.process.returncode} while starting:\n"
                             f"{self.tail()}")
            if problem is None:
                return
            if time.monotonic() > deadline:
                raise Failed(f"{self.name} was not ready in {self.start_seconds} s: {problem}\n"
                             f"{self.tail()}")
            time.sleep(0.02)
