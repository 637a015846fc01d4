"""Every verb of spawnctl against a real kernel, for people and with --json; exit codes."""
import base64
import json
import os
import re
import shutil
import signal
from pathlib import Path

import pytest
from harness.host import Reply
from harness.kernel import free_port
from harness.mesh import counting, eventually, holding
from harness.wire import (ACTOR_NOT_FOUND, BUILD, POOLED, SYSTEM, UNNAMED, actor, json_any,
                          text)
from tools import ctl, socket_of

TOKEN = "a-token-of-24-characters"
PORT = free_port()
CONFIG = {"admin": {"tcp": {"port": PORT, "token": TOKEN}}}
SOURCE = Path(__file__).resolve().parents[2]
SQLITE = next((BUILD / "plugins" / "statestore" / "sqlite").glob("*/plugin.so"), None)


def line_of(out, word):
    return next(line for line in out.splitlines() if line.startswith(word))


def test_status(mesh):
    out = ctl("status", admin=mesh).ok().out
    assert line_of(out, "state").split() == ["state", "ready"]
    assert "OFF" in line_of(out, "encryption")
    told = ctl("--json", "status", admin=mesh).ok().json
    assert told["ready"] is True and told["pid"] == mesh.kernel.process.pid
    assert [lane["lane"] for lane in told["lanes"]] == [0, 1]


def test_invoke_json_and_bytes(mesh, tmp_path):
    name = mesh.plain(actions=["say"])
    mesh.host.on(name, "say", reply=Reply(payload=json_any('{"hello": [1, "you"]}')))
    told = ctl("invoke", SYSTEM, name, "say", "--json", '{"a": 1}', "--metadata", "who=me=you",
               admin=mesh).ok()
    assert json.loads(told.out) == {"hello": [1, "you"]}
    call = mesh.host.seen(name, "say")[-1]
    assert call.payload.type_url.endswith("JSONType") and b'{"a":1}' in call.payload.value
    assert call.metadata["who"] == "me=you"
    whole = ctl("--json", "invoke", SYSTEM, name, "say", admin=mesh).ok().json
    assert whole["status"] == "OK" and whole["payload"]["json"] == {"hello": [1, "you"]}
    file = tmp_path / "message.bin"
    file.write_bytes(b"\x00\xff bytes")
    counter = mesh.counter(actions=["echo"])
    mesh.host.on(counter, "echo", lambda sent: Reply(payload=sent.payload))
    out = ctl("invoke", SYSTEM, counter, "echo", "--file", str(file), "--type", "x.org/Any.Type",
              admin=mesh).ok().out
    assert out.split() == ["x.org/Any.Type", "AP8gYnl0ZXM="]


def test_invoke_async_and_child(mesh):
    name = mesh.counter()
    assert ctl("invoke", SYSTEM, name, "inc", "--async", admin=mesh).ok().out == "accepted\n"
    eventually(lambda: mesh.count(name) == 1)
    parent = mesh.name("parent")
    counting(mesh.host, parent)
    mesh.register(actor(parent, ["inc", "read"], kind=UNNAMED))
    child = mesh.name("child")
    ctl("invoke", SYSTEM, child, "inc", "--ref", parent, admin=mesh).ok()
    shown = ctl("--json", "actor", "show", SYSTEM, child, admin=mesh).ok().json
    assert shown["binding"]["parent"] == parent == shown["parent"]
    assert "spawned as" in ctl("actors", "show", SYSTEM, child, admin=mesh).ok().out


def test_a_failed_invocation_says_why(mesh):
    name = mesh.counter()
    for arguments, told in (((SYSTEM, "nobody", "inc"), "ACTOR_NOT_FOUND"),
                            ((SYSTEM, name, "nothing"), "ACTION_NOT_FOUND")):
        ended = ctl("invoke", *arguments, admin=mesh)
        assert ended.code == 1 and ended.out == "" and told in ended.err, ended.err


def test_actors_and_state(mesh):
    name = mesh.counter()
    mesh.invoke(name, "inc", text(5)).expect_ok()
    table = ctl("actors", "list", "--type", name, admin=mesh).ok().out.splitlines()
    assert table[0].split()[:4] == ["NAME", "PARENT", "KIND", "PHASE"] and len(table) == 2
    assert table[1].startswith(name) and table[0].index("KIND") == table[1].index("NAMED")
    listed = ctl("--json", "actors", "list", "--type", name, admin=mesh).ok().json["actors"]
    assert [each["name"] for each in listed] == [name] and listed[0]["revision"] == 1
    shown = ctl("actors", "show", SYSTEM, name, admin=mesh).ok().out
    assert line_of(shown, "revision").split()[1] == "1" and "inc, read" in shown
    state = ctl("--json", "state", "get", SYSTEM, name, admin=mesh).ok().json
    assert state["revision"] == 1 and state["settled"] is True
    assert state["state"]["base64"] == "NQ=="
    assert line_of(ctl("state", "get", SYSTEM, name, admin=mesh).ok().out, "revision")
    missing = ctl("state", "get", SYSTEM, "nobody", admin=mesh)
    assert missing.code == 1 and "nobody" in missing.err


def test_state_with_json_and_tags(mesh):
    name = mesh.plain(actions=["set"])
    mesh.host.on(name, "set", reply=Reply(state=json_any('{"n": 1}'), tags={"colour": "blue"}))
    mesh.invoke(name, "set").expect_ok()
    state = ctl("--json", "state", "get", SYSTEM, name, admin=mesh).ok().json
    assert state["state"]["json"] == {"n": 1} and state["tags"] == {"colour": "blue"}
    out = ctl("state", "get", SYSTEM, name, admin=mesh).ok().out
    assert "tag colour  blue" in out and '"n": 1' in out


def test_the_history_of_a_state(fresh):
    own = fresh({"durability": {"history": {"keep": 100}}})
    name = own.plain(actions=["set"])
    for n in range(1, 31):
        own.host.on(name, "set", reply=Reply(state=json_any(json.dumps({"n": n})),
                                             tags={"turn": str(n)}))
        own.invoke(name, "set").expect_ok()
    told = ctl("--json", "state", "history", SYSTEM, name, "--limit", "1000", admin=own).ok().json
    assert told["complete"] and [row["revision"] for row in told["revisions"]] == [*range(30, 0, -1)]
    for row in told["revisions"]:
        assert row["state"]["json"] == {"n": row["revision"]}
        assert row["tags"] == {"turn": str(row["revision"])} and row["written_ms"] > 0
    some = ctl("--json", "state", "history", SYSTEM, name, "--limit", "7", admin=own).ok().json
    assert [row["revision"] for row in some["revisions"]] == [*range(30, 23, -1)]
    out = ctl("state", "history", SYSTEM, name, "--limit", "2", admin=own).ok()
    assert '{"n":30}' in out.out and '{"n":28}' not in out.out and "--limit" in out.err
    nobody = ctl("state", "history", SYSTEM, "nobody", admin=own)
    assert nobody.code == 1 and "nobody" in nobody.err


def test_hosts(fresh):
    own = fresh()
    own.counter()
    listed = ctl("--json", "host", "list", admin=own).ok().json["hosts"]
    assert len(listed) == 1 and listed[0]["port"] == own.host.port and listed[0]["actors"]
    service = listed[0]["service"]
    assert str(own.host.port) in ctl("hosts", "list", admin=own).ok().out
    assert "forgot 1 " in ctl("hosts", "forget", service, admin=own).ok().out
    assert ctl("--json", "hosts", "list", admin=own).ok().json["hosts"] == []
    again = ctl("hosts", "forget", service, admin=own)
    assert again.code == 1 and service in again.err
    own.kernel.crash()
    assert ctl("--json", "hosts", "list", admin=own).ok().json["hosts"] == []


def test_a_running_actor_takes_up_what_is_registered_after_a_forget(fresh):
    own = fresh()
    name = own.plain(actions=["old"])
    own.invoke(name, "old").expect_ok()
    service = ctl("--json", "hosts", "list", admin=own).ok().json["hosts"][0]["service"]
    ctl("hosts", "forget", service, admin=own).ok()
    own.invoke(name, "old").expect_error(status=ACTOR_NOT_FOUND)
    own.register(actor(name, ["new"]))
    own.invoke(name, "new").expect_ok()
    shown = ctl("--json", "actors", "show", SYSTEM, name, admin=own).ok().json
    assert "new" in shown["registration"]["actions"]
    assert shown["active"]["settled"], "the same activation went on"


def test_a_pool_is_shown_at_work(fresh):
    own = fresh({"limits": {"pool_parallel": 1}})
    name = own.name("pool")
    own.register(actor(name, ["hold"], kind=POOLED, stateful=False))
    idle = ctl("--json", "actors", "show", SYSTEM, name, admin=own).ok().json
    assert idle["is_active"] is False and "active" not in idle
    with holding(own, name):
        for _ in range(2):
            own.invoke(name, "hold", asynchronous=True).expect_ok()
        own.host.wait(1, name)
        busy = ctl("--json", "actors", "show", SYSTEM, name, admin=own).ok().json
        assert busy["is_active"] and busy["pool"] == {"running": 1, "waiting": 1, "at_most": 1}
        out = ctl("actors", "show", SYSTEM, name, admin=own).ok().out
        assert "1 of at most 1 running, 1 waiting" in out


def test_plugins_of_the_kernel(mesh):
    out = ctl("plugin", "list", admin=mesh).ok().out
    for name in ("sqlite", "memory", "forward", "pipe", "effect", "broadcast"):
        assert name in out
    listed = ctl("--json", "plugins", "list", admin=mesh).ok().json["plugins"]
    assert all(each["serving"] for each in listed) and len(listed) == 6


def test_plugin_files_need_no_kernel(tmp_path):
    facts = ctl("--json", "plugins", "inspect", str(SQLITE), admin="/nowhere").ok().json
    assert (facts["kind"], facts["name"]) == ("statestore", "sqlite")
    assert "path" in facts["config_schema"]["properties"]
    assert "statestore/sqlite@" in ctl("plugins", "inspect", str(SQLITE)).ok().out
    assert "no findings" in ctl("plugins", "lint", str(SQLITE)).ok().out
    assert ctl("--json", "plugins", "lint", str(SQLITE)).ok().json["findings"] == []
    broken = tmp_path / "plugin.so"
    broken.write_bytes(SQLITE.read_bytes()[:2000])
    for verb in ("inspect", "lint"):
        for file in (str(broken), str(tmp_path / "none.so"), "/etc/passwd"):
            ended = ctl("plugins", verb, file)
            assert ended.code == 1 and file in ended.err, ended.err


def test_config_needs_no_kernel(tmp_path):
    assert json.loads(ctl("config", "schema").ok().out)["type"] == "object"
    good = tmp_path / "spawn.yaml"
    good.write_text(ctl("config", "default").ok().out)
    env = {"SPAWN_PLUGIN_PATH": str(BUILD / "plugins")}
    assert "good" in ctl("config", "check", str(good), env=env).ok().out
    assert ctl("--json", "config", "check", str(good), env=env).ok().json["ok"] is True
    for text_, told in (("runtime: {lains: 2}\n", "lanes"), ("gateway: [\n", "bad.yaml"),
                        ("transport: {use: nothing}\n", "nothing"),
                        ("statestores: {main: {use: sqlite, config: {pth: x}}}\n", "pth")):
        bad = tmp_path / "bad.yaml"
        bad.write_text(text_ + f"plugins: {{path: ['{BUILD / 'plugins'}']}}\n")
        ended = ctl("config", "check", str(bad))
        assert ended.code == 3 and told in ended.err, (ended.code, ended.err)


@pytest.mark.parametrize("file", sorted((SOURCE / "config").glob("*.yaml")), ids=lambda f: f.name)
def test_the_examples_are_good(file):
    """With the plugins there are: each one's own schema has accepted its block."""
    for use in re.findall(r"^[^#]*use: ([a-z]+)@", file.read_text(), re.M):
        if not (BUILD / "plugins" / "statestore" / use).is_dir():
            pytest.skip(f"statestore {use} is not built here")
    secrets = dict.fromkeys(re.findall(r"^[^#]*\$\{(\w+)\}", file.read_text(), re.M), "x")
    secrets["STATE_KEY"] = base64.b64encode(bytes(32)).decode()
    ended = ctl("config", "check", str(file),
                env={"SPAWN_PLUGIN_PATH": str(BUILD / "plugins")} | secrets)
    assert "the configuration is good" in ended.ok().out


def test_config_show(mesh):
    shown = ctl("config", "show", admin=mesh).ok()
    assert TOKEN not in shown.out and shown.json["gateway"]["http"]["port"] == mesh.kernel.port


def test_tcp_with_and_without_token(mesh):
    address = f"http://127.0.0.1:{PORT}"
    ctl("--token", TOKEN, "status", admin=address).ok()
    ctl("status", admin=address, env={"SPAWN_ADMIN_TOKEN": TOKEN}).ok()
    refused = ctl("--token", "wrong", "status", admin=address)
    assert refused.code == 1 and "UNAUTHENTICATED" in refused.err


def test_wrong_usage_is_2(mesh, tmp_path):
    for arguments in ((), ("nothing",), ("actors",), ("invoke", "a"), ("--timeout", "x", "status"),
                      ("invoke", SYSTEM, "a", "b", "--json", "{"),
                      ("invoke", SYSTEM, "a", "b", "--metadata", "x"),
                      ("invoke", SYSTEM, "a", "b", "--file", str(tmp_path)),
                      ("invoke", SYSTEM, "a", "b", "--file", "/none", "--type", "t")):
        ended = ctl(*arguments, admin=mesh)
        assert ended.code == 2, (arguments, ended.code, ended.err)
    assert ctl("status", admin="ftp://x").code == 2
    assert ctl("--help").code == 0 and ctl("--version").ok().out.startswith("spawnctl ")


def test_nobody_there_is_4(tmp_path):
    none = str(tmp_path / "admin.sock")
    ended = ctl("status", admin=none)
    assert ended.code == 4 and f"no kernel answers at {none}: " in ended.err
    ended = ctl("status", admin=f"http://127.0.0.1:{free_port()}")
    assert ended.code == 4 and "no kernel answers at http" in ended.err


def test_it_finds_the_kernel_by_the_usual_places(fresh, tmp_path):
    if os.path.exists("/run/spawn/admin.sock"):
        pytest.skip("a kernel of this machine uses /run/spawn/admin.sock")
    own = fresh({"admin": {"address": str(tmp_path / "spawn" / "admin.sock")}}, start=False)
    (tmp_path / "spawn").mkdir(mode=0o700)
    own.kernel.start()
    told = ctl("--json", "status", env={"XDG_RUNTIME_DIR": str(tmp_path)}).ok().json
    assert told["pid"] == own.kernel.process.pid
    shutil.rmtree(tmp_path / "spawn", ignore_errors=True)


def test_health_is_an_exit_code(fresh):
    own = fresh({"timeouts": {"drain_ms": 20000}})  # a window of 4 s in which it serves on
    assert ctl("health", admin=own).ok().out == "ready\n"
    assert ctl("--json", "health", admin=own).ok().json == {"ready": True}
    own.kernel.process.send_signal(signal.SIGTERM)
    eventually(lambda: ctl("health", admin=own).code == 1, what="it is not ready any more")
    own.kernel.process.send_signal(signal.SIGTERM)
    assert own.kernel.wait_exit(20) == 0
    assert ctl("health", admin=own).code == 4


def test_drain_waits_for_the_end(fresh):
    own = fresh()
    assert socket_of(own)
    assert ctl("drain", "--wait", "20", admin=own).ok().out == "the kernel has stopped\n"
    assert own.kernel.wait_exit(20) == 0
