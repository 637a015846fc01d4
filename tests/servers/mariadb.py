"""A MariaDB server for tests."""
import secrets
from pathlib import Path
from typing import NamedTuple

from servers import tls
from servers.server import SQL_SECONDS, Server, find, run_client

_WHY = "install mariadb-server"


class Account(NamedTuple):
    """What a client needs besides host and port."""
    user: str
    password: str
    database: str


class MariaDb(Server):
    """MariaDb(max_connections=5): settings as in my.cnf, True and False for ON and OFF.

    root has no password; make_database() makes a user who has one. ssl: it takes TLS as well;
    clients check it against `ca`.
    """
    name = "mariadb"
    account = "mysql"
    user = "root"

    def __init__(self, ssl: bool = False, **settings):
        self._mariadbd = find("mariadbd", _WHY)
        self._install = find("mariadb-install-db", _WHY)
        self._client = find("mariadb", _WHY)
        self.ssl = ssl
        if ssl:
            tls.program()
        super().__init__(settings)

    @property
    def ca(self) -> Path:
        return self.folder / "tls" / "ca.pem"

    def sql(self, text: str, seconds: float = SQL_SECONDS, account: Account = None) -> str:
        """Over TCP, as root or as an account; the rows, columns parted by tabs."""
        who = account or Account(self.user, "", "")
        command = [self._client, "--no-defaults", "--protocol=tcp", f"--host={self.host}",
                   f"--port={self.port}", f"--user={who.user}", f"--database={who.database}",
                   "--batch", "--skip-column-names", "--connect-timeout=5"]
        if self.ssl:
            command += [f"--ssl-ca={self.ca}", "--ssl-verify-server-cert"]
        return run_client(command, text, seconds, MYSQL_PWD=who.password)

    def make_database(self, database: str = "spawn", user: str = "spawn") -> Account:
        """A database and its owner, who comes in with a password made up here."""
        if database not in self._made:
            account = Account(user, secrets.token_hex(12), database)
            self.sql(f"CREATE DATABASE `{database}`;"
                     f"CREATE USER `{user}`@`%` IDENTIFIED BY '{account.password}';"
                     f"GRANT ALL ON `{database}`.* TO `{user}`@`%`")
            self._made[database] = account
        return self._made[database]

    # --- Server -----------------------------------------------------------------------------------
    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def prepare(self):
        self._made = {}
        self.run([self._install, "--no-defaults", f"--datadir={self._data}",
                  "--auth-root-authentication-method=normal", "--skip-test-db"])
        if self.ssl:
            tls.make(self.folder / "tls")
            self.give(self.folder / "tls" / "server.key")

    def command(self):
        # The socket is named from the data folder: a whole path would be too long somewhere.
        settings = {"datadir": self._data, "bind_address": self.host, "port": self.port,
                    "socket": "mariadb.sock", "pid_file": "mariadb.pid",
                    "skip_name_resolve": True, "max_allowed_packet": "64M"}
        if self.ssl:
            settings |= {"ssl_ca": self.ca, "ssl_cert": self.folder / "tls" / "server.pem",
                         "ssl_key": self.folder / "tls" / "server.key"}
        command = [self._mariadbd, "--no-defaults"]
        for key, value in (settings | self.settings).items():
            value = ("ON" if value else "OFF") if isinstance(value, bool) else value
            command.append(f"--{key.replace('_', '-')}={value}")
        return command

    def ping(self):
        self.sql("SELECT 1", 5.0)

    def exports(self):
        account = self.make_database()
        return {"HOST": self.host, "PORT": str(self.port), "USER": account.user,
                "PASSWORD": account.password, "DATABASE": account.database}
