"""Actors that workflow plugins serve: flows that wait, over kill -9 at any moment
(workflow.h "Flows"; durability.md 19)."""
import copy
import json
import subprocess
import threading
import time

import pytest
from harness import host as manners
from harness.client import Client
from harness.host import Reply
from harness.mesh import eventually
from harness.wire import (ACTOR_NOT_FOUND, BUILD, NOOP, POOLED, actor, actor_id, json_any,
                          protocol_pb, text, workflow)

MESSAGES = {"attempts": 4, "backoff_first_ms": 20, "backoff_max_ms": 100}


def step(name, target, action, back=None, **more):
    out = {"name": name, "actor": target, "action": action, "payload": {"of": "{input.of}"},
           **more}
    if back:
        out["compensate"] = {"action": back, "payload": {"of": "{input.of}"}}
    return out


def config(steps, actors=None, more=(), **saga):
    return {"actors": {name: {"durability": mode} for name, mode in (actors or {}).items()},
            "timeouts": {"deactivate_ms": 300, "request_ms": 3000},
            "durability": {"messages": MESSAGES},
            "workflows": ["forward", "pipe", "effect", "broadcast",
                          {"use": "saga",
                           "config": {"sagas": {"trip": {"steps": steps, **saga}}}}, *more]}


class Trip:
    """A kernel with the saga `trip` over actors whose calls are counted in their states."""

    def __init__(self, fresh, steps=None, fails=(), settings=None, actors=None,
                 more=(), **saga):
        self.steps = steps or [step("hotel", "hotel", "book", "cancel"),
                               step("flight", "flight", "book", "cancel"),
                               step("pay", "bank", "charge", "refund", pivot=True)]
        self.mesh = fresh(config(self.steps, actors, more, **saga))
        self.fails = set(fails)
        self.log = []
        self.settings = settings or {}
        for one in {s["actor"] for s in self.steps}:
            self._serve(one)

    def _serve(self, name):
        actions = ["book", "cancel", "charge", "refund"]

        def act(call):
            if (name, call.action) in self.fails:
                return manners.failing()
            self.log.append((name, call.action))
            done = json.loads(call.state or "{}")
            done[call.action] = done.get(call.action, 0) + 1
            return Reply(state=text(json.dumps(done)), payload=json_any('{"by": "%s"}' % name))

        for action in actions:
            self.mesh.host.on(name, action, act)
        self.mesh.host.on(name, "read", lambda call: Reply(payload=text(call.state or "{}")))
        self.mesh.register(actor(name, [*actions, "read"], **self.settings))

    def call(self, name, action, content=None, **more):
        payload = json_any(json.dumps(content)) if content is not None else NOOP
        return self.mesh.invoke(name, action, payload, ref="saga/trip", **more)

    def status(self, name):
        return read(self.call(name, "status"))

    def start(self, name, **content):
        return read(self.call(name, "start", {"of": name, **content}))

    def await_end(self, name):
        return read(self.call(name, "await"))

    def end_of(self, name):
        """Also over restarts, which callers do not live through."""
        def ended():
            told = self.call(name, "status")
            return told.ok and read(told)["state"] not in ("RUNNING", "COMPENSATING") and read(told)
        return eventually(ended, 20, f"the end of {name}")

    def other(self):
        """The same mesh with a connection of its own."""
        twin = copy.copy(self)
        twin.mesh = copy.copy(self.mesh)
        twin.mesh.client = Client(self.mesh.kernel.port)
        return twin

    def ctl(self, *arguments, code=0):
        run = subprocess.run([str(BUILD / "bin" / "spawnctl"), "--admin",
                              self.mesh.kernel.config["admin"]["address"], *arguments],
                             capture_output=True, text=True, timeout=30, check=False)
        assert code in (None, run.returncode), run.stdout + run.stderr
        return run.stdout + run.stderr

    def flow(self, name):
        return json.loads(self.ctl("--json", "saga", "show", f"trip/{name}"))

    def rows(self, *verb):
        out = self.ctl("--json", *verb, "list")
        return [one for one in next(iter(json.loads(out).values()))
                if one.get("kind") != "flow-timer"]

    @staticmethod
    def names(count):
        return [f"saga-{number}" for number in range(count)]

    def done(self, name):
        return json.loads(self.mesh.invoke(name, "read").expect_ok().value)


def counts(**each):
    return {key: value for key, value in each.items() if value}


JSON_URL = "type.googleapis.com/eigr.functions.protocol.JSONType"


def field(number, content: bytes) -> bytes:
    """A length-delimited field of an encoded message."""
    out = bytearray()
    for value in (number << 3 | 2, len(content)):
        while value >= 0x80:
            out.append(value & 0x7f | 0x80)
            value >>= 7
        out.append(value)
    return bytes(out) + content


def any_of(url: str, value: bytes) -> bytes:
    return field(1, url.encode()) + field(2, value)


def with_parts(*parts: bytes):
    """A Workflow with parts that the generated code does not know (field 1000)."""
    return protocol_pb.Workflow.FromString(b"".join(field(1000, part) for part in parts))


def read(answer):
    return json.loads(fields_of(answer.expect_ok().message.value.value))


def fields_of(message: bytes) -> str:
    """The first text of an encoded message: what a JSONType carries."""
    assert message[:1] == b"\n", message
    size, at, shift = 0, 1, 0
    while True:
        size |= (message[at] & 0x7f) << shift
        at, shift = at + 1, shift + 7
        if not message[at - 1] & 0x80:
            break
    return message[at:at + size].decode()


def test_a_saga_runs_its_steps_in_order(fresh):
    trip = Trip(fresh)
    trip.start("one")
    assert trip.await_end("one")["state"] == "COMPLETED"
    assert trip.log == [("hotel", "book"), ("flight", "book"), ("bank", "charge")]
    assert trip.status("one")["state"] == "COMPLETED"


def test_a_failing_step_is_compensated_the_last_first(fresh):
    trip = Trip(fresh, fails={("bank", "charge")})
    trip.start("one")
    ended = trip.await_end("one")
    assert ended["state"] == "COMPENSATED", ended
    assert trip.log == [("hotel", "book"), ("flight", "book"), ("flight", "cancel"),
                        ("hotel", "cancel")]


@pytest.mark.parametrize("mode", ["snapshot", "none", "pooled"])
def test_actors_without_a_durable_record_answer_a_flow_too(fresh, mode):
    """Their rows are deleted once the turn has run, and the outcome is told in the same group."""
    settings = {"kind": POOLED, "stateful": False} if mode == "pooled" else {"stateful": mode != "none"}
    trip = Trip(fresh, settings=settings, actors={"hotel": mode, "flight": mode, "bank": mode}
                if mode == "snapshot" else None, fails={("bank", "charge")})
    trip.start("one")
    assert trip.await_end("one")["state"] == "COMPENSATED"
    assert trip.log == [("hotel", "book"), ("flight", "book"), ("flight", "cancel"),
                        ("hotel", "cancel")]
    assert trip.rows("messages") == [] and trip.rows("dead-letters") == []


@pytest.mark.parametrize("mode", ["commit", "snapshot"])
def test_the_outcome_of_a_step_is_that_of_the_last_hop(fresh, mode):
    """A step's actor pipes or forwards: the flow hears of the end of the chain. What the hops before
    a failure did stands, so that failure leaves the step in doubt, and a person decides."""
    trip = Trip(fresh, actors={"flight": mode, "bank": mode})
    end = trip.mesh.name("end")
    trip.mesh.host.on(end, "last", lambda call: Reply(state=text("x"), payload=json_any('"end"')))
    trip.mesh.host.on(end, "fail", reply=manners.failing())
    trip.mesh.register(actor(end, ["last", "fail"]))
    for name, action, to in (("flight", "book", "last"), ("bank", "charge", "fail")):
        trip.mesh.host.on(name, action, lambda call, to=to: Reply(
            state=text("{}"), payload=text("hop"), workflow=workflow(pipe=(end, to))))
    trip.start("one")
    ended = trip.await_end("one")
    assert ended["state"] == "STUCK", ended
    assert trip.log == [("hotel", "book")], "nothing is undone behind a pivot that may have happened"
    assert "HOST_ERROR" in json.dumps(ended)


def test_a_flow_lives_through_kills_at_any_moment(fresh):
    """Killed again and again while sagas run, of which half are compensated: each step and each
    compensation takes effect once, and all come to their end."""
    trip = Trip(fresh, fails={("bank", "charge")})
    good = Trip.names(12)
    over = threading.Event()

    def kill():
        while not over.wait(0.15):
            trip.mesh.kernel.crash()

    for name in good:
        trip.start(name)
    killer = threading.Thread(target=kill)
    killer.start()
    time.sleep(3)
    trip.fails.clear()
    over.set()
    killer.join()
    for name in good:
        assert trip.end_of(name)["state"] in ("COMPENSATED", "COMPLETED")
    ends = [trip.status(name)["state"] for name in good]
    done, undone = ends.count("COMPLETED"), ends.count("COMPENSATED")
    assert trip.done("hotel") == counts(book=12, cancel=undone)
    assert trip.done("flight") == counts(book=12, cancel=undone)
    assert trip.done("bank") == counts(charge=done)
    assert trip.rows("messages") == [] and trip.rows("dead-letters") == []


def test_an_operator_sees_and_steers_sagas(fresh):
    """`spawnctl saga`: each step with its cause; a stuck one is turned back and settled by hand."""
    trip = Trip(fresh, fails={("bank", "charge"), ("hotel", "cancel")},
                steps=[step("hotel", "hotel", "book", "cancel"), step("pay", "bank", "charge")])
    trip.start("one")
    assert trip.await_end("one")["state"] == "STUCK"
    shown = trip.ctl("saga", "show", "trip/one")
    assert "state: STUCK" in shown and "HOST_ERROR" in shown and "undo hotel" in shown
    assert shown == trip.ctl("saga", "show", "one"), "one saga is declared: its id is enough"
    assert [one["id"] for one in trip.rows("saga")] == ["one"]
    assert "one" not in trip.ctl("saga", "list", "--state", "COMPLETED")
    trip.fails.discard(("hotel", "cancel"))
    assert "state: COMPENSATED" in trip.ctl("saga", "retry", "trip/one") or \
        trip.end_of("one")["state"] == "COMPENSATED"
    trip.fails.add(("hotel", "cancel"))
    trip.start("two")
    assert trip.await_end("two")["state"] == "STUCK"
    assert "COMPENSATED" in trip.ctl("saga", "compensate", "trip/two", "--skip", "hotel")
    assert "no saga" not in trip.ctl("saga", "cancel", "trip/two", code=None)
    assert "NOT_FOUND" in trip.ctl("saga", "show", "trip/three", code=1)


def test_a_part_of_a_response_starts_a_saga_once(fresh):
    """Workflow.parts: in the commit of the action, whose kernel is killed before it is answered."""
    trip = Trip(fresh)
    name = trip.mesh.name("shop")
    part = any_of("type.googleapis.com/spawn.workflows.Saga",
                  field(1, b"trip") + field(3, any_of(JSON_URL, field(1, b'{"of": "x"}'))))
    trip.mesh.host.on(name, "sell", lambda call: Reply(
        state=text(int(call.state or 0) + 1), payload=text("sold"), workflow=with_parts(part)))
    trip.mesh.register(actor(name, ["sell"]))
    for _ in range(3):
        trip.mesh.invoke(name, "sell").expect_ok()
    trip.mesh.kernel.crash()
    eventually(lambda: len(trip.rows("saga")) == 3 and
               all(one["flow"]["state"] == "COMPLETED" for one in trip.rows("saga")),
               what="three sagas with ids of their own")
    assert trip.done("hotel") == counts(book=3)


def test_who_waits_for_a_saga_is_answered_at_its_end(fresh):
    """Callers that wait beside each other, and one that a restart cut off."""
    trip = Trip(fresh)
    gate = threading.Event()
    trip.mesh.host.on("flight", "book", lambda call: (gate.wait(5), Reply(
        state=text('{"book": 1}'), payload=NOOP))[1])
    trip.start("one")
    told = []
    waiting = [threading.Thread(target=lambda: told.append(trip.other().await_end("one")))
               for _ in range(4)]
    for one in waiting:
        one.start()
    eventually(lambda: trip.flow("one")["callers"] == 4, what="four callers")
    gate.set()
    for one in waiting:
        one.join(5)
    assert [one["state"] for one in told] == ["COMPLETED"] * 4
    assert trip.flow("one")["callers"] == 0


def test_time_goes_on_while_no_kernel_runs(fresh):
    """A step's time-out is a row: it comes due while the kernel is down, and the saga turns back."""
    trip = Trip(fresh, steps=[step("hotel", "hotel", "book", "cancel"),
                              step("pay", "bank", "charge", timeout="700ms")])
    trip.mesh.host.on("bank", "charge", reply=manners.never())
    trip.start("one")
    eventually(lambda: ("hotel", "book") in trip.log, what="the first step")
    trip.mesh.kernel.kill9()
    time.sleep(1)
    trip.mesh.kernel.start()
    eventually(lambda: ("hotel", "cancel") in trip.log, 10, what="the compensation")


def test_a_flow_waits_for_a_plugin_that_serves_it(fresh):
    """Started without its plugin, the kernel keeps what it waits for; with it, it goes on."""
    trip = Trip(fresh)
    gate = threading.Event()
    trip.mesh.host.on("flight", "book", lambda call: (gate.wait(5), Reply(
        state=text('{"book": 1}'), payload=NOOP))[1])
    trip.start("one")
    eventually(lambda: trip.mesh.host.seen("flight", "book"), what="the second step")
    trip.mesh.kernel.kill9()
    gate.set()
    whole = trip.mesh.kernel.config["workflows"]
    trip.mesh.kernel.config["workflows"] = ["effect"]
    trip.mesh.kernel.start()
    eventually(lambda: trip.done("flight") == {"book": 1}, 10, what="the step, with nobody to tell")
    trip.call("one", "status").expect_error("ACTOR_NOT_FOUND", status=ACTOR_NOT_FOUND)
    trip.mesh.kernel.kill9()
    trip.mesh.kernel.config["workflows"] = whole
    trip.mesh.kernel.start()
    assert trip.end_of("one")["state"] == "COMPLETED"
    assert trip.rows("dead-letters") == []


def test_a_spawned_name_reaches_its_saga_without_naming_it(fresh):
    """SpawnRequest binds the name, as for any unnamed actor."""
    trip = Trip(fresh)
    status, _ = trip.mesh.client.spawn(actor_id("bound", parent="saga/trip"))
    assert status == 200
    trip.mesh.invoke("bound", "start", json_any('{"of": "bound"}')).expect_ok()
    assert read(trip.mesh.invoke("bound", "await"))["state"] == "COMPLETED"
    trip.mesh.invoke("other", "status").expect_error("ACTOR_NOT_FOUND", status=ACTOR_NOT_FOUND)


def test_what_a_workflow_serves_nobody_else_may(fresh):
    """A host that registers the name is told who has it; so is an operator who wants less than
    commit, and a second plugin instance."""
    trip = Trip(fresh)
    with pytest.raises(AssertionError, match="workflow saga serves the actors of this name"):
        trip.mesh.client.register(actor("saga/trip", ["start"]))
    for change in ({"actors": {"saga/trip": {"durability": "none"}}},
                   {"workflows": trip.mesh.kernel.config["workflows"] * 2}):
        trip.mesh.kernel.stop()
        before = {key: trip.mesh.kernel.config.get(key) for key in change}
        trip.mesh.kernel.config.update(change)
        with pytest.raises(AssertionError, match="saga"):
            trip.mesh.kernel.start()
        trip.mesh.kernel.config.update(before)
        trip.mesh.kernel.start()
    trip.start("one")
    assert trip.await_end("one")["state"] == "COMPLETED"


def test_a_scatter_gathers_and_an_aggregator_collects(fresh):
    """The other two patterns, through actors of three modes and a kill in the middle."""
    targets = [{"name": one, "actor": one, "action": "book", "payload": "{input}"}
               for one in ("hotel", "flight", "bank")]
    flows = [{"use": "scatter-gather", "config": {"scatters": {"ask": {
                 "timeout": "5s", "targets": targets}}}},
             {"use": "aggregator", "config": {"aggregates": {"batch": {
                 "count": 3, "timeout": "5s",
                 "target": {"actor": "hotel", "action": "charge", "payload": {
                     "items": "{items}"}}}}}}]
    trip = Trip(fresh, actors={"hotel": "commit", "flight": "snapshot", "bank": "none"},
                more=flows)
    told = read(trip.mesh.invoke("q", "gather", json_any('{"of": 1}'), ref="scatter/ask"))
    assert told["ok"] == 3 and len(told["results"]) == 3, told
    for number in range(3):
        trip.mesh.invoke("b", "add", json_any(str(number)), ref="aggregate/batch").expect_ok()
        if number == 1:
            trip.mesh.kernel.crash()
    eventually(lambda: ("hotel", "charge") in trip.log, what="the batch")
    time.sleep(0.2)
    assert trip.log.count(("hotel", "charge")) == 1
