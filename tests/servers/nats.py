"""A NATS server for tests, with JetStream unless it is told otherwise."""
import contextlib
import json
import signal
import socket
import ssl
from pathlib import Path

from servers import nkeys, tls
from servers.server import Failed, Server, find

_WHY = "install nats-server"
_SECONDS = 5.0


def _line(one: socket.socket) -> bytes:
    """One line; byte by byte, so that nothing of a handshake is read with it."""
    out = b""
    while not out.endswith(b"\r\n"):
        byte = one.recv(1)
        if not byte:
            break
        out += byte
    return out.rstrip()


class Nats(Server):
    """Settings are those of the server's configuration file (max_connections=5). tls_only: it
    takes nothing but TLS, and clients check it against `ca`. authorization: a block of that file that
    says who may come in. What JetStream keeps survives kill9() and restart().
    """
    name = "nats"
    account = "nats"
    stop_signal = signal.SIGINT  # SIGTERM ends it with 1

    def __init__(self, tls_only: bool = False, jetstream: bool = True, authorization: str = "",
                 **settings):
        self._program = find("nats-server", _WHY)
        self.ssl, self.jetstream, self.authorization = tls_only, jetstream, authorization
        if tls_only:
            tls.program()
        super().__init__(settings)

    @property
    def url(self) -> str:
        return f"{'tls' if self.ssl else 'nats'}://{self.host}:{self.port}"

    @property
    def ca(self) -> Path:
        return self.folder / "tls" / "ca.pem"

    # --- Server -----------------------------------------------------------------------------------
    def prepare(self):
        (self.folder / "js").mkdir()
        self.give(self.folder / "js")
        if self.ssl:
            tls.make(self.folder / "tls")
            self.give(self.folder / "tls" / "server.key")

    def command(self):
        config = self.folder / "nats.conf"
        config.write_text(self._configuration())
        self.give(config)
        config.chmod(0o600)
        return [self._program, "-c", config]

    def ping(self):
        self.say(b"")

    def say(self, lines: bytes, answers: int = 0, **who) -> list:
        """Connects as `who` (user="u", token="t"), says what is given, and reads that many lines.

        The server speaks first: INFO, before a handshake of TLS.
        """
        try:
            with contextlib.ExitStack() as stack:
                one = stack.enter_context(
                    socket.create_connection((self.host, self.port), _SECONDS))
                said = _line(one)
                if not said.startswith(b"INFO "):
                    raise Failed(f"not a NATS server: {said!r}")
                if not lines:
                    return []
                if self.ssl:
                    context = ssl.create_default_context(cafile=str(self.ca))
                    one = stack.enter_context(context.wrap_socket(one, server_hostname=self.host))
                who = {"verbose": False, "headers": True} | who
                one.sendall(b"CONNECT " + json.dumps(who).encode() + b"\r\n" + lines)
                return [_line(one).decode() for _ in range(answers)]
        except OSError as problem:
            raise Failed(str(problem)) from None

    def exports(self):
        return {"URL": self.url, "HOST": self.host, "PORT": str(self.port),
                "PID": str(self.process.pid)}

    # --- helpers ----------------------------------------------------------------------------------
    def _configuration(self) -> str:
        lines = [f"listen: {json.dumps(f'{self.host}:{self.port}')}",
                 "max_payload: 8MB", "write_deadline: 10s"]
        if self.jetstream:
            lines.append(f"jetstream {{ store_dir: {json.dumps(str(self.folder / 'js'))} }}")
        if self.ssl:
            where = self.folder / "tls"
            lines.append(f"tls {{ cert_file: {json.dumps(str(where / 'server.pem'))}, "
                         f"key_file: {json.dumps(str(where / 'server.key'))} }}")
        if self.authorization:
            lines.append(self.authorization)
        lines += [f"{key}: {value}" for key, value in self.settings.items()]
        return "\n".join(lines) + "\n"


class NatsGuarded(Nats):
    """TLS; a user with a password, and one with an nkey."""
    name = "nats_guarded"
    user, password = "kernel", "not a secret"

    def __init__(self, **settings):
        self.nkey = nkeys.Key("user")
        super().__init__(tls_only=True, authorization=(
            f"authorization {{ users: [ {{ user: {self.user}, "
            f"password: {json.dumps(self.password)} }}, {{ nkey: {self.nkey.public} }} ] }}"),
            **settings)

    def exports(self):
        return super().exports() | {"USER": self.user, "PASSWORD": self.password,
                                    "NKEY_SEED": self.nkey.seed, "CA": str(self.ca)}


class NatsToken(Nats):
    """Whoever knows the token comes in."""
    name = "nats_token"
    token = "not-a-secret-either"

    def __init__(self, **settings):
        super().__init__(authorization=f"authorization {{ token: {self.token} }}", **settings)

    def exports(self):
        return super().exports() | {"TOKEN": self.token}


class NatsJwt(Nats):
    """One account, known by JWT; `credentials` is the file of a user of it."""
    name = "nats_jwt"

    def __init__(self, **settings):
        self.tree = nkeys.AccountTree()
        super().__init__(authorization=(
            f"operator: {self.tree.operator_jwt}\nresolver: MEMORY\n"
            f"system_account: {self.tree.system.public}\n"
            f"resolver_preload: {{ {self.tree.account.public}: {self.tree.account_jwt}, "
            f"{self.tree.system.public}: {self.tree.system_jwt} }}"),
            **settings)

    @property
    def credentials(self) -> Path:
        return self.folder / "user.creds"

    def prepare(self):
        super().prepare()
        self.credentials.write_text(self.tree.credentials())

    def exports(self):
        return super().exports() | {"CREDENTIALS": str(self.credentials),
                                    "JWT": self.tree.user_jwt,
                                    "NKEY_SEED": self.tree.user.seed}
