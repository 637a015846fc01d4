"""A call with metadata `idempotency-key` takes effect once, over kill -9 at any moment, and its
repeats get what it was answered (durability.md 22)."""
import json
import sqlite3
import threading
import time

from harness import host as manners
from harness.host import Reply
from harness.mesh import counting, eventually, now_ms
from harness.wire import actor, invocation, text, workflow
from test_messages import ctl, rows, slow_once

CONFIG = {"timeouts": {"deactivate_ms": 300, "request_ms": 1500},
          "durability": {"messages": {"attempts": 3, "backoff_first_ms": 20, "backoff_max_ms": 100}}}


def keyed(key, ms=0):
    return {"idempotency-key": key} | ({"request-timeout": str(ms)} if ms else {})


def runs(mesh, name, action="inc"):
    return len(mesh.host.seen(name, action))


def in_thread(call):
    """Runs it beside the test; the list gets what it returned, or the error."""
    out = []

    def work():
        try:
            out.append(call())
        except OSError as gone:
            out.append(gone)

    thread = threading.Thread(target=work)
    thread.start()
    return thread, out


# --- repeats ----------------------------------------------------------------------------------------
def test_a_repeat_gets_the_stored_response_and_does_not_run(fresh):
    mesh = fresh(CONFIG)
    name = mesh.counter()
    assert mesh.invoke(name, "inc", text(3), metadata=keyed("a")).expect_ok().value == "3"
    mesh.invoke(name, "inc", text(4)).expect_ok()
    assert mesh.invoke(name, "inc", text(3), metadata=keyed("a")).expect_ok().value == "3"
    assert (mesh.count(name), runs(mesh, name)) == (7, 2)
    assert mesh.invoke(name, "inc", text(3), metadata=keyed("b")).expect_ok().value == "10"


def test_a_response_is_remembered_over_kill_and_restart(fresh):
    """Killed right after the answer: the next life tells the same."""
    mesh = fresh(CONFIG)
    name = mesh.counter()
    mesh.invoke(name, "inc", text(5), metadata=keyed("a")).expect_ok()
    mesh.kernel.crash()
    assert mesh.invoke(name, "inc", text(5), metadata=keyed("a")).expect_ok().value == "5"
    assert (mesh.count(name), runs(mesh, name)) == (5, 1)


def test_a_call_whose_answer_was_lost_with_the_kernel_took_effect_once(fresh):
    """kill -9 under keyed calls, each repeated until it was answered."""
    mesh = fresh(CONFIG)
    name = mesh.counter()
    calls, answers, stop = 4, {}, threading.Event()

    def client(number):
        for turn in range(10_000):
            if stop.is_set():
                return
            key = f"{number}-{turn}"
            while True:
                try:
                    outcome = mesh.invoke(name, "inc", text(1), metadata=keyed(key))
                    if outcome.ok:
                        break
                except OSError:
                    pass
                time.sleep(0.01)
            answers[key] = outcome.value

    clients = [threading.Thread(target=client, args=(n,)) for n in range(calls)]
    for each in clients:
        each.start()
    for _ in range(6):
        before = len(answers)
        eventually(lambda seen=before: len(answers) > seen + 20, 30, "calls between two kills")
        mesh.kernel.crash()
    stop.set()
    for each in clients:
        each.join(30)
    assert mesh.count(name) == len(answers)
    assert sorted(map(int, answers.values())) == list(range(1, len(answers) + 1))


def test_a_repeat_beside_the_running_call_does_not_run(fresh):
    """Both wait for the one run; the second is told what the first was."""
    mesh = fresh(CONFIG)
    name = mesh.name("slow")
    mesh.host.on(name, "inc", lambda call: Reply(state=text(int(call.state or 0) + 1),
                                                 payload=text("done"), delay=0.3))
    mesh.register(actor(name, ["inc"]))
    callers = [in_thread(lambda: mesh.invoke(name, "inc", metadata=keyed("a"))) for _ in range(8)]
    for thread, _ in callers:
        thread.join(10)
    assert [out[0].expect_ok().value for _, out in callers] == ["done"] * 8
    assert runs(mesh, name) == 1


def test_a_repeat_that_cannot_wait_as_long_is_told_to_come_again(fresh):
    """409 with Retry-After while the call runs at its host."""
    mesh = fresh(CONFIG)
    name = mesh.name("slow")
    mesh.host.on(name, "inc", lambda call: Reply(state=text(1), payload=text("done"), delay=1.0))
    mesh.register(actor(name, ["inc"]))
    first, out = in_thread(lambda: mesh.invoke(name, "inc", metadata=keyed("a")))
    mesh.host.wait(name=name, action="inc")
    early = mesh.invoke(name, "inc", metadata=keyed("a", ms=100))
    early.expect_error("CALL_IN_PROGRESS", http=409)
    assert int(early.response.headers["retry-after"]) >= 1
    first.join(10)
    assert out[0].expect_ok().value == "done"
    assert mesh.invoke(name, "inc", metadata=keyed("a")).expect_ok().value == "done"


def test_a_key_of_another_call_is_refused(fresh):
    """422: other payload, other action; nothing runs."""
    mesh = fresh(CONFIG)
    name = mesh.counter()
    mesh.invoke(name, "inc", text(1), metadata=keyed("a")).expect_ok()
    mesh.invoke(name, "inc", text(2), metadata=keyed("a")).expect_error("KEY_REUSED", http=422)
    mesh.invoke(name, "read", text(1), metadata=keyed("a")).expect_error("KEY_REUSED", http=422)
    assert mesh.count(name) == 1
    other = mesh.counter()
    mesh.invoke(other, "inc", text(2), metadata=keyed("a")).expect_ok()


def test_a_large_response_is_not_kept(fresh):
    """64 KiB are, one byte more is not: the repeat says that the call took effect."""
    mesh = fresh(CONFIG)
    name = mesh.name("large")

    def answer(call):
        return Reply(state=text(int(call.state or 0) + 1),
                     payload=text("x" * int(call.payload.value)))

    mesh.host.on(name, "act", answer)
    mesh.register(actor(name, ["act"]))
    limit = 64 * 1024
    around = limit - len(text("x" * limit).SerializeToString())
    fits, too_much = limit + around, limit + around + 1
    for size, key in ((fits, "fits"), (too_much, "large")):
        mesh.invoke(name, "act", text(size), metadata=keyed(key)).expect_ok()
    assert len(mesh.invoke(name, "act", text(fits), metadata=keyed("fits")).expect_ok().value) \
        == fits
    mesh.invoke(name, "act", text(too_much), metadata=keyed("large")).expect_error(
        "RESPONSE_NOT_KEPT")
    assert runs(mesh, name, "act") == 2


def test_a_failed_action_leaves_no_key(fresh):
    mesh = fresh(CONFIG)
    name = mesh.counter()
    mesh.host.on(name, "inc", lambda call: manners.failing())
    mesh.invoke(name, "inc", metadata=keyed("a")).expect_error("HOST_ERROR")
    counting(mesh.host, name)
    assert mesh.invoke(name, "inc", metadata=keyed("a")).expect_ok().value == "1"


def test_a_call_that_changes_nothing_is_remembered_too(fresh):
    """Its group has a check of the record and the key; also of an actor without a record."""
    mesh = fresh(CONFIG)
    name = mesh.name("reader")
    mesh.host.on(name, "ask", lambda call: Reply(payload=text(runs(mesh, name, "ask"))))
    mesh.register(actor(name, ["ask"]))
    assert mesh.invoke(name, "ask", metadata=keyed("a")).expect_ok().value == "1"
    mesh.kernel.crash()
    assert mesh.invoke(name, "ask", metadata=keyed("a")).expect_ok().value == "1"
    assert mesh.invoke(name, "ask", metadata=keyed("b")).expect_ok().value == "2"


def test_keys_are_forgotten_in_time(fresh):
    """durability.messages.idempotency_keys_keep_s: a later repeat runs again, and is remembered."""
    mesh = fresh({"durability": {"messages": {"idempotency_keys_keep_s": 1}}})
    name = mesh.counter()
    mesh.invoke(name, "inc", metadata=keyed("a")).expect_ok()
    mesh.invoke(name, "inc", metadata=keyed("a")).expect_ok()
    assert mesh.count(name) == 1
    time.sleep(1.2)
    assert mesh.invoke(name, "inc", metadata=keyed("a")).expect_ok().value == "2"
    assert mesh.invoke(name, "inc", metadata=keyed("a")).expect_ok().value == "2"
    assert mesh.count(name) == 2


def test_a_deleted_actor_does_not_forget_its_keys(fresh):
    mesh = fresh(CONFIG)
    name = mesh.counter()
    mesh.invoke(name, "inc", text(4), metadata=keyed("a")).expect_ok()
    mesh.invoke(name, "inc", text(1)).expect_ok()
    ctl(mesh, "state", "delete", "spawn-system", name)
    assert mesh.invoke(name, "inc", text(4), metadata=keyed("a")).expect_ok().value == "4"
    assert mesh.count(name) == 0


def test_an_erased_actor_is_forgotten_with_its_keys(fresh):
    """Nothing that it ever answered stays."""
    mesh = fresh(CONFIG)
    name = mesh.counter()
    for key in ("a", "b", "c"):
        mesh.invoke(name, "inc", text(4), metadata=keyed(key)).expect_ok()
    receipt = json.loads(ctl(mesh, "--json", "state", "erase", "spawn-system", name))
    assert receipt["stores"][0]["calls"] == 3
    left = sqlite3.connect(mesh.kernel.database).execute(
        "SELECT count(*) FROM record WHERE substr(key, 1, 2) = CAST('k/' AS BLOB)").fetchone()
    assert left == (0,)
    assert mesh.invoke(name, "inc", text(4), metadata=keyed("a")).expect_ok().value == "4"
    assert runs(mesh, name) == 4


# --- chains -----------------------------------------------------------------------------------------
def piping(mesh, target, action="inc"):
    name = mesh.name("first")
    mesh.host.on(name, "act", lambda call: Reply(state=text(int(call.state or 0) + 1),
                                                 payload=text(2), workflow=workflow(
                                                     pipe=(target, action))))
    mesh.register(actor(name, ["act"]))
    return name


def test_the_end_of_a_chain_is_the_response_of_a_repeat(fresh):
    """Also after its kernel was killed while the last hop ran: the repeat waits for it."""
    mesh = fresh(CONFIG)
    target = mesh.counter("target")
    running = slow_once(mesh, target, 2.0)
    name = piping(mesh, target)
    first, out = in_thread(lambda: mesh.invoke(name, "act", metadata=keyed("a")))
    assert running.wait(5)
    mesh.kernel.crash()
    first.join(10)
    assert not getattr(out[0], "ok", False)
    again = mesh.invoke(name, "act", metadata=keyed("a", ms=15000))
    assert again.expect_ok().value == "1"
    assert mesh.invoke(name, "act", metadata=keyed("a")).expect_ok().value == "1"
    assert (mesh.count(target), runs(mesh, name, "act")) == (1, 1)
    eventually(lambda: rows(mesh, "messages", "list") == [], what="the end of all messages")


def test_a_repeat_waits_for_a_chain_as_long_as_it_may(fresh):
    mesh = fresh(CONFIG)
    target = mesh.name("target")
    mesh.host.on(target, "inc", lambda call: Reply(state=text(1), payload=text("end"), delay=0.8))
    mesh.register(actor(target, ["inc"]))
    name = piping(mesh, target)
    first, out = in_thread(lambda: mesh.invoke(name, "act", metadata=keyed("a")))
    mesh.host.wait(name=target, action="inc")
    mesh.invoke(name, "act", metadata=keyed("a", ms=150)).expect_error("CALL_IN_PROGRESS", http=409)
    assert mesh.invoke(name, "act", metadata=keyed("a")).expect_ok().value == "end"
    first.join(10)
    assert out[0].expect_ok().value == "end"
    assert runs(mesh, target) == 1


def test_a_chain_that_ends_in_the_dead_letters_is_a_failed_call(fresh):
    mesh = fresh(CONFIG)
    target = mesh.counter("target")
    mesh.host.on(target, "inc", lambda call: manners.failing())
    name = piping(mesh, target)
    said = mesh.invoke(name, "act", metadata=keyed("a")).expect_error("HOST_ERROR")
    again = mesh.invoke(name, "act", metadata=keyed("a")).expect_error("HOST_ERROR")
    assert again.text == said.text
    assert (runs(mesh, name, "act"), runs(mesh, target)) == (1, 1)


def test_a_chain_through_an_actor_without_a_record_has_an_end(fresh):
    """The last hop keeps nothing: its row goes with the report of its answer."""
    mesh = fresh(CONFIG)
    target = mesh.name("target")
    mesh.host.on(target, "inc", lambda call: Reply(payload=text("end")))
    mesh.register(actor(target, ["inc"], stateful=False))
    name = piping(mesh, target)
    assert mesh.invoke(name, "act", metadata=keyed("a")).expect_ok().value == "end"
    assert mesh.invoke(name, "act", metadata=keyed("a")).expect_ok().value == "end"
    assert runs(mesh, target) == 1


def test_a_chain_between_two_stores_tells_the_first(fresh):
    """The report goes where the call's key is."""
    mesh = fresh(CONFIG)
    kernel = mesh.kernel
    kernel.config["statestores"]["other"] = {"use": "sqlite",
                                             "config": {"path": str(kernel.folder / "other.db")}}
    kernel.config["actors"] = {"there": {"statestore": "other"}}
    kernel.restart()
    target = "there"
    counting(mesh.host, target)
    mesh.register(actor(target, ["inc", "read"]))
    name = piping(mesh, target)
    assert mesh.invoke(name, "act", metadata=keyed("a")).expect_ok().value == "2"
    assert mesh.invoke(name, "act", metadata=keyed("a")).expect_ok().value == "2"
    assert (mesh.count(target), runs(mesh, target)) == (2, 1)


# --- async and scheduled ----------------------------------------------------------------------------
def test_an_async_call_and_its_repeat_are_one_message(fresh):
    mesh = fresh(CONFIG)
    name = mesh.counter()
    for _ in range(3):
        mesh.invoke(name, "inc", asynchronous=True, metadata=keyed("a")).expect_ok()
    mesh.kernel.crash()
    mesh.invoke(name, "inc", asynchronous=True, metadata=keyed("a")).expect_ok()
    eventually(lambda: mesh.count(name) == 1, what="the call")
    time.sleep(0.2)
    assert mesh.count(name) == 1
    mesh.invoke(name, "inc", text(7), asynchronous=True, metadata=keyed("a")).expect_error(
        "KEY_REUSED", http=422)


def test_a_scheduled_call_and_its_repeat_are_one_schedule(fresh):
    mesh = fresh(CONFIG)
    name = mesh.counter()
    due = now_ms() + 500
    for _ in range(3):
        mesh.invoke(name, "inc", at=due, metadata=keyed("a")).expect_ok()
    assert len(rows(mesh, "schedule", "list")) == 1
    eventually(lambda: mesh.count(name) == 1, what="the call")
    time.sleep(0.2)
    assert mesh.count(name) == 1


# --- where nothing is promised ------------------------------------------------------------------------
def test_actors_that_keep_no_record_refuse_keys(fresh):
    """Snapshot mode, stateless and pooled actors: a promise that a restart breaks is none."""
    mesh = fresh({"actors": {"Loose": {"durability": "snapshot"}}})
    mesh.register(actor("Loose", ["act"]), actor("free", ["act"], stateful=False))
    for name in ("Loose", "free"):
        refused = mesh.invoke(name, "act", metadata=keyed("a"))
        refused.expect_error("INVALID_ARGUMENT", http=400)
        assert "idempotency-key" in refused.text


def test_keys_have_a_size(fresh):
    mesh = fresh(CONFIG)
    name = mesh.counter()
    mesh.invoke(name, "inc", metadata=keyed("k" * 512)).expect_ok()
    mesh.invoke(name, "inc", metadata=keyed("k" * 512)).expect_ok()
    assert mesh.count(name) == 1
    for wrong in ("", "k" * 513):
        mesh.invoke(name, "inc", metadata=keyed(wrong)).expect_error("INVALID_ARGUMENT", http=400)


def test_what_a_keyed_call_sends_has_no_key(fresh):
    """Two effects to one actor, alike: both count."""
    mesh = fresh(CONFIG)
    target = mesh.counter("target")
    name = mesh.name("sender")
    effects = [invocation(target, "inc", asynchronous=True) for _ in range(2)]
    mesh.host.on(name, "act", lambda call: Reply(state=text(1), workflow=workflow(effects=effects)))
    mesh.register(actor(name, ["act"]))
    mesh.invoke(name, "act", metadata=keyed("a")).expect_ok()
    eventually(lambda: mesh.count(target) == 2, what="both effects")
    assert "idempotency-key" not in mesh.host.seen(target, "inc")[0].metadata


def test_effects_with_one_key_take_effect_once(fresh):
    """A step that is called again until it answers, as a saga does."""
    mesh = fresh(CONFIG)
    target = mesh.counter("target")
    name = mesh.name("sender")
    effects = [invocation(target, "inc", asynchronous=True, metadata=keyed("step")) for _ in range(3)]
    mesh.host.on(name, "act", lambda call: Reply(state=text(1), workflow=workflow(effects=effects)))
    mesh.register(actor(name, ["act"]))
    mesh.invoke(name, "act").expect_ok()
    eventually(lambda: rows(mesh, "messages", "list") == [], what="the end of all messages")
    assert mesh.count(target) == 1
    assert rows(mesh, "dead-letters", "list") == []
