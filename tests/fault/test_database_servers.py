"""Stores on a server: the kernel, the server and the connection between them are killed under
load. Nothing acknowledged is lost, nothing refused is applied, revisions have no gap, and the
kernel goes on by itself. SPAWN_KILL_CYCLES says how often each is killed (10; 50 when
SPAWN_NIGHTLY=1)."""
import json
import os
import random
import re
import sqlite3
import subprocess
import time

import pytest
from harness.host import Reply
from harness.kernel import free_port
from harness.mesh import counting, eventually
from harness.wire import BUILD, actor, text
from load import Load
from servers.gate import Gate
from servers.mariadb import MariaDb
from servers.postgres import Postgres
from servers.server import Missing
from stores import MariaStore, OdbcStore, PostgresStore, no_gaps, only

NIGHTLY = os.environ.get("SPAWN_NIGHTLY") == "1"
CYCLES = int(os.environ.get("SPAWN_KILL_CYCLES", "50" if NIGHTLY else "10"))


@pytest.fixture(scope="module", params=[PostgresStore, MariaStore, OdbcStore],
                ids=["postgres", "mariadb", "odbc"])
def store(request):
    return request.param


@pytest.fixture
def server(store):
    try:
        made = store.make()
    except Missing as reason:
        pytest.skip(str(reason))
    with made as running:
        yield running


@pytest.fixture
def postgres():
    try:
        made = Postgres()
    except Missing as reason:
        pytest.skip(str(reason))
    with made as running:
        yield running


@pytest.fixture
def on(fresh, store, server):
    """A mesh whose only store is the server, perhaps through another port."""
    def make(port=None, **more):
        return fresh({"statestores": only(store.config(server, port, **more)),
                      "timeouts": {"request_ms": 3000}})
    return make


def test_state_outlives_kernel_and_server(on, server):
    mesh = on()
    name = mesh.counter()
    for _ in range(5):
        mesh.invoke(name, "inc").expect_ok()
    mesh.kernel.crash()
    assert mesh.count(name) == 5
    server.kill9()
    server.restart()
    eventually(lambda: mesh.invoke(name, "inc").ok, 10, "the server is back")
    assert mesh.count(name) == 6


def test_the_kernel_is_killed(on, server, store):
    mesh = on()
    with Load(mesh) as load:
        for _ in range(CYCLES):
            load.progress("writes")
            time.sleep(random.uniform(0, 0.1))
            mesh.kernel.crash()
    load.check()
    no_gaps(load, lambda name: store.revisions(server, name))


def test_the_server_is_killed(on, server, store):
    mesh = on()
    with Load(mesh, timeout_ms=700) as load:
        for _ in range(CYCLES):
            load.progress("writes")
            time.sleep(random.uniform(0, 0.1))
            server.kill9()
            time.sleep(random.uniform(0, 0.3))
            server.restart()
        load.progress("writes after the last restart")
    load.check()
    no_gaps(load, lambda name: store.revisions(server, name))


def test_the_connection_is_cut_stalled_and_slow(on, server, store):
    with Gate(server.port) as gate:
        mesh = on(gate.port)
        with Load(mesh, timeout_ms=700) as load:
            for cycle in range(CYCLES):
                load.progress("writes")
                time.sleep(random.uniform(0, 0.05))
                if cycle % 3 == 0:
                    gate.cut()
                elif cycle % 3 == 1:
                    gate.stall()
                    time.sleep(random.choice((0.1, 0.5, 2.5)))  # shorter and longer than patience
                    gate.flow()
                else:
                    gate.delay = 0.005
                    time.sleep(0.3)
                    gate.delay = 0.0
            load.progress("writes after the last fault")
        load.check()
        no_gaps(load, lambda name: store.revisions(server, name))


def test_while_the_server_is_away(on, server):
    """Actors that keep nothing are served, others are told; readiness says why."""
    mesh = on()
    kept, free = mesh.counter(), mesh.name("free")
    mesh.host.on(free, "act", reply=Reply(payload=text("served")))
    mesh.register(actor(free, ["act"], stateful=False))
    mesh.invoke(kept, "inc").expect_ok()
    server.kill9()
    eventually(lambda: not mesh.invoke(kept, "inc", metadata={"request-timeout": "300"}).ok, 5,
               "a save that fails")
    assert mesh.invoke(free, "act").expect_ok().value == "served"
    cold = mesh.invoke(mesh.name("cold"), "inc", metadata={"request-timeout": "500"})
    assert not cold.ok
    assert any("the database fails" in line for line in mesh.kernel.log)
    health = mesh.client.get("/health/readiness")
    assert health.status == 200 and b'"main":"not serving"' in health.body
    server.restart()
    eventually(lambda: mesh.invoke(kept, "inc").ok, 10, "saves go on")
    assert mesh.invoke(free, "act").ok
    eventually(lambda: mesh.client.get("/health/readiness").body == b'{"status":"up"}', 10,
               "readiness without a store in it")


def test_a_server_that_is_not_there_at_the_start(fresh, store, server):
    nowhere = free_port()
    mesh_config = {"statestores": only(store.config(server, nowhere))}
    with pytest.raises(AssertionError) as refused:
        fresh(mesh_config)
    assert str(nowhere) in str(refused.value) and "main" in str(refused.value)


def test_a_server_that_is_there_soon_after_the_kernel(fresh, store, server):
    with Gate(server.port) as gate:
        mesh = fresh({"statestores": only(store.config(server, gate.port))}, start=False)
        gate.refuse()
        mesh.kernel.launch()
        eventually(lambda: any("can not be reached yet" in line for line in mesh.kernel.log), 10,
                   "the kernel tries")
        time.sleep(2.5)  # long enough for a connection to lose its patience
        gate.refuse(False)
        mesh.kernel.await_ready()
        for _ in range(16):  # of all lanes: each has a connection of its own
            mesh.invoke(mesh.counter(), "inc").expect_ok()
        assert not any("the database fails" in line for line in mesh.kernel.log)


def test_kernels_that_start_together_on_an_empty_database(fresh, store, server):
    """Ten at once, three times: all of them come up and serve, and the tables are made once."""
    for attempt in range(3):
        prefix = f"at_once_{attempt}_"
        config = {"statestores": only(store.config(server, schema={"table_prefix": prefix}))}
        meshes = [fresh(config, start=False) for _ in range(10)]
        for mesh in meshes:
            mesh.kernel.launch()
        for mesh in meshes:
            mesh.kernel.await_ready()
            mesh.invoke(mesh.counter(), "inc").expect_ok()
        (version, applied_at), = store.schema_rows(server, prefix)
        assert version == 1 and applied_at > 0
        for mesh in meshes:
            mesh.kernel.kill9()


def test_a_store_for_one_actor_type(fresh, store, server):
    """actors.<type>.statestore: that type's records are there and nowhere else; when that store is
    away, the others' actors go on."""
    orders = f"orders-{os.getpid()}"
    mesh = fresh({"statestores": {"main": {"use": "sqlite"}, "orders": store.config(server)},
                  "actors": {orders: {"statestore": "orders"}}})
    other = mesh.counter()
    counting(mesh.host, orders)
    mesh.register(actor(orders, ["inc", "read"]))
    for name in (orders, other):
        mesh.invoke(name, "inc").expect_ok()
    assert store.revisions(server, orders) == [1] and store.revisions(server, other) == []
    kept = sqlite3.connect(mesh.kernel.database).execute(
        "SELECT count(*) FROM record WHERE name = ? AND substr(key, 1, 2) = CAST('a/' AS BLOB)",
        (orders,)).fetchone()
    assert kept == (0,)
    server.kill9()
    for _ in range(3):
        mesh.invoke(other, "inc").expect_ok()
    assert not mesh.invoke(orders, "inc", metadata={"request-timeout": "300"}).ok
    server.restart()
    eventually(lambda: mesh.invoke(orders, "inc").ok, 10, "the second store is back")
    mesh.kernel.crash()
    assert mesh.count(other) == 4 and mesh.count(orders) >= 2


def test_records_move_here_and_back(fresh, store, server, tmp_path):
    """From SQLite to the server's store and to SQLite again: every revision as it was."""
    def ctl(*arguments, config):
        file = tmp_path / "spawn.json"  # JSON is YAML, too
        file.write_text(json.dumps(mesh.kernel.config | {"statestores": config}))
        done = subprocess.run([BUILD / "bin" / "spawnctl", "state", *arguments, "--config", file],
                              capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def exported(config):
        lines = [json.loads(line) for line in ctl("export", "--history", config=config).split("\n")
                 if line]
        assert lines[-1]["spawn_export_end"] == len(lines) - 2
        return [line for line in lines[1:-1] if line["key"] in keys or not keys]

    mesh, keys = fresh({"durability": {"history": {"keep": 50}}}), set()
    names = [mesh.counter() for _ in range(3)]
    for name in names * 4:
        mesh.invoke(name, "inc").expect_ok()
    mesh.kernel.stop()
    here, there = mesh.kernel.config["statestores"], {"main": store.config(server)}
    before = exported(here)
    keys = {line["key"] for line in before}
    assert len(before) == 3 * 4 + 3
    file = tmp_path / "all.jsonl"
    ctl("export", "--history", "-o", str(file), config=here)
    told = ctl("import", str(file), config=there)
    assert "imported 15, there already 0, expired 0, problems 0" in told
    assert exported(there) == before
    ctl("export", "--history", "-o", str(file), config=there)
    back = {"main": {"use": "sqlite", "config": {"path": str(tmp_path / "back.db")}}}
    ctl("import", str(file), config=back)
    assert exported(back) == before
    mesh.kernel.config["statestores"] = there
    mesh.kernel.start()
    assert [mesh.count(name) for name in names] == [4] * 3
    mesh.invoke(names[0], "inc").expect_ok()


def test_tables_that_an_administrator_made(fresh, postgres):
    """schema.create: false: refused without the tables, content with those that `spawnctl store
    schema` prints, as an account that may not make any; a newer version of them is refused."""
    tables = subprocess.run(
        [BUILD / "bin" / "spawnctl", "store", "schema", "--plugin", "postgres"], check=True,
        env=os.environ | {"SPAWN_PLUGIN_PATH": str(BUILD / "plugins")}, capture_output=True,
        text=True).stdout
    postgres.psql("CREATE ROLE clerk LOGIN; REVOKE CREATE ON SCHEMA public FROM PUBLIC;")
    config = {"statestores": only(PostgresStore.config(
        postgres, username="clerk", schema={"create": False}, history=None))}
    with pytest.raises(AssertionError) as refused:
        fresh(config)
    assert "schema.create" in str(refused.value)
    postgres.psql(tables + "GRANT SELECT, INSERT, UPDATE, DELETE ON spawn_record,"
                " spawn_history TO clerk; GRANT SELECT ON spawn_schema TO clerk;")
    mesh = fresh(config)
    name = mesh.counter()
    mesh.invoke(name, "inc").expect_ok()
    postgres.psql("UPDATE spawn_schema SET version = 99")
    with pytest.raises(AssertionError) as refused:
        fresh(config)
    assert "99" in str(refused.value) and "newer" in str(refused.value)


def test_tls_and_a_password(fresh):
    """The certificate is checked against ssl_ca; a wrong authority and a wrong password end the
    start with the reason, and the password is in no line of the log."""
    try:
        made = Postgres(password="a-password-of-the-test", ssl=True)
    except Missing as reason:
        pytest.skip(str(reason))
    with made as server:
        tls_and_password(fresh, PostgresStore, server, {"PG_SECRET": server.password})
        assert server.psql("SELECT bool_and(s.ssl) FROM pg_stat_ssl s JOIN pg_stat_activity a"
                           " USING (pid) WHERE a.application_name = 'spawn'").strip() == "t"


def test_tls_and_a_password_of_mariadb(fresh):
    try:
        made = MariaDb(ssl=True)
    except Missing as reason:
        pytest.skip(str(reason))
    with made as server:
        tls_and_password(fresh, MariaStore, server,
                         {"PG_SECRET": server.make_database().password})


def tls_and_password(fresh, store, server, secret):
    def config(**more):
        return {"statestores": only(store.config(server, **more))}

    good = {"password": "${PG_SECRET}", "ssl_verify": True, "ssl_ca": str(server.ca)}
    mesh = fresh(config(**good), secret)
    name = mesh.counter()
    mesh.invoke(name, "inc").expect_ok()
    # A wrong authority says "certificate" or "verification", a wrong password "password".
    for wrong, said in (({"ssl_ca": None}, "certificate|verif|self-signed"),
                        ({"password": "guess"}, "password")):
        with pytest.raises(AssertionError) as refused:
            fresh(config(**good | wrong), secret)
        assert re.search(said, str(refused.value)), str(refused.value)
        if "password" in wrong:  # servers lock accounts that are tried too often
            assert "can not be reached yet" not in str(refused.value), str(refused.value)
        assert secret["PG_SECRET"] not in str(refused.value)
    assert not any(secret["PG_SECRET"] in line for line in mesh.kernel.log)


def test_the_environment_names_the_database(fresh, postgres):
    """PROXY_DATABASE_*, as the protocol has them (section 13)."""
    mesh = fresh(env={"PROXY_DATABASE_TYPE": "postgres", "PROXY_DATABASE_HOST": postgres.host,
                      "PROXY_DATABASE_PORT": str(postgres.port), "PROXY_DATABASE_USERNAME": postgres.user,
                      "PROXY_DATABASE_NAME": postgres.database, "PROXY_DATABASE_SECRET": "unused",
                      "PROXY_DATABASE_POOL_SIZE": "3"})
    name = mesh.counter()
    mesh.invoke(name, "inc").expect_ok()
    assert postgres.psql("SELECT count(*) FROM spawn_record").strip() != "0"
    assert not mesh.kernel.database.exists()
