"""A Google Pub/Sub server for tests: Google's own fake, pstest, built from pubsub/ by Go.

It keeps everything in memory: kill9(), shut_down() and restart() lose topics, subscriptions and
messages. pause() and resume() keep them, and so does a Gate in front of it.
"""
import hashlib
import json
import os
import shutil
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from ports import free_port
from servers import tls
from servers.server import Failed, Missing, Server, find

_SOURCE = Path(__file__).resolve().parent / "pubsub"
_VERSION = "1.50.1"  # of cloud.google.com/go/pubsub, as in go.mod
BUILD_SECONDS = 600.0
_CONTROL_SECONDS = 5.0


def program() -> Path:
    """The server, built once for each state of its source; Missing without Go or its modules."""
    go = find("go", "install golang-go")
    state = hashlib.sha256()
    for file in sorted(_SOURCE.iterdir()):
        state.update(file.name.encode() + b"\0" + file.read_bytes())
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "spawn-tests"
    built = cache / f"pstest-{_VERSION}-{state.hexdigest()[:12]}"
    if not built.exists():
        cache.mkdir(parents=True, exist_ok=True)
        fetched = _go(go, "mod", "download")
        if fetched.returncode:
            raise Missing(f"the Go modules of pstest can not be had: {fetched.stderr.strip()}")
        own = built.with_name(f"{built.name}.{os.getpid()}")
        done = _go(go, "build", "-mod=readonly", "-o", str(own), ".")
        if done.returncode:
            raise Failed(f"pstest can not be built: {done.stderr.strip()}")
        own.replace(built)
    return built


def _go(*command) -> subprocess.CompletedProcess:
    try:
        return subprocess.run(command, cwd=_SOURCE, capture_output=True, text=True,
                              timeout=BUILD_SECONDS)
    except subprocess.TimeoutExpired:
        raise Failed(f"{' '.join(command)} took over {BUILD_SECONDS} s") from None


class PubSub(Server):
    """PubSub(ssl=True): with a certificate that clients check against `ca`."""
    name = "pubsub"
    account = "daemon"
    project = "spawn-test"

    def __init__(self, ssl: bool = False):
        self._program = program()
        self.ssl = ssl
        if ssl:
            tls.program()
        super().__init__({})
        self.control_port = free_port()

    @property
    def endpoint(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def ca(self) -> Path:
        return self.folder / "tls" / "ca.pem"

    def state(self) -> dict:
        """What pubsub/control.go says of it: open streams, calls, the last authorization."""
        return json.loads(self._control("/state"))

    def fail(self, method: str, times: int, code: int, reason: str = "") -> None:
        """The next calls of a method end with this gRPC status; reason goes with each ack id."""
        self._control("/fail?" + urllib.parse.urlencode(
            {"method": method, "times": times, "code": code, "reason": reason}))

    def make_topic(self, topic: str, subscription: str = "", ack_seconds: int = 10) -> None:
        """A topic of the project, and a subscription to it if it has a name."""
        more = {"subscription": self._full("subscriptions", subscription),
                "ack_seconds": ack_seconds} if subscription else {}
        self._control(f"/make?{self._topic(topic, **more)}", b"")

    def publish(self, topic: str, bodies: list) -> list:
        """The message ids of these texts, in their order."""
        return json.loads(self._control(f"/publish?{self._topic(topic)}",
                                        json.dumps(bodies).encode()))

    def messages(self, topic: str) -> list:
        """All that was ever published to the topic, as pubsub/control.go says it."""
        return json.loads(self._control(f"/messages?{self._topic(topic)}"))

    # --- Server -----------------------------------------------------------------------------------
    def prepare(self):
        shutil.copy(self._program, self.folder / "pstest")  # its account may not see the cache
        self.give(self.folder / "pstest")
        if self.ssl:
            tls.make(self.folder / "tls")
            self.give(self.folder / "tls" / "server.key")

    def command(self):
        command = [self.folder / "pstest", "-listen", self.endpoint,
                   "-control", f"{self.host}:{self.control_port}"]
        if self.ssl:
            command += ["-cert", self.folder / "tls" / "server.pem",
                        "-key", self.folder / "tls" / "server.key"]
        return command

    def ping(self):
        self.state()

    def exports(self):
        tls_only = {"CA": str(self.ca)} if self.ssl else {}
        return {"ENDPOINT": self.endpoint, "PROJECT": self.project,
                "CONTROL": f"{self.host}:{self.control_port}"} | tls_only

    def _full(self, kind: str, name: str) -> str:
        return f"projects/{self.project}/{kind}/{name}"

    def _topic(self, name: str, **more) -> str:
        return urllib.parse.urlencode({"topic": self._full("topics", name)} | more)

    def _control(self, path: str, body: bytes = None) -> str:
        """A GET, or a POST of the body."""
        headers = {} if body is None else {"Content-Type": "application/json"}
        try:
            url = f"http://{self.host}:{self.control_port}{path}"
            request = urllib.request.Request(url, body, headers)
            with urllib.request.urlopen(request, timeout=_CONTROL_SECONDS) as answer:
                return answer.read().decode()
        except (OSError, urllib.error.URLError) as problem:
            raise Failed(f"{self.name} does not answer: {problem}") from None


class PubSubTls(PubSub):
    """The same over TLS, for run_with.py: one beside the other."""
    name = "pubsub_tls"

    def __init__(self):
        super().__init__(ssl=True)
