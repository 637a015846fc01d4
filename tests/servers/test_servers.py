"""The servers start, answer, survive kill -9 with their data, and leave nothing behind."""
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from servers import nkeys, processes, run_with
from servers.mariadb import MariaDb
from servers.nats import Nats, NatsGuarded, NatsJwt, NatsToken
from servers.postgres import Postgres
from servers.rabbitmq import RabbitMq
from servers.server import Failed, Missing, Server, free_port

RUN_WITH = [sys.executable, run_with.__file__]


def make(kind, *arguments, **options) -> Server:
    try:
        return kind(*arguments, **options)
    except Missing as missing:
        pytest.skip(str(missing))


def ask(server: Server, text: str, seconds: float = 30.0) -> str:
    return (server.psql if isinstance(server, Postgres) else server.sql)(text, seconds)


def home(pid: int) -> Path:
    """Both kinds work in the data folder."""
    return Path(os.readlink(f"/proc/{pid}/cwd")).parent


def gone(pids: list) -> bool:
    return not any(processes.state(pid) for pid in pids)


@pytest.fixture(params=[Postgres, MariaDb], ids=lambda kind: kind.name)
def server(request):
    with make(request.param) as made:
        yield made


def test_answers_and_keeps_data_over_kills_and_restarts(server):
    assert ask(server, "SELECT 1") == "1"
    port, folder = server.port, server.folder
    where = "" if isinstance(server, Postgres) else "test."
    if where:
        ask(server, "CREATE DATABASE test")
    ask(server, f"CREATE TABLE {where}t (n int)")
    for number, end in enumerate([server.kill9, server.shut_down, server.kill9, lambda: None]):
        ask(server, f"INSERT INTO {where}t VALUES ({number})")
        whole = processes.tree(server.process.pid)
        end()
        assert end.__name__ == "<lambda>" or gone(whole)
        server.restart()
        assert gone(whole), "restart() left the old one running"
    assert (server.port, server.folder) == (port, folder)
    assert ask(server, f"SELECT count(*) FROM {where}t") == "4"


def test_a_clean_end_is_no_kill(server):
    assert server.shut_down() == 0


@pytest.mark.parametrize("end", ["stop", "kill9 and stop", "pause and stop"])
def test_stop_leaves_no_process_and_no_folder(server, end):
    segment = shared_memory(server)
    whole, folder = processes.tree(server.process.pid), server.folder
    assert folder.is_dir() and not gone(whole)
    for step in end.split(" and "):
        getattr(server, step)()
    assert gone(whole) and not folder.exists() and not server.alive
    held = [line.split()[1] for line in Path("/proc/sysvipc/shm").read_text().splitlines()]
    assert segment not in held
    server.stop()


def shared_memory(server: Server) -> str:
    """The id of its System V segment; PostgreSQL has one."""
    if not isinstance(server, Postgres):
        return "none"
    segment = (server.folder / "data" / "postmaster.pid").read_text().splitlines()[6].split()[1]
    assert segment in Path("/proc/sysvipc/shm").read_text().split()
    return segment


def test_pause_holds_answers_back_and_resume_gives_them(server):
    server.pause()
    with pytest.raises(Failed, match="no answer|ended with"):
        ask(server, "SELECT 1", 0.5)
    assert all(processes.state(pid) == "T" for pid in processes.tree(server.process.pid))
    server.resume()
    assert ask(server, "SELECT 1") == "1"


@pytest.mark.parametrize("kind", [Postgres, MariaDb])
def test_settings_reach_the_server(kind):
    with make(kind, max_connections=21) as server:
        shown = {Postgres: "SHOW max_connections", MariaDb: "SELECT @@max_connections"}[kind]
        assert ask(server, shown) == "21"
        server.settings["max_connections"] = 22
        server.restart()
        assert ask(server, shown) == "22"


@pytest.mark.parametrize("kind", [Postgres, MariaDb])
def test_a_start_that_fails_shows_the_log_and_leaves_nothing(kind, monkeypatch):
    folders, make_folder = [], tempfile.mkdtemp
    monkeypatch.setattr(tempfile, "mkdtemp",
                        lambda **how: folders.append(make_folder(**how)) or folders[-1])
    server = make(kind, no_such_setting="x")
    with pytest.raises(Failed, match="no.such.setting"):
        server.start()
    assert len(folders) == 1 and not os.path.exists(folders[0])
    assert server.folder is None and not server.alive


def test_an_sql_error_is_told(server):
    with pytest.raises(Failed, match="(?i)syntax"):
        ask(server, "SELEKT 1")


# --- PostgreSQL -----------------------------------------------------------------------------------
def test_postgres_is_durable_and_has_an_url():
    with make(Postgres) as server:
        assert server.psql("SHOW fsync") == "on"
        assert server.url == f"postgresql://postgres@127.0.0.1:{server.port}/postgres"


def test_postgres_wants_the_password_if_there_is_one():
    with make(Postgres, password="a b/c@d") as server:
        assert server.psql("SELECT 1") == "1"
        with pytest.raises(Failed, match="password"):
            server.psql("SELECT 1", url=server.url.replace("a%20b", "wrong"))


def test_postgres_takes_tls_that_its_ca_vouches_for():
    with make(Postgres, ssl=True) as server:
        strict = f"{server.url}?sslmode=verify-full&sslrootcert={server.ca}"
        told = server.psql("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", url=strict)
        assert told == "t"
        server.kill9()
        server.restart()
        assert server.psql("SELECT 1", url=strict) == "1"


# --- MariaDB --------------------------------------------------------------------------------------
def test_mariadb_makes_a_database_and_a_user_with_a_password():
    with make(MariaDb) as server:
        account = server.make_database()
        assert server.make_database() == account and account.password
        assert server.sql("SELECT database()", account=account) == "spawn"
        with pytest.raises(Failed, match="Access denied"):
            server.sql("SELECT 1", account=account._replace(password="wrong"))


def test_mariadb_takes_tls_that_its_ca_vouches_for():
    with make(MariaDb, ssl=True) as server:
        assert server.sql("SHOW STATUS LIKE 'Ssl_cipher'").split("\t")[1]


# --- RabbitMQ -------------------------------------------------------------------------------------
def test_rabbitmq_keeps_data_over_a_kill_and_leaves_nothing():
    with make(RabbitMq, ssl=True) as server:
        trust = ssl.create_default_context(cafile=str(server.ca))
        with socket.create_connection((server.host, server.ssl_port), 10) as plain:
            with trust.wrap_socket(plain, server_hostname=server.host) as to:
                to.sendall(b"AMQP\0\0\x09\x01")
                assert to.recv(1) == b"\1"  # a method frame: connection.start
        server.ctl("add_vhost", "kept")
        port, folder = server.port, server.folder
        whole = processes.tree(server.process.pid)
        server.kill9()
        assert gone(whole), "the broker or its port mapper runs on"
        server.restart()
        assert (server.port, server.folder) == (port, folder)
        assert "kept" in server.ctl("list_vhosts").splitlines()
        whole = processes.tree(server.process.pid)
        assert server.shut_down() == 0
        assert gone(whole), "the broker or its port mapper runs on"
    assert not folder.exists()
# --- NATS -----------------------------------------------------------------------------------------
def kept(server: Nats) -> int:
    """Messages in the stream "s"."""
    answer = server.say(b"SUB inbox 1\r\nPUB $JS.API.STREAM.INFO.s inbox 0\r\n\r\n", 2)[1]
    return json.loads(answer)["state"]["messages"]


def test_nats_keeps_its_streams_over_kills_and_restarts():
    with make(Nats) as server:
        port, stream = server.port, json.dumps({"name": "s", "subjects": ["s"]}).encode()
        made = server.say(b"SUB inbox 1\r\nPUB $JS.API.STREAM.CREATE.s inbox %d\r\n%s\r\n"
                          % (len(stream), stream), 2)
        assert made[0].startswith("MSG inbox") and "error" not in json.loads(made[1])
        for number, end in enumerate([server.kill9, server.shut_down, server.kill9], 1):
            server.say(b"SUB inbox 1\r\nPUB s inbox 1\r\nx\r\n", 2)
            whole = processes.tree(server.process.pid)
            end()
            assert gone(whole)
            server.restart()
            assert kept(server) == number
        assert server.port == port and server.shut_down() == 0


def test_nats_settings_reach_the_server_and_wrong_ones_are_told():
    with make(Nats, max_payload=10) as server:
        assert "Maximum Payload" in server.say(b"PUB s 11\r\n12345678901\r\n", 1)[0]
    server = make(Nats, no_such_setting="x")
    with pytest.raises(Failed, match="no_such_setting"):
        server.start()
    assert server.folder is None


def test_nats_lets_in_who_may_come_in():
    with make(NatsGuarded) as server:
        who = {"user": server.user, "pass": server.password}
        assert server.say(b"PING\r\n", 1, **who) == ["PONG"]
        assert "Authorization" in server.say(b"PING\r\n", 1, **(who | {"pass": "x"}))[0]
    with make(NatsToken) as server:
        assert server.say(b"PING\r\n", 1, auth_token=server.token) == ["PONG"]
        assert "Authorization" in server.say(b"PING\r\n", 1)[0]
    with make(NatsJwt) as server:
        assert "Authorization" in server.say(b"PING\r\n", 1)[0]
        assert server.tree.user.seed in server.credentials.read_text()


def test_an_nkey_signs_what_its_name_can_check():
    key = nkeys.Key("user")
    assert key.seed.startswith("SU") and len(key.seed) == 58 and key.public.startswith("U")
    assert len(key.sign(b"nonce")) == 64 and key.sign(b"nonce") == key.sign(b"nonce")


# --- run_with -------------------------------------------------------------------------------------
def test_run_with_hands_over_variables_and_the_exit_code():
    for kind in (Postgres, MariaDb):
        make(kind)
    show = "import os; print([k for k in sorted(os.environ) if 'SPAWN_TEST_' in k]); exit(5)"
    done = subprocess.run([*RUN_WITH, "postgres,mariadb", "--", sys.executable, "-c", show],
                          capture_output=True, text=True, timeout=90)
    assert done.returncode == 5, done.stderr
    names = {"POSTGRES": "DATABASE HOST PORT URL USER",
             "MARIADB": "DATABASE HOST PASSWORD PORT USER", "CONTROL": "PORT"}
    assert done.stdout.strip() == str(sorted(
        f"SPAWN_TEST_{kind}_{one}" for kind, all in names.items() for one in all.split()))


CONTROL = """
import os, socket
def ask(line):
    with socket.create_connection(("127.0.0.1", int(os.environ["SPAWN_TEST_CONTROL_PORT"]))) as to:
        to.sendall(line.encode() + b"\\n")
        return to.makefile().read()
def listens():
    place = os.environ["SPAWN_TEST_POSTGRES_HOST"], int(os.environ["SPAWN_TEST_POSTGRES_PORT"])
    try:
        socket.create_connection(place).close()
        return True
    except ConnectionRefusedError:
        return False
assert listens()
assert ask("postgres kill9") == "ok\\n" and not listens()
assert ask("postgres start") == "ok\\n" and listens()
assert ask("postgres start").startswith("failed: ")
assert ask("postgres psql") == ask("oracle start").replace("oracle", "postgres").replace(
    "start", "psql") != "ok\\n"
exit(4)
"""


def test_run_with_does_what_its_command_asks():
    make(Postgres)
    done = subprocess.run([*RUN_WITH, "postgres", "--", sys.executable, "-c", CONTROL],
                          capture_output=True, text=True, timeout=90)
    assert done.returncode == 4, done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("kind", [Postgres, MariaDb])
def test_run_with_ends_the_server_when_it_is_told_to_end(kind, number):
    make(kind)
    command = [*RUN_WITH, kind.name, "--", sys.executable, "-uc",
               "import time; print('ready'); time.sleep(90)"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as runner:
        assert runner.stdout.readline() == "ready\n"
        whole = processes.tree(runner.pid)[1:]
        server = next(pid for pid in whole if "spawn-" in str(home(pid)))
        folder = home(server)
        runner.send_signal(number)
        code = runner.wait(30)
    processes.wait_for(whole, "")
    if number == signal.SIGKILL:  # nobody is left to remove the folder
        shutil.rmtree(folder)
    else:
        assert code == 128 + number and not folder.exists()


@pytest.mark.parametrize("kind", [Postgres, MariaDb])
def test_run_with_leaves_nothing_when_it_ends_amid_a_start(kind, request):
    make(kind)
    folder = Path(tempfile.mkdtemp())
    request.addfinalizer(lambda: shutil.rmtree(folder))
    folder.chmod(0o755)  # the server's account has to come in
    shared = set(os.listdir("/dev/shm"))
    runner = subprocess.Popen([*RUN_WITH, kind.name, "--", "sleep", "90"],
                              env=os.environ | {"TMPDIR": str(folder)})
    deadline = time.monotonic() + 20
    amid = {Postgres: "*/data/base/1/1259", MariaDb: "*/data/ibdata1"}[kind]
    while not list(folder.glob(amid)):
        assert time.monotonic() < deadline and runner.poll() is None
        time.sleep(0.002)
    whole = processes.tree(runner.pid)
    runner.terminate()
    assert runner.wait(30) == 128 + signal.SIGTERM
    assert gone(whole) and not list(folder.iterdir())
    while left := set(os.listdir("/dev/shm")) - shared:  # others may be starting right now
        assert time.monotonic() < deadline, f"left in shared memory: {left}"
        shared |= {one for one in left if not one.startswith("PostgreSQL.")}
        time.sleep(0.05)


def test_run_with_skips_what_is_not_installed(monkeypatch, capsys):
    def missing():
        raise Missing("nothing here")

    monkeypatch.setitem(run_with.KINDS, "postgres", missing)
    kept = [signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGINT)]
    try:
        assert run_with.main(["postgres", "--", "true"]) == 77
    finally:
        for one, handler in zip((signal.SIGTERM, signal.SIGINT), kept):
            signal.signal(one, handler)
    assert capsys.readouterr().out == "skipped: nothing here\n"


def test_run_with_says_how_to_use_it():
    for wrong in ([], ["postgres"], ["postgres", "--"], ["oracle", "--", "true"]):
        done = subprocess.run([*RUN_WITH, *wrong], capture_output=True, text=True, timeout=30)
        assert done.returncode == 2 and "usage" in done.stderr


def test_free_ports_are_free():
    begun = time.monotonic()
    assert all(free_port() > 1024 for _ in range(50))
    assert time.monotonic() - begun < 5
