"""The stores under test: how the kernel's configuration names them, and looks into their tables."""
import sqlite3
from contextlib import closing

from servers.mariadb import MariaDb
from servers.postgres import Postgres

HISTORY = 1_000_000  # all revisions that a test can make


class PostgresStore:
    make = Postgres

    @staticmethod
    def config(server, port=None, **more):
        return {"use": "postgres", "config": {
            "host": server.host, "port": port or server.port,
            "username": server.user, "database": server.database, "statement_ms": 2000,
            "connect_ms": 1000, "history": {"keep": HISTORY}} | more}

    @staticmethod
    def revisions(server, name):
        """Every revision of an actor (its name in ASCII) that the database has, in order."""
        told = server.psql(
            "SELECT revision FROM (SELECT key, revision FROM spawn_history UNION ALL"
            " SELECT key, revision FROM spawn_record) AS a WHERE"
            f" substr(key, length(key) - {len(name)}) = convert_to('/{name}', 'UTF8')"
            " AND substr(key, 1, 2) = 'a/' ORDER BY revision")
        return [int(line) for line in told.split()]

    @staticmethod
    def schema_rows(server, prefix):
        """What the tables say of themselves: version and time of each row."""
        told = server.psql(f"SELECT version, applied_at FROM {prefix}schema")
        return [tuple(map(int, line.split("|"))) for line in told.splitlines()]


class MariaStore:
    make = MariaDb

    @staticmethod
    def config(server, port=None, **more):
        account = server.make_database()
        return {"use": "mysql", "config": {
            "host": server.host, "port": port or server.port, "username": account.user,
            "password": account.password, "database": account.database, "statement_ms": 2000,
            "connect_ms": 1000, "history": {"keep": HISTORY}} | more}

    @staticmethod
    def revisions(server, name):
        told = server.sql(
            "SELECT revision FROM (SELECT `key`, revision FROM spawn_history UNION ALL"
            " SELECT `key`, revision FROM spawn_record) AS a WHERE"
            f" RIGHT(`key`, {len(name) + 1}) = '/{name}' AND SUBSTR(`key`, 1, 2) = 'a/'"
            " ORDER BY revision",
            account=server.make_database())
        return [int(line) for line in told.split()]

    @staticmethod
    def schema_rows(server, prefix):
        told = server.sql(f"SELECT version, applied_at FROM {prefix}schema",
                          account=server.make_database())
        return [tuple(map(int, line.split())) for line in told.splitlines()]


def only(config):
    """The store instead of the harness's SQLite."""
    return {"main": config | {"config": config["config"] | {"path": None}}}


def sqlite_revisions(file, name):
    with closing(sqlite3.connect(file)) as database:
        rows = database.execute(
            "SELECT revision FROM (SELECT key, revision FROM history UNION ALL"
            " SELECT key, revision FROM record) WHERE substr(key, -?) = CAST(? AS BLOB)"
            " AND substr(key, 1, 2) = CAST('a/' AS BLOB) ORDER BY revision",
            (len(name) + 1, f"/{name}"))
        return [row[0] for row in rows]


def no_gaps(load, revisions):
    """revisions: of an actor, by name, in their order."""
    for name, acked in load.acked.items():
        found = revisions(name)
        assert found == list(range(1, len(found) + 1)), f"{name}: {found}"
        assert len(found) >= len(acked)
