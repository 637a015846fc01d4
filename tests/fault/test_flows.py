"""Actors that workflow plugins serve: flows that wait, over kill -9 at any moment
(workflow.h "Flows"; durability.md 19)."""
import json
import subprocess
import threading
import time

import pytest
from harness import host as manners
from harness.host import Reply
from harness.mesh import eventually
from harness.wire import BUILD, NOOP, POOLED, actor, json_any, text, workflow

MESSAGES = {"attempts": 4, "backoff_first_ms": 20, "backoff_max_ms": 100}


def step(name, target, action, back=None, **more):
    out = {"name": name, "actor": target, "action": action, "payload": {"of": "{input.of}"},
           **more}
    if back:
        out["compensate"] = {"action": back, "payload": {"of": "{input.of}"}}
    return out


def config(steps, actors=None, **saga):
    return {"actors": {name: {"durability": mode} for name, mode in (actors or {}).items()},
            "timeouts": {"deactivate_ms": 300, "request_ms": 3000},
            "durability": {"messages": MESSAGES},
            "workflows": ["forward", "pipe", "effect", "broadcast",
                          {"use": "saga",
                           "config": {"sagas": {"trip": {"steps": steps, **saga}}}}]}


class Trip:
    """A kernel with the saga `trip` over actors whose calls are counted in their states."""

    def __init__(self, fresh, steps=None, fails=(), settings=None, actors=None,
                 **saga):
        self.steps = steps or [step("hotel", "hotel", "book", "cancel"),
                               step("flight", "flight", "book", "cancel"),
                               step("pay", "bank", "charge", "refund", pivot=True)]
        self.mesh = fresh(config(self.steps, actors, **saga))
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

    def rows(self, *verb):
        out = subprocess.run([str(BUILD / "bin" / "spawnctl"), "--json", "--admin",
                              self.mesh.kernel.config["admin"]["address"], *verb, "list"],
                             capture_output=True, text=True, timeout=30, check=True).stdout
        return [one for one in next(iter(json.loads(out).values()))
                if one.get("kind") != "flow-timer"]

    @staticmethod
    def names(count):
        return [f"saga-{number}" for number in range(count)]

    def done(self, name):
        return json.loads(self.mesh.invoke(name, "read").expect_ok().value)


def counts(**each):
    return {key: value for key, value in each.items() if value}


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
    """A step's actor pipes or forwards: the flow hears of the end of the chain, good or bad."""
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
    assert ended["state"] == "COMPENSATED", ended
    assert trip.log == [("hotel", "book"), ("flight", "cancel"), ("hotel", "cancel")]
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
