"""Hosts that are down, slow or flapping, and what the policies of docs/resiliency.md make of it:
time per action, tries within a turn, circuit breakers, so many calls at a time or per second."""
import json
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from harness import host as manners
from harness.host import Answer, Reply
from harness.mesh import counting, eventually, now_ms
from harness.wire import (BUILD, POOLED, UNNAMED, actor, invocation, text, workflow)

ROWS = {"messages": {"attempts": 3, "backoff_first_ms": 20, "backoff_max_ms": 50}}


def ctl(mesh, *arguments):
    run = subprocess.run(
        [str(BUILD / "bin" / "spawnctl"), "--admin", mesh.kernel.config["admin"]["address"],
         *arguments], capture_output=True, text=True, timeout=30, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def rows(mesh, *verb):
    return next(iter(json.loads(ctl(mesh, "--json", *verb)).values()))


def metric(mesh, name):
    """Sum of the series whose name and labels begin so."""
    return sum(float(line.rsplit(" ", 1)[1]) for line in ctl(mesh, "metrics").splitlines()
               if line.startswith(name))


def breaker(mesh):
    return json.loads(ctl(mesh, "--json", "hosts", "list"))["hosts"][0]["circuit_breaker"]


def in_parallel(n, what):
    with ThreadPoolExecutor(n) as pool:
        return list(pool.map(what, range(n)))


def retry_after(outcome):
    return int(outcome.response.headers["retry-after"])


def failing_first(times, bad):
    """An action that answers so many times badly, then counts. Returns it and the list of calls."""
    calls = []

    def act(call):
        calls.append(call)
        if len(calls) <= times:
            return bad
        total = int(call.state or 0) + 1
        return Reply(state=text(total), payload=text(total))

    return act, calls


# --- time -----------------------------------------------------------------------------------------
def test_an_action_has_its_own_time(fresh):
    """`slow` of this type gets 100 ms; its other actions as long as they had before."""
    mesh = fresh({"actors": {"t": {"actions": {"slow": {"timeout_ms": 100}}}}})
    for action in ("slow", "other"):
        mesh.host.on("t", action, lambda call: Reply(payload=text("late"), delay=0.5))
    mesh.register(actor("t", ["slow", "other"]))
    mesh.invoke("t", "slow").expect_error("DEADLINE_EXCEEDED")
    assert mesh.invoke("t", "other").expect_ok().value == "late"


def test_the_time_of_a_type_holds_for_pooled_actors_too(fresh):
    mesh = fresh({"actors": {"p": {"timeout_ms": 100}}})
    mesh.host.on("p", "act", lambda call: Reply(delay=0.5))
    mesh.register(actor("p", ["act"], kind=POOLED, stateful=False))
    mesh.invoke("p", "act", pooled=True).expect_error("DEADLINE_EXCEEDED")


# --- tries within a turn --------------------------------------------------------------------------
@pytest.mark.parametrize("bad, word", [(Answer(status=503), "unavailable"),
                                       (Answer(status=500), "error"),
                                       (manners.slam(), "closed")])
def test_a_call_is_tried_again_where_the_operator_allows_it(fresh, bad, word):
    mesh = fresh({"resiliency": {"again": {"retry": {
        "attempts": 3, "backoff_first_ms": 5, "on": ["refused", word], "unsafe": True}}},
        "actors": {"a": {"resiliency": "again"}}})
    act, calls = failing_first(2, bad)
    mesh.host.on("a", "act", act)
    mesh.register(actor("a", ["act"]))
    assert mesh.invoke("a", "act").expect_ok().value == "1"
    assert len(calls) == 3
    assert metric(mesh, "spawn_host_call_retries_total") == 2


def test_what_may_have_run_is_not_run_again_by_itself(fresh):
    mesh = fresh({"actors": {"a": {"resiliency": {"retry": {"attempts": 5}}}}})
    act, calls = failing_first(9, Answer(status=503))
    mesh.host.on("a", "act", act)
    mesh.register(actor("a", ["act"]))
    mesh.invoke("a", "act").expect_error("HOST_ERROR")
    assert len(calls) == 1


def test_a_slow_try_is_given_up_and_the_next_one_answers(fresh):
    mesh = fresh({"actors": {"a": {"resiliency": {
        "timeout_ms": 150, "retry": {"on": ["timeout"], "unsafe": True, "backoff_first_ms": 5}}}}})
    act, calls = failing_first(1, manners.never())
    mesh.host.on("a", "act", act)
    mesh.register(actor("a", ["act"]))
    assert mesh.invoke("a", "act").expect_ok().value == "1"
    assert len(calls) == 2


def test_an_actor_stays_busy_between_two_tries_so_its_order_is_kept(fresh):
    mesh = fresh({"actors": {"a": {"resiliency": {
        "retry": {"on": ["unavailable"], "unsafe": True, "backoff_first_ms": 200}}}}})
    seen = []

    def act(call):
        seen.append(call.payload.value.decode())
        return Answer(status=503) if len(seen) == 1 else Reply(payload=text("ok"))

    mesh.host.on("a", "act", act)
    mesh.register(actor("a", ["act"]))
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(mesh.invoke, "a", "act", text("1"))
        mesh.host.wait(1, "a", "act")
        second = pool.submit(mesh.invoke, "a", "act", text("2"))
        first.result().expect_ok()
        second.result().expect_ok()
    assert seen == ["1", "1", "2"]


def test_a_stored_message_is_tried_again_by_its_own_rules_alone(fresh):
    """Three attempts of the row, not three times three."""
    mesh = fresh({"durability": ROWS, "actors": {"a": {"resiliency": {
        "retry": {"attempts": 3, "backoff_first_ms": 1, "on": ["unavailable"], "unsafe": True}}}}})
    act, calls = failing_first(99, Answer(status=503))
    mesh.host.on("a", "act", act)
    mesh.register(actor("a", ["act"]))
    mesh.invoke("a", "act", asynchronous=True).expect_ok()
    eventually(lambda: rows(mesh, "dead-letters", "list"), what="the dead letter")
    assert len(calls) == 3


# --- circuit breaker ------------------------------------------------------------------------------
BREAKER = {"host": {"retry_ms": 0, "circuit_breaker": {"failures": 3, "open_ms": 400}}}


def test_a_host_that_is_down_opens_its_breaker_and_closes_it_when_it_is_back(fresh):
    mesh = fresh(BREAKER)
    name = mesh.counter()
    assert breaker(mesh) is None or breaker(mesh)["state"] == "closed"
    mesh.host.stop()
    for _ in range(3):
        mesh.invoke(name, "inc").expect_error("UNAVAILABLE", 503)
    refused = mesh.invoke(name, "inc").expect_error("UNAVAILABLE", 503)
    assert "circuit breaker" in refused.text and "not executed" in refused.text
    assert retry_after(refused) >= 1
    assert breaker(mesh) == {"state": "open", "opened": 1}
    assert metric(mesh, "spawn_host_breaker_opened_total") == 1
    assert metric(mesh, "spawn_host_calls_held_back_total{by=\"circuit_breaker\"}") >= 1
    mesh.host.start()
    eventually(lambda: mesh.invoke(name, "inc").ok, what="the probe")
    assert breaker(mesh) == {"state": "closed", "opened": 1}
    assert mesh.count(name) == 1
    assert metric(mesh, "spawn_host_breaker_state") == 0
    assert "the circuit breaker of a host changed" in mesh.kernel.tail(400)
    assert "the circuit breaker of a host closed" in mesh.kernel.tail(400)


def test_an_open_breaker_spares_the_host(fresh):
    """A slow host: after three time-outs nobody reaches it until a probe may."""
    mesh = fresh({"host": {"circuit_breaker": {"failures": 3, "open_ms": 60_000}},
                  "actors": {"a": {"timeout_ms": 100}}})
    mesh.host.on("a", "act", lambda call: Reply(delay=1.0))
    mesh.register(actor("a", ["act"]))
    for _ in range(3):
        mesh.invoke("a", "act").expect_error("DEADLINE_EXCEEDED")
    for _ in range(20):
        mesh.invoke("a", "act").expect_error("UNAVAILABLE", 503)
    assert len(mesh.host.seen("a", "act")) == 3


def test_an_error_of_the_application_is_no_failure_of_the_host(fresh):
    mesh = fresh(BREAKER)
    mesh.host.on("a", "act", reply=Answer(status=500))
    mesh.register(actor("a", ["act"]))
    for _ in range(10):
        mesh.invoke("a", "act").expect_error("HOST_ERROR")
    assert breaker(mesh)["state"] == "closed"


def test_a_flapping_host_is_probed_by_one_call_at_a_time(fresh):
    """Of many callers on all lanes one finds the breaker half open; its failure opens it again."""
    mesh = fresh({"host": {"circuit_breaker": {"failures": 2, "open_ms": 300}},
                  "runtime": {"lanes": 4}})
    names = [mesh.name("a") for _ in range(8)]
    for name in names:
        mesh.host.on(name, "act", reply=Answer(status=503, delay=0.05))
    mesh.register(*[actor(name, ["act"]) for name in names])
    enough = threading.Event()

    def hammer(i):
        while not enough.is_set():
            mesh.invoke(names[i], "act")
            time.sleep(0.002)

    with ThreadPoolExecutor(len(names)) as pool:
        callers = [pool.submit(hammer, i) for i in range(len(names))]
        try:
            eventually(lambda: breaker(mesh)["opened"] >= 4, 20, "a breaker that opens again")
        finally:
            enough.set()
        for each in callers:
            each.result()
    # Before it opened first, calls of all lanes were out; afterwards there is one per opening.
    assert len(mesh.host.seen(action="act")) <= 3 * len(names) + breaker(mesh)["opened"] + 1


def test_a_stored_message_waits_for_a_host_that_is_down_without_using_up_its_attempts(fresh):
    """An outage many times as long as three attempts take: no dead letter, and order is kept."""
    mesh = fresh({"host": {"retry_ms": 0, "circuit_breaker": {"failures": 1, "open_ms": 1500}},
                  "durability": ROWS})
    seen = []

    def take(call):
        seen.append(call.payload.value.decode())
        return Reply(state=text(len(seen)))

    mesh.host.on("target", "take", take)
    mesh.host.on("target", "hold", lambda call: manners.never())
    mesh.host.on("sender", "act", lambda call: Reply(
        state=text(1), workflow=workflow(effects=[
            invocation("target", "take", text(i), asynchronous=True) for i in range(5)])))
    mesh.register(actor("target", ["take", "hold"]), actor("sender", ["act"]))
    with ThreadPoolExecutor(1) as pool:
        holds = pool.submit(mesh.invoke, "target", "hold")
        mesh.host.wait(1, "target", "hold")
        mesh.invoke("sender", "act").expect_ok()
        mesh.host.stop()
        holds.result().expect_error("HOST_ERROR")
    eventually(lambda: breaker(mesh)["state"] == "open", what="an open breaker")
    time.sleep(1.0)
    waiting = rows(mesh, "messages", "list")
    assert len(waiting) == 5 and all(row["attempts"] == 0 for row in waiting), waiting
    mesh.host.start()
    eventually(lambda: rows(mesh, "messages", "list") == [], 15, "delivery")
    assert seen == [str(i) for i in range(5)]
    assert rows(mesh, "dead-letters", "list") == []


# --- so many at a time ----------------------------------------------------------------------------
def test_so_many_calls_of_a_type_at_a_time_whichever_lanes_they_are_on(fresh):
    mesh = fresh({"runtime": {"lanes": 4}, "actors": {"many": {"resiliency": {"concurrency": 3}}}})
    running, most = [0], [0]
    lock = threading.Lock()

    def act(call):
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        time.sleep(0.02)
        with lock:
            running[0] -= 1
        return Reply(payload=text("ok"))

    mesh.host.on("many", "act", act)
    mesh.register(actor("many", ["act"], kind=UNNAMED))
    ended = in_parallel(24, lambda i: mesh.invoke(f"child-{i}", "act", ref="many"))
    assert all(each.ok for each in ended), [each.text for each in ended]
    assert most[0] <= 3


def test_beyond_the_queue_a_caller_is_refused(fresh):
    mesh = fresh({"actors": {"many": {"actions": {"hold": {"concurrency": 1, "queue": 1}}}}})
    gate = threading.Event()
    mesh.host.on("many", "hold", lambda call: (gate.wait(10), Reply(payload=text("ok")))[1])
    mesh.host.on("many", "free", lambda call: Reply(payload=text("ok")))
    mesh.register(actor("many", ["hold", "free"], kind=UNNAMED))
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(mesh.invoke, "c1", "hold", ref="many")
        mesh.host.wait(1, "c1", "hold")
        second = pool.submit(mesh.invoke, "c2", "hold", ref="many")
        eventually(lambda: metric(mesh, "spawn_host_calls_waiting") == 1, what="a call that waits")
        beyond = mesh.invoke("c3", "hold", ref="many").expect_error("RESOURCE_EXHAUSTED", 503)
        assert "actors.many.actions.hold.concurrency" in beyond.text
        assert retry_after(beyond) >= 1
        mesh.invoke("c3", "free", ref="many").expect_ok()
        gate.set()
        assert first.result().ok and second.result().ok


def test_pooled_calls_are_counted_with_the_others(fresh):
    mesh = fresh({"actors": {"p": {"resiliency": {"concurrency": 2, "queue": 0}}}})
    gate = threading.Event()
    mesh.host.on("p", "act", lambda call: (gate.wait(10), Reply(payload=text("ok")))[1])
    mesh.register(actor("p", ["act"], kind=POOLED, stateful=False))
    with ThreadPoolExecutor(2) as pool:
        held = [pool.submit(mesh.invoke, "p", "act", pooled=True) for _ in range(2)]
        mesh.host.wait(2, "p", "act")
        mesh.invoke("p", "act", pooled=True).expect_error("RESOURCE_EXHAUSTED", 503)
        gate.set()
        assert all(each.result().ok for each in held)


# --- so many per second ---------------------------------------------------------------------------
def test_beyond_the_rate_a_caller_is_told_when_to_come_again(fresh):
    mesh = fresh({"actors": {"a": {"resiliency": {"rate_limit": {"per_s": 0.2, "burst": 2}}}}})
    mesh.register(actor("a", ["act"]))
    for _ in range(2):
        mesh.invoke("a", "act").expect_ok()
    beyond = mesh.invoke("a", "act").expect_error("RESOURCE_EXHAUSTED", 503)
    assert "actors.a.resiliency.rate_limit" in beyond.text and "not executed" in beyond.text
    assert 2 <= retry_after(beyond) <= 5
    assert len(mesh.host.seen("a", "act")) == 2
    assert metric(mesh, "spawn_host_calls_held_back_total{by=\"rate_limit\"}") == 1


def test_stored_messages_beyond_the_rate_wait_and_lose_no_attempt(fresh):
    """40 messages at 20 a second, with room for two of them in the queue; none is tried in vain."""
    mesh = fresh({"durability": ROWS, "actors": {"a": {"resiliency": {
        "queue": 2, "rate_limit": {"per_s": 20, "burst": 1}}}}})
    counting(mesh.host, "a")
    mesh.register(actor("a", ["inc", "read"], kind=UNNAMED))
    for i in range(40):
        mesh.invoke(f"child-{i}", "inc", ref="a", asynchronous=True).expect_ok()
    eventually(lambda: rows(mesh, "messages", "list") == [], 20, "delivery")
    assert rows(mesh, "dead-letters", "list") == []
    calls = mesh.host.seen(action="inc")
    assert len(calls) == 40
    assert calls[-1].at - calls[0].at >= 1.0, "40 calls at 20 a second take two seconds"


def test_messages_that_are_put_off_hold_no_stop_up_and_are_there_after_a_start(fresh):
    """One a minute and no queue: the kernel stops cleanly, and without the policy all arrive."""
    mesh = fresh({"durability": ROWS, "actors": {"a": {"resiliency": {
        "queue": 0, "rate_limit": {"per_s": 0.017, "burst": 1}}}}})
    counting(mesh.host, "a")
    mesh.register(actor("a", ["inc", "read"]))
    for _ in range(4):
        mesh.invoke("a", "inc", asynchronous=True).expect_ok()
    eventually(lambda: len(rows(mesh, "messages", "list")) == 3, what="one that had a token")
    assert mesh.kernel.stop() == 0
    del mesh.kernel.config["actors"]
    mesh.kernel.start()
    eventually(lambda: rows(mesh, "messages", "list") == [], 15, "delivery")
    assert mesh.count("a") == 4
    assert rows(mesh, "dead-letters", "list") == []


def test_scheduled_messages_beyond_the_rate_come_later(fresh):
    mesh = fresh({"durability": ROWS, "actors": {"a": {"resiliency": {
        "queue": 0, "rate_limit": {"per_s": 10, "burst": 1}}}}})
    counting(mesh.host, "a")
    mesh.register(actor("a", ["inc", "read"]))
    due = now_ms() + 300
    for _ in range(4):
        mesh.invoke("a", "inc", at=due).expect_ok()
    eventually(lambda: len(mesh.host.seen("a", "inc")) == 4, 15, "all four")
    assert rows(mesh, "dead-letters", "list") == []


def test_messages_to_pooled_actors_beyond_the_rate_come_later(fresh):
    mesh = fresh({"durability": ROWS, "actors": {"p": {"resiliency": {
        "queue": 0, "rate_limit": {"per_s": 10, "burst": 1}}}}})
    mesh.host.on("p", "act", lambda call: Reply())
    mesh.host.on("sender", "act", lambda call: Reply(
        state=text(1), workflow=workflow(effects=[
            invocation("p", "act", pooled=True, asynchronous=True) for _ in range(4)])))
    mesh.register(actor("p", ["act"], kind=POOLED, stateful=False), actor("sender", ["act"]))
    mesh.invoke("sender", "act").expect_ok()
    eventually(lambda: rows(mesh, "messages", "list") == [], 15, "delivery")
    assert len(mesh.host.seen("p", "act")) == 4
    assert rows(mesh, "dead-letters", "list") == []


# --- configuration --------------------------------------------------------------------------------
@pytest.mark.parametrize("config, says", [
    ({"resiliency": {"p": {"retries": 3}}}, "resiliency.p.retries: unknown key"),
    ({"resiliency": {"p": {"retry": {"on": ["timeout"]}}}}, "resiliency.p.retry.on.0: "),
    ({"actors": {"A": {"resiliency": "p"}}}, "actors.A.resiliency: there is no policy named 'p'"),
    ({"actors": {"A": {"actions": {"Pay": {"queue": -1}}}}}, "actors.A.actions.Pay.queue: "),
    ({"host": {"circuit_breaker": {"failures": 0}}}, "host.circuit_breaker: ")])
def test_a_mistake_in_a_policy_stops_the_start_and_names_the_key(fresh, config, says):
    mesh = fresh(config, start=False)
    mesh.kernel.launch()
    assert mesh.kernel.wait_exit() == 3
    assert says in mesh.kernel.tail()


def test_what_holds_is_shown_by_config(fresh):
    mesh = fresh({"resiliency": {"p": {"concurrency": 5}},
                  "actors": {"A": {"resiliency": "p", "actions": {"Pay": {"timeout_ms": 9}}}}})
    shown = json.loads(ctl(mesh, "--json", "config", "show"))
    assert shown["resiliency"]["p"]["concurrency"] == 5
    assert shown["actors"]["A"]["resiliency"] == "p"
    assert shown["actors"]["A"]["actions"]["Pay"]["timeout_ms"] == 9
