"""`dialect: cockroach` of the PostgreSQL store, against PostgreSQL: CockroachDB itself is not in
Debian. Every statement the store sends is taken from the server's log and may consist of nothing
but what CockroachDB's documentation names as supported; and its SERIALIZABLE conflicts are tried
again in the store, so that callers do not see them."""
import json
import os
import re
import subprocess

import pytest
from harness.wire import BUILD
from load import Load
from servers.postgres import Postgres
from servers.server import Missing
from stores import PostgresStore, no_gaps, only

CONTRACT = BUILD / "bin" / "statestore_postgres"

# Looked up for CockroachDB 23.1 (DELETE ... USING is the newest of it). What is not here, like
# SKIP LOCKED, SHARE, SAVEPOINT, LISTEN, TEMP, LOCK or READ COMMITTED, is looked up before it comes in.
WORDS = set("""
    ALL AND ANY AS ASC BEGIN BY CASE CHECK COMMIT CONFLICT CREATE DEFAULT DELETE DESC DO ELSE END
    EXISTS FOR FROM IF IN INDEX INSERT INTO IS ISOLATION JOIN KEY LEVEL LIMIT NOT NOTHING NULL
    ON OR ORDER PRIMARY RETURNING ROLLBACK SELECT SERIALIZABLE SET TABLE THEN UNION UPDATE USING VALUES WHEN
    WHERE WITH""".split())
FUNCTIONS = {"coalesce", "count", "to_regclass", "unnest"}
SETTINGS = {"statement_timeout", "idle_in_transaction_session_timeout"}
TYPES = {"boolean", "bigint", "bytea", "int", "int8", "text"}
# The columns and aliases of the store.
NAMES = set("""
    a applied_at below deleted due expected expires_at gone h history id key meta n name parent payload r
    record replaced_at revision schema system type_url until version whose written_at writer""".split())


@pytest.fixture
def server():
    try:
        made = Postgres(log_statement="all", logging_collector=True, log_destination="jsonlog",
                        log_rotation_size=0)
    except Missing as reason:
        pytest.skip(str(reason))
    with made as running:
        yield running


def logged(server):
    """What the server wrote about the store's connections."""
    entries = []
    for file in sorted((server.folder / "data" / "log").glob("*.json")):
        for line in file.read_text().splitlines():
            entry = json.loads(line)
            if entry.get("application_name") == "spawn":
                entries.append(entry)
    return entries


def statements(server):
    """Each statement once, with names of tables replaced and without constants."""
    found = set()
    for entry in logged(server):
        match = re.match(r"(?:statement|execute [^:]*): (.*)", entry["message"], re.DOTALL)
        if match:
            plain = re.sub(r'"[^"]*"\."[^"]*"|"[^"]*"', "record", match[1])
            found.add(" ".join(re.sub(r"'[^']*'|\$?\b\d+\b", "0", plain).split()))
    return found


def foreign(statement):
    """What is not on the lists."""
    words = re.findall(r"[A-Za-z_][A-Za-z_0-9]*", statement)
    known = WORDS | FUNCTIONS | SETTINGS | TYPES | NAMES
    odd = [word for word in words if word not in known and word.upper() not in ("TRUE", "FALSE")]
    return odd + re.findall(r"@>|<@|\|\||->|~", statement)


def run_contract(server, dialect, only_tests="*"):
    done = subprocess.run([CONTRACT, f"--gtest_filter={only_tests}"], capture_output=True, text=True, timeout=200,
                          env=os.environ | {"SPAWN_TEST_POSTGRES_URL": server.url,
                                            "SPAWN_TEST_DIALECT": dialect})
    assert done.returncode == 0, done.stdout[-4000:]


def test_every_statement_is_one_that_cockroachdb_has(server):
    """Over the whole contract suite, which uses all that the store can do."""
    run_contract(server, "cockroach")
    sent = statements(server)
    for verb in ("CREATE TABLE", "INSERT", "UPDATE", "DELETE", "SELECT", "WITH", "BEGIN"):
        assert any(statement.startswith(verb) for statement in sent), f"no {verb} was seen"
    assert "BEGIN ISOLATION LEVEL SERIALIZABLE" in sent
    assert {statement: odd for statement in sent if (odd := foreign(statement))} == {}


def test_the_list_finds_what_cockroachdb_lacked(server):
    """The control: the store's own dialect of PostgreSQL has words that are not on it."""
    run_contract(server, "postgres", "*time_to_live*")
    odd = {word for statement in statements(server) for word in foreign(statement)}
    assert odd == {"SKIP", "LOCKED", "READ", "COMMITTED", "current_setting"}


def test_serialisation_conflicts_are_tried_again_by_the_store(server, fresh):
    """Three kernels on one database: the server refuses transactions with 40001, callers see
    nothing of it."""
    config = {"statestores": only(PostgresStore.config(server, dialect="cockroach"))}
    loads = [Load(fresh(config), timeout_ms=10_000) for _ in range(3)]
    for load in loads:
        load.__enter__()
    try:
        for load in loads:
            load.progress("writes", 300)
    finally:
        for load in loads:
            load.__exit__()
    conflicts = sum(entry.get("state_code") == "40001" for entry in logged(server))
    assert conflicts > 0, "nothing was refused"
    for load in loads:
        assert not load.told, f"callers were told {load.told}"
        load.check()
        no_gaps(load, lambda name: PostgresStore.revisions(server, name))
    print(f"{conflicts} conflicts, {sum(load.total for load in loads)} acknowledged")
