"""A RabbitMQ broker for tests."""
import secrets
import shlex
import socket
from pathlib import Path

from ports import free_port
from servers import tls
from servers.server import Failed, Server, find, run_client

_WHY = "install rabbitmq-server"
_HOME = Path("/usr/lib/rabbitmq/bin")  # Debian's own programs in PATH change the user
_GREETING = b"AMQP\0\0\x09\x01"
_PING_SECONDS = 5.0
_CTL_SECONDS = 240.0  # an Erlang system of its own, each time

# Erlang's port mapper outlives a broker that started it, so it is started, and ended, beside it.
_BOTH = """
{epmd} -port {mapper} -address 127.0.0.1 & mapper=$!
{server} & broker=$!
trap 'kill -TERM $broker' TERM INT
wait $broker; code=$?
while kill -0 $broker 2>/dev/null; do wait $broker; code=$?; done
kill $mapper
wait $mapper
exit $code
"""


class RabbitMq(Server):
    """RabbitMq(**{"vm_memory_high_watermark.relative": 0.5}): settings as in rabbitmq.conf.

    One node on loopback with no plugins; `user` may do everything in vhost /. ssl: it takes TLS as
    well, at ssl_port; clients check it against `ca`.
    """
    name = "rabbitmq"
    account = "rabbitmq"
    user = "spawn"
    start_seconds = 300.0  # an Erlang system on a busy machine
    remote = (*Server.remote, "ctl")

    def __init__(self, ssl: bool = False, **settings):
        self._server = find("rabbitmq-server", _WHY, _HOME)
        self._ctl = find("rabbitmqctl", _WHY, _HOME)
        self._epmd = find("epmd", "install erlang-base")
        self.ssl = ssl
        if ssl:
            tls.program()
        super().__init__(settings)
        self.password = secrets.token_hex(12)
        self.ssl_port = free_port() if ssl else 0
        self._mapper_port, self._node_port = free_port(), free_port()

    @property
    def url(self) -> str:
        return f"amqp://{self.user}:{self.password}@{self.host}:{self.port}/"

    @property
    def ca(self) -> Path:
        return self.folder / "tls" / "ca.pem"

    def ctl(self, *arguments) -> str:
        """rabbitmqctl, quietly; what it printed."""
        return run_client([self._ctl, "-q", "-n", self._node, *arguments], "", _CTL_SECONDS,
                          **self._variables())

    # --- Server -----------------------------------------------------------------------------------
    @property
    def _node(self) -> str:
        return f"spawn{self.port}@localhost"

    def _variables(self) -> dict:
        return {"HOME": str(self.folder), "RABBITMQ_NODENAME": self._node,
                "RABBITMQ_MNESIA_BASE": str(self.folder / "data"),
                "RABBITMQ_LOG_BASE": str(self.folder / "logs"), "RABBITMQ_LOGS": "-",
                "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
                "RABBITMQ_CONF_ENV_FILE": str(self.folder / "environment"),
                "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
                "RABBITMQ_DIST_PORT": str(self._node_port),
                "ERL_EPMD_ADDRESS": "127.0.0.1", "ERL_EPMD_PORT": str(self._mapper_port),
                "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS":
                    "-kernel inet_dist_use_interface {127,0,0,1}"}

    def prepare(self):
        for name, text in (("plugins", "[].\n"), ("environment", ""),
                           (".erlang.cookie", secrets.token_hex(16))):
            path = self.folder / name
            path.write_text(text)
            self.give(path)
            path.chmod(0o600)
        if self.ssl:
            tls.make(self.folder / "tls")
            self.give(self.folder / "tls" / "server.key")

    def command(self):
        settings = {"listeners.tcp.1": f"{self.host}:{self.port}", "default_user": self.user,
                    "default_pass": self.password, "log.console.level": "info",
                    "disk_free_limit.absolute": "1MB"}
        if self.ssl:
            folder = self.folder / "tls"
            settings |= {"listeners.ssl.1": f"{self.host}:{self.ssl_port}",
                         "ssl_options.cacertfile": self.ca,
                         "ssl_options.certfile": folder / "server.pem",
                         "ssl_options.keyfile": folder / "server.key"}
        lines = [f"{key} = {value}" for key, value in (settings | self.settings).items()]
        path = self.folder / "rabbitmq.conf"
        path.write_text("\n".join(lines) + "\n")
        self.give(path)
        path.chmod(0o600)
        both = _BOTH.format(epmd=shlex.quote(self._epmd), mapper=self._mapper_port,
                            server=shlex.quote(self._server))
        variables = [f"{key}={value}" for key, value in self._variables().items()]
        return ["env", *variables, "sh", "-c", both]

    def ping(self):
        try:
            with socket.create_connection((self.host, self.port), _PING_SECONDS) as to:
                to.sendall(_GREETING)
                if not to.recv(1):
                    raise Failed("it hangs up")
        except OSError as problem:
            raise Failed(str(problem)) from None

    def exports(self):
        known = {"URL": self.url, "HOST": self.host, "PORT": str(self.port), "USER": self.user,
                 "PASSWORD": self.password}
        if self.ssl:
            known |= {"TLS_PORT": str(self.ssl_port), "CA": str(self.ca)}
        return known
