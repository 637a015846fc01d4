"""Time travel and upkeep of states: restore, delete, erase, export and import between stores,
rotation of keys, pruning; online through the admin API and on a stopped kernel's stores."""
import base64
import json
import os
import sqlite3
import time
from urllib.parse import quote

import yaml
from harness import host as manners
from harness.host import Reply
from harness.mesh import counting, eventually, now_ms
from harness.wire import BUILD, SYSTEM, UNNAMED, actor, text
from tools import ask, ctl, socket_of

KEPT = {"durability": {"history": {"keep": 100}}}


def key_of(seed):
    return base64.b64encode(bytes([seed]) * 32).decode()


def grown(mesh, steps=5):
    """A counter that has counted to `steps`, one revision each."""
    name = mesh.counter()
    for _ in range(steps):
        mesh.invoke(name, "inc").expect_ok()
    return name


def revisions(mesh, name):
    told = ctl("--json", "state", "history", SYSTEM, name, "--limit", "1000", admin=mesh).ok().json
    return [each["revision"] for each in told["revisions"]]


def rows(database, question, *values):
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as db:
        return db.execute(question, values).fetchall()


def file_config(mesh, path, **changes):
    """The kernel's own configuration as a file, for spawnctl without that kernel."""
    path.write_text(yaml.safe_dump(mesh.kernel.config | changes))
    return str(path)


def test_an_earlier_revision_becomes_the_newest(fresh):
    mesh = fresh(KEPT)
    name = grown(mesh)
    told = ctl("--json", "state", "restore", SYSTEM, name, "3", admin=mesh).ok().json
    assert told == {"system": SYSTEM, "name": name, "restored_from": 3, "revision": 6}
    assert mesh.count(name) == 3
    assert revisions(mesh, name) == [6, 5, 4, 3, 2, 1]
    mesh.kernel.crash()
    assert mesh.count(name) == 3 and int(mesh.invoke(name, "inc").expect_ok().value) == 4
    assert "is now revision 8" in ctl("state", "restore", SYSTEM, name, "1", admin=mesh).ok().out
    assert mesh.count(name) == 1
    gone = ctl("state", "restore", SYSTEM, name, "77", admin=mesh)
    assert gone.code == 1 and "REVISION_NOT_FOUND" in gone.err
    nobody = ctl("state", "restore", SYSTEM, "nobody", "1", admin=mesh)
    assert nobody.code == 1 and "ACTOR_NOT_FOUND" in nobody.err
    assert ask(mesh, "POST", f"/v1/state/{SYSTEM}/{name}/restore?revision=x").status == 400


def test_a_restore_waits_its_turn_among_the_messages(fresh):
    mesh = fresh(KEPT)
    name = grown(mesh)
    for _ in range(20):
        mesh.invoke(name, "inc").expect_ok()
        ctl("state", "restore", SYSTEM, name, "5", admin=mesh).ok()
    assert mesh.count(name) == 5
    assert revisions(mesh, name) == list(range(45, 0, -1))


def test_a_deleted_actor_begins_anew(fresh):
    mesh = fresh(KEPT)
    name = grown(mesh)
    told = ctl("--json", "state", "delete", SYSTEM, name, admin=mesh).ok().json
    assert told["deleted"] is True and told["revision"] == 6
    assert mesh.count(name) == 0
    assert revisions(mesh, name) == [5, 4, 3, 2, 1]
    mesh.invoke(name, "inc").expect_ok()
    assert revisions(mesh, name)[0] == 7
    # What was deleted can be had back, for as long as it is kept.
    ctl("state", "restore", SYSTEM, name, "5", admin=mesh).ok()
    assert mesh.count(name) == 5
    ctl("state", "delete", SYSTEM, name, admin=mesh).ok()
    mesh.kernel.crash()
    assert mesh.count(name) == 0
    fresh_one = mesh.counter()
    assert ctl("state", "delete", SYSTEM, fresh_one, admin=mesh).ok().out == "nothing was stored\n"


def test_what_is_erased_is_nowhere(fresh):
    mesh = fresh(KEPT | {"statestores": {"main": {"use": "sqlite", "config": {"path": "spawn.db"}},
                                         "old": {"use": "sqlite", "config": {"path": "old.db"}}}})
    parent = mesh.name("parent")
    counting(mesh.host, parent)
    mesh.register(actor(parent, ["inc", "read"], kind=UNNAMED))
    child = "margarete-" + mesh.name("child")
    for _ in range(4):
        ctl("invoke", SYSTEM, child, "inc", "--ref", parent, admin=mesh).ok()
    neighbour = grown(mesh)
    out = ctl("state", "erase", SYSTEM, child, admin=mesh).ok().out
    assert "3 earlier revisions" in out and "name binding" in out
    record = rows(mesh.kernel.folder / "spawn.db",
                  "SELECT payload, length(meta), deleted FROM record WHERE CAST(key AS TEXT) LIKE ?",
                  f"a/%{child}")
    assert record == [(None, 0, 1)]
    assert rows(mesh.kernel.folder / "spawn.db",
                "SELECT count(*) FROM history WHERE CAST(key AS TEXT) LIKE ?", f"%{child}") == [(0,)]
    assert mesh.count(neighbour) == 5 and len(revisions(mesh, neighbour)) == 5
    missing = ctl("invoke", SYSTEM, child, "read", admin=mesh)
    assert missing.code == 1 and "ACTOR_NOT_FOUND" in missing.err
    mesh.kernel.crash()
    assert ctl("invoke", SYSTEM, child, "read", admin=mesh).code == 1
    # A new life is possible, and begins at nothing.
    shown = ctl("invoke", SYSTEM, child, "inc", "--ref", parent, admin=mesh).ok().out
    assert shown.split()[-1] != "" and len(revisions(mesh, child)) == 1


def test_messages_to_an_erased_actor_are_gone_and_those_of_others_are_not(fresh):
    mesh = fresh(KEPT)
    name, neighbour = grown(mesh), grown(mesh)
    later = now_ms() + 3_600_000
    for each in (name, name, neighbour):
        mesh.invoke(each, "inc", at=later).expect_ok()
    mesh.host.on(name, "inc", lambda call: manners.failing())
    mesh.invoke(name, "inc", asynchronous=True).expect_ok()
    eventually(lambda: ctl("--json", "dead-letters", "list", admin=mesh).ok().json["dead_letters"],
               what="a dead letter")
    (told,) = ctl("--json", "state", "erase", SYSTEM, name, admin=mesh).ok().json["stores"]
    assert (told["messages"], told["schedules"], told["dead_letters"]) == (0, 2, 1)
    with sqlite3.connect(mesh.kernel.folder / "spawn.db") as db:
        keys = [key.decode() for (key,) in db.execute("SELECT CAST(key AS BLOB) FROM record")]
    assert not [key for key in keys if key[0] in "mtdk" and name in key]
    (left,) = ctl("--json", "schedule", "list", admin=mesh).ok().json["schedules"]
    assert left["to"]["name"] == neighbour


def test_an_actor_that_nobody_registers_any_more_can_be_erased(fresh):
    mesh = fresh(KEPT)
    name = grown(mesh)
    mesh.kernel.stop()
    with sqlite3.connect(mesh.kernel.folder / "spawn.db") as db:
        db.execute("DELETE FROM record WHERE CAST(key AS TEXT) LIKE 'r/%'")
    mesh.kernel.start()
    told = ctl("--json", "state", "erase", SYSTEM, name, admin=mesh).ok().json
    assert told["stores"][0]["state"] is True and told["stores"][0]["history_revisions"] == 4
    assert rows(mesh.kernel.folder / "spawn.db", "SELECT count(*) FROM history") == [(0,)]


def test_an_actor_of_a_forgotten_host_is_erased_from_memory_too(fresh):
    mesh = fresh(KEPT)
    name = grown(mesh)
    again = actor(name, ["inc", "read"])
    assert ask(mesh, "DELETE", "/v1/hosts/conformance").status == 200
    ctl("state", "erase", SYSTEM, name, admin=mesh).ok()
    mesh.register(again)
    assert mesh.count(name) == 0
    assert rows(mesh.kernel.folder / "spawn.db", "SELECT count(*) FROM history") == [(0,)]


def test_an_erased_actor_is_not_woken_by_its_timer(fresh):
    mesh = fresh(KEPT)
    parent, child = mesh.name("parent"), mesh.name("child")
    counting(mesh.host, parent)
    mesh.register(actor(parent, ["read"], kind=UNNAMED, timers=[(50, "inc")]))
    ctl("invoke", SYSTEM, child, "read", "--ref", parent, admin=mesh).ok()
    eventually(lambda: len(mesh.host.seen(child, "inc")) > 2, 5, "the timer")
    ctl("state", "erase", SYSTEM, child, admin=mesh).ok()
    before = len(mesh.host.seen(child, "inc"))
    time.sleep(0.5)
    assert len(mesh.host.seen(child, "inc")) == before
    assert rows(mesh.kernel.folder / "spawn.db", "SELECT deleted FROM record WHERE"
                " CAST(key AS TEXT) LIKE ?", f"a/%{child}") == [(1,)]


def test_history_does_not_come_after_the_newest(fresh, tmp_path):
    mesh = fresh(KEPT)
    name = grown(mesh, 3)
    bare, whole = tmp_path / "bare.jsonl", tmp_path / "whole.jsonl"
    ctl("state", "export", "--prefix", "a/", "-o", str(bare), admin=mesh).ok()
    ctl("state", "export", "--prefix", "a/", "--history", "-o", str(whole), admin=mesh).ok()
    assert bare.stat().st_mode & 0o777 == 0o600 and not list(tmp_path.glob("*.part"))
    mesh.kernel.stop()
    target = file_config(mesh, tmp_path / "new.yaml", statestores={
        "main": {"use": "sqlite", "config": {"path": str(tmp_path / "new.db")}}})
    ctl("state", "import", "--config", target, str(bare)).ok()
    late = ctl("state", "import", "--config", target, str(whole))
    assert late.code == 1 and name in late.err and "before" in late.err
    assert "problems 2" in late.out
    assert ctl("state", "rekey", "--from", "x").code == 2


def test_records_move_from_store_to_store(fresh, tmp_path):
    """Export and import keep revisions, writers, times and history; the second import finds all of
    it there; the kernel on the new store goes on where the old one was."""
    mesh = fresh(KEPT)
    names = [grown(mesh, steps) for steps in (1, 3, 9)]
    ctl("state", "delete", SYSTEM, names[1], admin=mesh).ok()
    before = [revisions(mesh, name) for name in names]
    exported = tmp_path / "all.jsonl"
    ctl("state", "export", "--history", "-o", str(exported), admin=mesh).ok()
    lines = [json.loads(line) for line in exported.read_text().splitlines()]
    assert lines[0]["spawn_export"] == 1 and lines[-1]["spawn_export_end"] == len(lines) - 2
    assert sum(line.get("history", False) for line in lines) == 3 + 8
    mesh.kernel.stop()

    target = file_config(mesh, tmp_path / "new.yaml", statestores={
        "main": {"use": "sqlite", "config": {"path": str(tmp_path / "new.db")}}})
    told = ctl("--json", "state", "import", "--config", target, str(exported)).ok().json
    assert told == {"imported": len(lines) - 2, "there": 0, "expired": 0, "problems": 0}
    again = ctl("--json", "state", "import", "--config", target, str(exported)).ok().json
    assert again["imported"] == 0 and again["there"] == len(lines) - 2 and again["problems"] == 0
    question = ("SELECT key, revision, writer, type_url, payload, meta, written_at, deleted"
                " FROM record WHERE CAST(key AS TEXT) LIKE 'a/%' ORDER BY key")
    assert rows(tmp_path / "new.db", question) == rows(mesh.kernel.folder / "spawn.db", question)

    mesh.kernel.config["statestores"] = {
        "main": {"use": "sqlite", "config": {"path": str(tmp_path / "new.db")}}}
    mesh.kernel.start()
    assert [mesh.count(name) for name in names] == [1, 0, 9]
    assert [revisions(mesh, name) for name in names] == before
    mesh.invoke(names[2], "inc").expect_ok()
    assert revisions(mesh, names[2])[0] == 10
    # What was written since is not written over, and said.
    differs = ctl("state", "import", str(exported), admin=mesh)
    assert differs.code == 1 and names[2] in differs.err and "revision 10" in differs.err


def test_a_history_larger_than_an_answer_comes_in_parts(fresh, tmp_path):
    mesh = fresh(KEPT)
    name = mesh.plain(actions=["grow"])
    for i in range(13):
        mesh.host.on(name, "grow", reply=Reply(state=text(f"{i:02}" + "x" * 1_000_000)))
        mesh.invoke(name, "grow").expect_ok()
    last = grown(mesh, 3)
    pages, cursor = [], ""
    while cursor is not None:
        page = ask(mesh, "GET", "/v1/stores/main/records?history=true&prefix=a/&cursor=" +
                   quote(cursor)).json
        pages.append([(row["key"], row["revision"]) for row in page["records"]])
        cursor = page["cursor"]
    keys = sorted({key for page in pages for key, _ in page})
    assert len(pages) >= 2 and len(keys) == 2 and keys[0].endswith(name)
    assert sum(pages, []) == [(keys[0], n) for n in range(1, 14)] + [(keys[1], n) for n in (1, 2, 3)]
    file = tmp_path / "all.jsonl"
    ctl("state", "export", "--history", "-o", str(file), admin=mesh).ok()
    mesh.kernel.stop()
    target = file_config(mesh, tmp_path / "new.yaml", statestores={
        "main": {"use": "sqlite", "config": {"path": str(tmp_path / "new.db")}}})
    told = ctl("--json", "state", "import", "--config", target, str(file)).ok().json
    assert told["problems"] == 0 and told["there"] == 0
    question = "SELECT key, revision, payload FROM history ORDER BY key, revision"
    assert rows(tmp_path / "new.db", question) == rows(mesh.kernel.folder / "spawn.db", question)
    assert last


def test_an_export_that_is_cut_or_wrong_is_noticed(fresh, tmp_path):
    mesh = fresh()
    name = grown(mesh, 2)
    exported = ctl("state", "export", admin=mesh).ok().out.splitlines(keepends=True)
    for lines, told in ((exported[:-1], "ends early"), (exported[1:], "first line"),
                        (exported[:1] + ["{\n"], "line 2"),
                        (exported[:1] + exported[2:], "records"),
                        (exported[:1] + ['{"key": "a//x/y", "revision": 0}\n'], "revision"),
                        (exported[:1] + ['{"key": "k", "revision": 1, "payload": "?"}\n'],
                         "payload")):
        file = tmp_path / "bad.jsonl"
        file.write_text("".join(lines))
        ended = ctl("state", "import", str(file), admin=mesh)
        assert ended.code == 1 and told in ended.err, (told, ended.err)
    assert ctl("state", "import", "/none", admin=mesh).code == 2
    assert mesh.count(name) == 2


def test_an_offline_export_needs_no_running_kernel(fresh, tmp_path):
    mesh = fresh(KEPT)
    name = grown(mesh, 3)
    config = file_config(mesh, tmp_path / "same.yaml")
    busy = ctl("state", "export", "--config", config)
    assert busy.code == 1 and "spawn.db" in busy.err
    mesh.kernel.stop()
    out = ctl("state", "export", "--config", config, "--prefix", "a/").ok().out.splitlines()
    assert len(out) == 3 and json.loads(out[1])["key"].endswith(name)
    mesh.kernel.start()
    assert mesh.count(name) == 3


def test_keys_rotate_while_the_kernel_serves(fresh, tmp_path):
    """A kernel under a new key reads what the old one sealed; after `rekey` it needs the old one no
    more: for states, history, tombstones and the kernel's own records."""
    first, second = key_of(1), key_of(2)
    mesh = fresh(KEPT | {"encryption": {"key": first}})
    names = [grown(mesh, 4) for _ in range(3)]
    ctl("state", "delete", SYSTEM, names[2], admin=mesh).ok()
    mesh.kernel.stop()
    mesh.kernel.config["encryption"] = {"key": second, "keys": [first]}
    mesh.kernel.start()
    mesh.invoke(names[0], "inc").expect_ok()
    told = ctl("--json", "state", "rekey", admin=mesh).ok().json["stores"][0]
    assert told["problems"] == 0 and told["changed"] >= 10
    again = ctl("--json", "state", "rekey", admin=mesh).ok().json["stores"][0]
    assert again["changed"] == 0 and again["looked_at"] == told["looked_at"]
    assert mesh.invoke(names[1], "inc").expect_ok().value
    mesh.kernel.stop()
    mesh.kernel.config["encryption"] = {"key": second, "required": True}
    mesh.kernel.start()
    assert [mesh.count(name) for name in names] == [5, 5, 0]
    history = ctl("--json", "state", "history", SYSTEM, names[0], admin=mesh).ok().json
    assert len(history["revisions"]) == 5
    assert not any("unreadable" in each for each in history["revisions"])


def test_a_record_whose_key_is_missing_is_named_by_rekey(fresh):
    mesh = fresh({"encryption": {"key": key_of(1)}})
    name = grown(mesh, 2)
    mesh.kernel.stop()
    mesh.kernel.config["encryption"] = {"key": key_of(2)}
    mesh.kernel.start()
    ended = ctl("state", "rekey", admin=mesh)
    assert ended.code == 1 and name in ended.err
    clear = fresh()
    refused = ctl("state", "rekey", admin=clear)
    assert refused.code == 1 and "encryption.key" in refused.err


def test_history_is_pruned_by_count_and_age(fresh):
    mesh = fresh(KEPT)
    names = [grown(mesh, 6) for _ in range(3)]
    assert ctl("state", "prune", admin=mesh).code == 1
    ctl("state", "prune", "--keep", "2", "--prefix", f"a/{SYSTEM}//{names[0]}", admin=mesh).ok()
    assert revisions(mesh, names[0]) == [6, 5, 4] and len(revisions(mesh, names[1])) == 6
    assert ctl("state", "prune", "--older-than", "1y", admin=mesh).code == 2
    ctl("state", "prune", "--older-than", "1h", admin=mesh).ok()
    assert len(revisions(mesh, names[1])) == 6
    answer = ask(mesh, "POST", "/v1/stores/main/prune?older_than_ms=1")
    assert answer.status == 200 and answer.json["changed"] >= 3
    assert [revisions(mesh, name) for name in names] == [[6]] * 3
    assert [mesh.count(name) for name in names] == [6] * 3


def test_history_that_is_too_old_goes_by_itself(fresh):
    """Of an actor that is never saved again."""
    mesh = fresh({"durability": {"history": {"keep": "3s"}}})
    name = grown(mesh, 4)
    assert len(revisions(mesh, name)) == 4
    eventually(lambda: revisions(mesh, name) == [4], 15, "the background pass")
    assert mesh.count(name) == 4


def test_the_stores_tell_how_much_they_hold(fresh):
    mesh = fresh(KEPT)
    name = grown(mesh, 3)
    out = ctl("store", "stats", admin=mesh).ok().out.splitlines()
    assert out[0].split()[:2] == ["STORE", "PLUGIN"] and out[1].split()[:2] == ["main", "sqlite"]
    store = ctl("--json", "store", "stats", admin=mesh).ok().json["stores"][0]
    assert store["stats"]["revisions"] == 2 and store["stats"]["records"] >= 2, name
    assert store["stats"]["bytes"] > 0 and store["stats"]["schema_version"] == 1
    for path in ("records", "rekey", "prune"):
        method = "GET" if path == "records" else "POST"
        assert ask(mesh, method, f"/v1/stores/none/{path}").status == 404
        assert ask(mesh, method, f"/v1/stores/main/{path}?cursor=!").status in (400, 409)


def test_the_schema_is_printed_without_a_kernel(tmp_path):
    env = {"SPAWN_PLUGIN_PATH": str(BUILD / "plugins"), "SPAWN_PLUGIN_STORE": str(tmp_path / "p")}
    for plugin in ("sqlite", "postgres", "mysql"):
        if not (BUILD / "plugins" / "statestore" / plugin).is_dir():
            continue
        out = ctl("store", "schema", "--plugin", plugin, env=env).ok().out
        assert "CREATE TABLE" in out and "history" in out
    with sqlite3.connect(tmp_path / "made.db") as db:
        db.executescript(ctl("store", "schema", "--plugin", "sqlite", env=env).ok().out)
    for plugin, told in (("memory", "spawn.statestore.admin"), ("nothing", "nothing")):
        ended = ctl("store", "schema", "--plugin", plugin, env=env)
        assert ended.code == 1 and told in ended.err


def test_tables_made_by_the_printed_schema_serve(fresh, tmp_path):
    env = {"SPAWN_PLUGIN_PATH": str(BUILD / "plugins"), "SPAWN_PLUGIN_STORE": str(tmp_path / "p")}
    made = tmp_path / "made.db"
    with sqlite3.connect(made) as db:
        db.executescript(ctl("store", "schema", "--plugin", "sqlite", env=env).ok().out)
    mesh = fresh({"statestores": {"main": {"use": "sqlite", "config": {"path": str(made)}}}})
    assert mesh.count(grown(mesh, 2)) == 2
    other = tmp_path / "other.yaml"
    other.write_text(yaml.safe_dump({"statestores": {
        "spare": {"use": "sqlite", "config": {"path": str(tmp_path / "spare.db")}}}}))
    assert "up to date" in ctl("store", "migrate", "--config", str(other), env=env).ok().out
    assert rows(tmp_path / "spare.db", "SELECT version FROM schema_version") == [(1,)]
    ended = ctl("store", "migrate", "--config", str(other), "--store", "none", env=env)
    assert ended.code == 1 and "none" in ended.err and os.path.exists(socket_of(mesh))
