"""Bad input: databases, keys, configuration: refused at start or an error for that caller."""
import base64
import os
import sqlite3
import subprocess

import pytest
from harness.client import Client
from harness.host import Reply
from harness.kernel import Kernel, free_port
from harness.mesh import eventually
from harness.wire import actor, text

CONFIG = {"timeouts": {"request_ms": 800}}


def is_error(outcome):
    assert not outcome.ok and outcome.http != 408
    assert outcome.message.status.status != 0 and outcome.text


# --- the store ------------------------------------------------------------------------------------
def refused(kernel, seconds=10) -> str:
    """The kernel must end by itself with a code of its own, not by a signal; returns its words."""
    try:
        kernel.launch()
        code = kernel.wait_exit(seconds)
    except subprocess.TimeoutExpired:
        raise AssertionError(f"spawnd went on:\n{kernel.tail()}") from None
    assert code > 0, f"exit code {code}:\n{kernel.tail()}"
    return kernel.tail()


def test_a_database_that_is_none(fresh):
    """Bad input: an unreadable database: refused at start, the file is named and untouched."""
    mesh = fresh(start=False)
    junk = b"this is not a database, it is a letter to my aunt. " * 100
    mesh.kernel.database.write_bytes(junk)
    words = refused(mesh.kernel)
    assert "spawn.db" in words
    assert mesh.kernel.database.read_bytes() == junk


def test_a_database_path_that_cannot_be_opened(fresh):
    """Bad input: a folder in its place, and a plain file in the place of its folder."""
    mesh = fresh(start=False)
    mesh.kernel.database.mkdir()
    assert "spawn.db" in refused(mesh.kernel)
    mesh = fresh(start=False)
    (mesh.kernel.folder / "plain").write_text("no folder")
    path = str(mesh.kernel.folder / "plain" / "spawn.db")
    mesh.kernel.config["statestores"]["main"]["config"]["path"] = path
    assert path in refused(mesh.kernel)


def test_a_database_that_another_kernel_holds(fresh):
    """Bad input: D8: a locked database: the second kernel ends and names it; the first lives."""
    first = fresh()
    name = first.counter()
    second = Kernel(free_port(), {"statestores": {"main": {"config": {
        "path": str(first.kernel.database)}}}})
    try:
        words = refused(second)
        assert "spawn.db" in words and "lock" in words.lower()
    finally:
        second.dispose()
    first.invoke(name, "inc").expect_ok()


def test_a_database_locked_while_running(fresh):
    """Bad input: another process holds a write lock for a while: calls wait or get an error,
    and go on afterwards; nothing acknowledged is lost."""
    mesh = fresh({"timeouts": {"request_ms": 1000}})
    name = mesh.counter()
    mesh.invoke(name, "inc").expect_ok()
    intruder = sqlite3.connect(mesh.kernel.database, timeout=0.2, isolation_level=None)
    try:
        intruder.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as problem:
        intruder.close()
        assert "locked" in str(problem)  # the kernel keeps others out: nothing to suffer
        mesh.invoke(name, "inc").expect_ok()
        return
    outcome = mesh.invoke(name, "inc")
    intruder.execute("ROLLBACK")
    intruder.close()
    if not outcome.ok:
        outcome.expect_error()
    total = eventually(lambda: (again := mesh.invoke(name, "read")).ok and int(again.value), 5,
                       "service after the lock")
    assert total in (1, 2) and (total == 2 or not outcome.ok)


# --- keys -----------------------------------------------------------------------------------------
def key() -> str:
    return base64.b64encode(os.urandom(32)).decode()


@pytest.mark.parametrize("bad", ["not base64!!", base64.b64encode(b"short").decode()])
def test_a_key_that_is_none(fresh, bad):
    """Bad input: refused at start, the variable is named, the key is not printed."""
    mesh = fresh(env={"SPAWN_STATESTORE_KEY": bad}, start=False)
    words = refused(mesh.kernel)
    assert "SPAWN_STATESTORE_KEY" in words or "encryption" in words
    assert bad not in words


def test_a_wrong_key(fresh):
    """Bad input: state of another key: an error for that caller, never a fresh state; other
    actors are served; with the right key everything is there."""
    right, wrong = key(), key()
    mesh = fresh(env={"SPAWN_STATESTORE_KEY": right})
    name = mesh.counter()
    mesh.invoke(name, "inc").expect_ok()
    mesh.kernel.stop()
    mesh.kernel.env["SPAWN_STATESTORE_KEY"] = wrong
    mesh.kernel.start()
    is_error(mesh.invoke(name, "inc"))
    mesh.register(actor(name, ["inc", "read"]))  # the host comes again; the state stays sealed
    is_error(mesh.invoke(name, "inc"))
    is_error(mesh.invoke(name, "get"))
    other = mesh.counter()
    assert mesh.invoke(other, "inc").expect_ok().value == "1"
    mesh.kernel.stop()
    mesh.kernel.env["SPAWN_STATESTORE_KEY"] = right
    mesh.kernel.start()
    mesh.register(actor(name, ["inc", "read"]))
    assert mesh.count(name) == 1


def test_an_old_key_still_opens(fresh):
    """Bad input: D26: SPAWN_STATESTORE_KEYS_OLD after a change of keys."""
    old, new = key(), key()
    mesh = fresh(env={"SPAWN_STATESTORE_KEY": old})
    name = mesh.counter()
    mesh.invoke(name, "inc").expect_ok()
    mesh.kernel.stop()
    mesh.kernel.env = {"SPAWN_STATESTORE_KEY": new, "SPAWN_STATESTORE_KEYS_OLD": old}
    mesh.kernel.start()
    assert mesh.invoke(name, "inc").expect_ok().value == "2"
    mesh.kernel.crash()
    assert mesh.count(name) == 2


def test_sealed_states_are_not_readable_in_the_database(fresh):
    """Bad input: with a key neither state nor tags are in the files; without one they are."""
    for environment, expected in (({"SPAWN_STATESTORE_KEY": key()}, False), ({}, True)):
        mesh = fresh(env=environment)
        name = mesh.name("sealed")
        mesh.host.on(name, "set", reply=Reply(state=text("very-secret-state"),
                                              tags={"label": "very-secret-tag"}))
        mesh.register(actor(name, ["set"]))
        mesh.invoke(name, "set").expect_ok()
        for secret in (b"very-secret-state", b"very-secret-tag"):
            assert mesh.kernel.stored(secret) is expected


def test_a_required_key_that_is_missing(fresh):
    """Bad input: encryption.required without a key: refused at start."""
    mesh = fresh({"encryption": {"required": True}}, start=False)
    assert "encryption" in refused(mesh.kernel).lower()


# --- configuration --------------------------------------------------------------------------------
def test_a_misspelt_configuration(fresh):
    """Bad input: D40: file, line, column, and what was probably meant."""
    mesh = fresh({"gatway": {}}, start=False)
    words = refused(mesh.kernel)
    assert "spawn.yaml:" in words and "gatway" in words and "gateway" in words


def test_values_from_the_environment_reach_the_store(fresh):
    """D40: ${...} in a plugin's config, as text and as a number."""
    mesh = fresh(start=False)
    path = mesh.kernel.folder / "elsewhere.db"
    mesh.kernel.config["statestores"]["main"]["config"] = {
        "path": "${DB_PATH}", "cache_kib": "${DB_CACHE}", "history": {"keep": "${DB_KEEP}"}}
    mesh.kernel.env |= {"DB_PATH": str(path), "DB_CACHE": "1024", "DB_KEEP": "3"}
    mesh.kernel.start()
    mesh.invoke(mesh.counter(), "inc").expect_ok()
    assert path.exists() and not mesh.kernel.database.exists()


def test_a_number_from_the_environment_that_is_none(fresh):
    """Bad input: D40: refused at start; the key is named."""
    mesh = fresh(start=False)
    mesh.kernel.config["statestores"]["main"]["config"]["cache_kib"] = "${DB_CACHE}"
    mesh.kernel.env["DB_CACHE"] = "much"
    assert "cache_kib" in refused(mesh.kernel)


def test_a_port_in_use(fresh):
    """Bad input: D8: one port, one kernel; the text says which port."""
    first = fresh()
    name = first.counter()
    second = Kernel(free_port(), port=first.kernel.port)
    try:
        assert f"port {first.kernel.port} is in use" in refused(second)
    finally:
        second.dispose()
    Client(first.kernel.port).invoke(name, "inc").expect_ok()
