"""A PostgreSQL server for tests."""
import ctypes
import signal
from pathlib import Path
from urllib.parse import quote

from servers import tls
from servers.server import SQL_SECONDS, Server, find, run_client

_WHY = "install postgresql"
_HOMES = Path("/usr/lib/postgresql")  # Debian keeps the programs of each version apart
_IPC_RMID = 0


class Postgres(Server):
    """Postgres(max_connections=5): settings as in postgresql.conf, True and False for on and off.

    Writes are durable (fsync) unless a setting says otherwise. Everyone is trusted, or needs the
    password if there is one. ssl: it takes TLS as well; clients check it against `ca`. data: an
    empty folder for what it keeps, which stays; without one that is in its own folder.
    """
    name = "postgres"
    account = "postgres"
    stop_signal = signal.SIGINT  # fast: it does not wait for clients
    user = "postgres"
    database = "postgres"

    def __init__(self, password: str = "", ssl: bool = False, data: Path = None,
                 **settings):
        homes = sorted(_HOMES.glob("[0-9]*/bin"), key=lambda home: -float(home.parent.name))
        self._postgres = find("postgres", _WHY, *homes)
        beside = Path(self._postgres).resolve().parent
        self._initdb = find("initdb", _WHY, beside)
        self._psql = find("psql", _WHY, beside)
        self.password, self.ssl, self.data = password, ssl, data
        if ssl:
            tls.program()
        super().__init__(settings)

    @property
    def url(self) -> str:
        secret = f":{quote(self.password, safe='')}" if self.password else ""
        return f"postgresql://{self.user}{secret}@{self.host}:{self.port}/{self.database}"

    @property
    def ca(self) -> Path:
        return self.folder / "tls" / "ca.pem"

    def psql(self, sql: str, seconds: float = SQL_SECONDS, url: str = "") -> str:
        """Statement by statement; the rows, columns parted by |. Failed at the first error."""
        command = [self._psql, "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-f", "-"]
        return run_client([*command, "-d", url or self.url], sql, seconds, PGCONNECT_TIMEOUT="5")

    # --- Server -----------------------------------------------------------------------------------
    @property
    def _data(self) -> Path:
        return self.data or self.folder / "data"

    def prepare(self):
        if self.data:
            self.give(self.data)
            self.data.chmod(0o700)
        command = [self._initdb, "-D", self._data, "-U", self.user, "--locale=C.UTF-8",
                   "--encoding=UTF8", "--no-sync"]
        if self.password:
            secret = self.folder / "password"
            secret.write_text(self.password + "\n")
            self.give(secret)
            secret.chmod(0o600)
            self.run([*command, "-A", "scram-sha-256", f"--pwfile={secret}"])
        else:
            self.run([*command, "-A", "trust"])
        if self.ssl:
            tls.make(self.folder / "tls")
            self.give(self.folder / "tls" / "server.key")

    def command(self):
        settings = {"port": self.port, "listen_addresses": self.host,
                    "unix_socket_directories": "",  # TCP alone: a path would be too long somewhere
                    "dynamic_shared_memory_type": "mmap"}  # in the folder, so that it goes with it
        if self.ssl:
            settings |= {"ssl": True, "ssl_ca_file": self.ca,
                         "ssl_cert_file": self.folder / "tls" / "server.pem",
                         "ssl_key_file": self.folder / "tls" / "server.key"}
        command = [self._postgres, "-D", self._data]
        for key, value in (settings | self.settings).items():
            value = ("on" if value else "off") if isinstance(value, bool) else value
            command += ["-c", f"{key}={value}"]
        return command

    def ping(self):
        self.psql("SELECT 1", 5.0)

    def clean_up(self):
        """A killed server leaves a segment of System V shared memory; its next start removes it,
        and here there is none."""
        left = self._data / "postmaster.pid"
        if left.exists():
            lines = left.read_text().splitlines()
            if len(lines) > 6 and len(lines[6].split()) == 2:  # key and id
                ctypes.CDLL(None).shmctl(int(lines[6].split()[1]), _IPC_RMID, None)

    def exports(self):
        return {"URL": self.url, "HOST": self.host, "PORT": str(self.port), "USER": self.user,
                "DATABASE": self.database}
