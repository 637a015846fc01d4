"""Messages of an activator: routed, called, settled after the commit, tried again, given up; and
what actors publish. The source is a folder, so that a kernel's death is all that can go wrong."""
import json
import threading
import time

import pytest
from folder_source import FolderSource
from harness import host as manners
from harness.host import Reply
from harness.mesh import eventually
from harness.wire import UNNAMED, actor, text, workflow
from test_flows import any_of, field, with_parts
from test_messages import ctl, rows

ROUTE = {"actor": "set-{body.set}", "action": "add", "dedup_id": "{header.message-id}"}


def ids_of(call) -> list:
    return json.loads(call.state) if call.state else []


def read_json(call):
    """The content of a JSONType."""
    raw = call.payload.value.encode("latin-1") if isinstance(call.payload.value, str) \
        else call.payload.value
    return json.loads(raw[raw.index(b"{"):])


class Sets:
    """Actors set-0 .. set-N that record ids of messages in a set, in the order they came."""

    def __init__(self, fresh, source, sets=4, kernel=None, **keys):
        self.source = source
        self.mesh = fresh(source.config(kernel or {}, **({"route": ROUTE} | keys)))
        self.runs = []
        for number in range(sets):
            self.mesh.host.on(f"set-{number}", "add", self.add)
            self.mesh.host.on(f"set-{number}", "read",
                              lambda call: Reply(payload=text(call.state or "[]")))
        self.register(sets)
        self.sets = sets

    def register(self, sets):
        self.mesh.register(*[actor(f"set-{n}", ["add", "read"]) for n in range(sets)])

    def add(self, call):
        body = read_json(call)
        self.runs.append(body["id"])
        return Reply(state=text(json.dumps(ids_of(call) + [body["id"]])), payload=text("ok"))

    def publish(self, count, first=0, **more):
        for number in range(first, first + count):
            self.source.publish(json.dumps({"set": number % self.sets, "id": number}),
                                **{"message-id": f"m{number}"}, **more)

    def read(self, number) -> list:
        return json.loads(self.mesh.invoke(f"set-{number}", "read").expect_ok().value)

    def all(self) -> list:
        return [one for number in range(self.sets) for one in self.read(number)]

    def await_all_settled(self, seconds=30.0):
        eventually(lambda: not self.source.waiting(), seconds, "all is acknowledged")


@pytest.fixture
def source():
    return FolderSource()


# --- what arrives ---------------------------------------------------------------------------------
def test_messages_reach_their_actors_and_are_settled(fresh, source):
    sets = Sets(fresh, source)
    sets.publish(200)
    sets.await_all_settled()
    assert sorted(sets.all()) == list(range(200))
    for number in range(4):
        assert sets.read(number) == list(range(number, 200, 4)), "one actor's keep their order"
    (told,) = rows(sets.mesh, "activators", "list")
    assert told["acknowledged"] == 200 and told["in_flight"] == 0 and told["state"] == "open"


def test_nothing_is_settled_before_the_state_is_durable(fresh, source):
    """Whatever was acknowledged when the kernel was killed is in the actors; the rest comes again,
    and what was committed but not acknowledged does not run twice."""
    sets = Sets(fresh, source)
    published = 0
    for _ in range(4):
        sets.publish(300, published)
        published += 300
        eventually(lambda: len(source.waiting()) < 250, 20, "some are acknowledged")
        sets.mesh.kernel.kill9()
        acknowledged = set(range(published)) - {number - 1 for number in source.waiting()}
        sets.mesh.kernel.start()
        assert acknowledged <= set(sets.all()), "acknowledged, and lost"
    sets.await_all_settled()
    assert sorted(sets.all()) == list(range(published)), "none is lost, none is there twice"


def test_a_message_that_comes_again_takes_no_effect(fresh, source):
    sets = Sets(fresh, source)
    sets.publish(1)
    sets.await_all_settled()
    sets.publish(1)  # the same id
    sets.await_all_settled()
    assert sets.read(0) == [0] and sets.runs == [0]


def test_without_dedup_it_runs_again(fresh, source):
    sets = Sets(fresh, source, dedup=False)
    sets.publish(1)
    sets.await_all_settled()
    sets.publish(1)
    sets.await_all_settled()
    assert sets.read(0) == [0, 0]


def test_actors_are_made_from_a_definition(fresh, source):
    mesh = fresh(source.config(route={"actor": "cart-{header.customer}", "register_ref": "Cart",
                                      "action": "{header.action}"}))
    mesh.host.on("Cart", "put", lambda call: Reply(state=text(int(call.state or 0) + 1)))
    mesh.register(actor("Cart", ["put"], kind=UNNAMED))
    for _ in range(3):
        source.publish(customer="ann", action="put")
    eventually(lambda: not source.waiting(), 10)
    assert mesh.invoke("cart-ann", "get").expect_ok().value == "3"
    assert mesh.host.seen("cart-ann")[0].metadata["customer"] == "ann"


# --- what fails -----------------------------------------------------------------------------------
def test_a_failing_message_holds_up_its_key_and_nobody_else(fresh, source):
    """Two tries fail; those behind it with the same key wait, another key's do not."""
    sets = Sets(fresh, source)
    fails = []

    def shaky(call):
        if read_json(call)["id"] == 0 and len(fails) < 2:
            fails.append(time.monotonic())
            return manners.failing()
        return sets.add(call)

    sets.mesh.host.on("set-0", "add", shaky)
    sets.mesh.host.on("set-1", "add", shaky)
    for number in range(12):
        source.publish(json.dumps({"set": number % 2, "id": number}), key=f"k{number % 2}",
                       **{"message-id": f"m{number}"})
    sets.await_all_settled()
    assert len(fails) == 2
    assert sets.read(0) == [0, 2, 4, 6, 8, 10] and sets.read(1) == [1, 3, 5, 7, 9, 11]


def test_a_poison_message_is_a_dead_letter_that_can_be_replayed(fresh, source):
    sets = Sets(fresh, source, retry={"first_ms": 5, "max_ms": 10, "attempts": 3})
    sets.mesh.host.on("set-1", "add", lambda call: manners.failing())
    sets.publish(8)
    sets.await_all_settled()
    assert sorted(sets.all()) == [0, 2, 3, 4, 6, 7]
    letters = rows(sets.mesh, "dead-letters", "list")
    assert len(letters) == 2
    assert all("HOST_ERROR" in each["why"] and each["attempts"] == 3 for each in letters)
    sets.mesh.host.on("set-1", "add", sets.add)
    for each in sorted(letters, key=lambda letter: letter["created_ms"]):
        ctl(sets.mesh, "dead-letters", "replay", each["id"])
    eventually(lambda: sorted(sets.read(1)) == [1, 5], what="they are called again")


def test_the_source_can_have_its_dead_letters(fresh, source):
    sets = Sets(fresh, source, dead_letters="source", retry={"attempts": 1})
    sets.mesh.host.on("set-0", "add", lambda call: manners.failing())
    sets.publish(2)
    sets.await_all_settled()
    assert source.dead() == [1] and rows(sets.mesh, "dead-letters", "list") == []


def test_what_has_no_route_is_a_dead_letter_with_the_reason(fresh, source):
    sets = Sets(fresh, source)
    source.publish('{"id": 1}')
    source.publish("{")
    sets.await_all_settled()
    whys = sorted(each["why"] for each in rows(sets.mesh, "dead-letters", "list"))
    assert whys == ["no route: actor: the body has no field set",
                    "no route: actor: the body is not JSON, so it has no field set"]


def test_what_is_too_large_is_a_dead_letter_with_the_bound(fresh, source):
    """At each bound, and one beyond it."""
    sets = Sets(fresh, source, 1, {"limits": {"body_bytes": 2000, "metadata_bytes": 600}},
                route=ROUTE | {"actor": "set-0"})

    def body(number, size=0):
        text = json.dumps({"id": number, "x": ""})
        return text[:-2] + "x" * max(0, size - len(text)) + text[-2:]

    source.publish(body(1, 2000), **{"message-id": "m1"})
    source.publish(body(2, 2001), **{"message-id": "m2"})
    source.publish(body(3), **{"message-id": "m" * 447})
    source.publish(body(4), **{"message-id": "m" * 448})
    head = len("message-id" + "m5" + "x" + "folder-number" + "5")  # the last are of the source
    source.publish(body(5), x="x" * (600 - head), **{"message-id": "m5"})
    source.publish(body(6), x="x" * (601 - head), **{"message-id": "m6"})
    sets.await_all_settled()
    whys = [each["why"] for each in rows(sets.mesh, "dead-letters", "list")]
    assert sorted(sets.read(0)) == [1, 3, 5], whys
    assert len(whys) == 3
    for bound in ("limits.body_bytes allows 2000", "at most 447 are allowed", "limits.metadata_bytes"):
        assert any(bound in why for why in whys), (bound, whys)


def test_an_id_that_is_no_text_is_a_dead_letter(fresh, source):
    """Hosts get it as metadata, which has to be UTF-8."""
    sets = Sets(fresh, source, sets=1, route=ROUTE | {"actor": "set-0"})
    source.publish('{"id": 1}', **{"message-id": b"\xff"})
    source.publish('{"id": 2}', **{"message-id": "m2"})
    sets.await_all_settled()
    assert sets.read(0) == [2]
    (letter,) = rows(sets.mesh, "dead-letters", "list")
    assert letter["why"] == "its id is not UTF-8; see dedup_id of routes"


def test_a_host_that_is_away_costs_no_attempt(fresh, source):
    sets = Sets(fresh, source, retry={"attempts": 1, "first_ms": 20, "max_ms": 50},
                timeout_ms=60000)
    sets.mesh.host.stop()
    sets.publish(8)
    time.sleep(1.0)
    assert len(source.waiting()) == 8
    sets.mesh.host.start()
    sets.await_all_settled()
    assert sorted(sets.all()) == list(range(8))
    assert rows(sets.mesh, "dead-letters", "list") == []


def test_messages_wait_for_the_registration_of_their_actor(fresh, source):
    sets = Sets(fresh, source, sets=1)
    sets.sets = 2
    sets.publish(4)
    eventually(lambda: len(source.waiting()) == 2, what="the known actor's are done")
    sets.mesh.host.on("set-1", "add", sets.add)
    sets.mesh.host.on("set-1", "read", lambda call: Reply(payload=text(call.state or "[]")))
    sets.register(2)
    sets.await_all_settled()
    assert sets.read(1) == [1, 3]


def test_an_actor_nobody_registers_is_given_up(fresh, source):
    mesh = fresh(source.config(route={"actor": "nobody", "action": "act"},
                               retry={"unknown_actor_ms": 200, "first_ms": 20, "max_ms": 50}))
    source.publish("{}")
    eventually(lambda: not source.waiting(), 10)
    (letter,) = rows(mesh, "dead-letters", "list")
    assert "ACTOR_NOT_FOUND" in letter["why"]


# --- the window -----------------------------------------------------------------------------------
def test_no_more_than_the_window_is_under_way(fresh, source):
    sets = Sets(fresh, source, sets=16, window=3)
    gate = threading.Event()

    def slow(call):
        gate.wait(20)
        return sets.add(call)

    for number in range(16):
        sets.mesh.host.on(f"set-{number}", "add", slow)
    sets.publish(40)
    eventually(lambda: len(sets.mesh.host.seen(None, "add")) == 3, what="three are called")
    time.sleep(0.3)
    assert len(sets.mesh.host.seen(None, "add")) == 3
    (told,) = rows(sets.mesh, "activators", "list")
    assert told["in_flight"] == 3 and told["sources"], told
    gate.set()
    sets.await_all_settled()


def test_pause_resume_and_drain(fresh, source):
    sets = Sets(fresh, source)
    ctl(sets.mesh, "activators", "pause", "orders")
    sets.publish(20)
    time.sleep(0.5)
    assert len(source.waiting()) == 20 and sets.runs == []
    ctl(sets.mesh, "activators", "resume", "orders")
    sets.await_all_settled()
    ctl(sets.mesh, "activators", "drain", "orders")
    eventually(lambda: rows(sets.mesh, "activators", "list")[0]["state"] == "drained")
    sets.publish(4, 20)
    time.sleep(0.3)
    assert len(source.waiting()) == 4
    ctl(sets.mesh, "activators", "resume", "orders")
    sets.await_all_settled()
    assert sorted(sets.all()) == list(range(24))
    ctl(sets.mesh, "activators", "pause", "nope", code=1)


def test_a_stop_gives_back_what_was_not_called(fresh, source):
    """SIGTERM amid work: what ran is acknowledged, the rest waits for the next kernel."""
    sets = Sets(fresh, source, sets=2)
    sets.mesh.host.on("set-0", "add", lambda call: (time.sleep(0.05), sets.add(call))[1])
    sets.publish(100)
    eventually(lambda: len(sets.runs) > 10)
    sets.mesh.kernel.stop()
    left = {number - 1 for number in source.waiting()}
    assert left, "it stopped amid work"
    sets.mesh.kernel.start()
    sets.await_all_settled()
    assert sorted(sets.all()) == list(range(100))
    assert sorted(sets.runs) == list(range(100)), "a clean stop makes nothing run twice"


def test_a_source_that_is_away_comes_back(fresh, source):
    sets = Sets(fresh, source)
    sets.publish(4)
    sets.await_all_settled()
    source.leave()
    eventually(lambda: not rows(sets.mesh, "activators", "list")[0]["serving"], 10)
    source.come_back()
    sets.publish(8, 4)
    sets.await_all_settled()
    assert sorted(sets.all()) == list(range(12))


def test_metrics(fresh, source):
    sets = Sets(fresh, source)
    sets.publish(10)
    sets.await_all_settled()
    page = sets.mesh.client.get("/metrics").plain.decode()
    assert 'spawn_activator_acknowledged_total{activator="orders"} 10' in page
    assert 'spawn_activator_credit{activator="orders"} 256' in page


# --- sinks ----------------------------------------------------------------------------------------
SINKS = {"workflows": ["forward", "pipe", "effect", "broadcast", "publish"],
         "sinks": [{"name": "events", "via": "orders", "destination": "out",
                    "channels": ["orders.done"]}]}
JSON_URL = "type.googleapis.com/eigr.functions.protocol.JSONType"


def publish_part(body: str, sink=b"events", **more) -> bytes:
    content = field(1, sink) + field(2, any_of(JSON_URL, field(1, body.encode())))
    for number, key in ((3, "key"), (4, "destination")):
        if key in more:
            content += field(number, more[key].encode())
    return any_of("type.googleapis.com/spawn.workflows.Publish", content)


def publisher(mesh, name="shop", **settings):
    def sell(call):
        total = int(call.state or 0) + 1
        return Reply(state=text(total), payload=text(total),
                     workflow=with_parts(publish_part(f'{{"n": {total}}}')))

    mesh.host.on(name, "sell", sell)
    mesh.register(actor(name, ["sell"], **settings))


def test_what_an_actor_publishes_arrives_in_order(fresh, source):
    mesh = fresh(source.config(SINKS))
    publisher(mesh)
    for _ in range(30):
        mesh.invoke("shop", "sell").expect_ok()
    eventually(lambda: len(source.published("out")) == 30, what="all are out")
    out = source.published("out")
    assert [json.loads(body)["n"] for _, _, _, body, _ in out] == list(range(1, 31))
    assert len({id for _, id, _, _, _ in out}) == 30
    assert {kind for _, _, kind, _, _ in out} == {"application/json"}
    assert "shop" in out[0][0]


def test_state_and_event_are_one(fresh, source):
    """Killed again and again: each state that is durable has its event outside, and no other."""
    mesh = fresh(source.config(SINKS))
    publisher(mesh)
    for _ in range(4):
        stop = threading.Event()

        def work():
            while not stop.is_set():
                try:
                    mesh.invoke("shop", "sell")
                except OSError:
                    return

        callers = [threading.Thread(target=work) for _ in range(4)]
        for each in callers:
            each.start()
        time.sleep(0.5)
        stop.set()
        mesh.kernel.kill9()
        for each in callers:
            each.join(10)
        mesh.kernel.start()
    durable = int(mesh.invoke("shop", "get").expect_ok().value)
    eventually(lambda: len({id for _, id, _, _, _ in source.published("out")}) == durable, 20,
               "every state's event is out")
    first = {}
    for _, id, _, body, _ in source.published("out"):
        first.setdefault(id, json.loads(body)["n"])
    assert sorted(first.values()) == list(range(1, durable + 1))


def test_a_broker_that_is_away_gets_it_later(fresh, source):
    mesh = fresh(source.config(SINKS))
    publisher(mesh)
    source.leave()
    for _ in range(5):
        mesh.invoke("shop", "sell").expect_ok()
    mesh.kernel.crash()
    source.come_back()
    eventually(lambda: len(source.published("out")) == 5, 20, "all are out")


def test_broadcasts_on_a_channel_go_out_too(fresh, source):
    """With any SDK as it is."""
    mesh = fresh(source.config(SINKS))
    mesh.host.on("caller", "say", lambda call: Reply(
        state=text("x"), workflow=workflow(broadcast=("orders.done", text("done")))))
    mesh.register(actor("caller", ["say"]))
    mesh.invoke("caller", "say").expect_ok()
    eventually(lambda: len(source.published("out")) == 1, what="it is out")
    assert source.published("out")[0][3] == b"done"


def test_an_actor_without_a_record_publishes_too(fresh, source):
    mesh = fresh(source.config(SINKS))
    publisher(mesh, stateful=False)
    mesh.invoke("shop", "sell").expect_ok()
    eventually(lambda: len(source.published("out")) == 1, what="it is out")


def test_a_sink_nobody_configured_fails_the_turn(fresh, source):
    mesh = fresh(source.config(SINKS))
    mesh.host.on("shop", "sell", lambda call: Reply(
        state=text("sold"), workflow=with_parts(publish_part("{}", sink=b"evnts"))))
    mesh.register(actor("shop", ["sell"]))
    answer = mesh.invoke("shop", "sell").expect_error("HOST_ERROR", 500)
    assert 'there is no sink "evnts"' in answer.text
    assert mesh.invoke("shop", "get").expect_ok().value in (None, "")
