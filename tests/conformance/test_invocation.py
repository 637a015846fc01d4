"""I1-I5, I14-I16: what is passed on, order, the request to the host (protocol.md 2.2, 6.1-6.6)."""
import threading
import time

import pytest
from harness import host as manners
from harness.host import Reply
from harness.wire import (JSON_URL, NOOP, POOLED, SYSTEM, UNSET, actor, actor_id, any_pb,
                          invocation, json_any, payload_of, text)

def parallel(count, function):
    """Runs function(0..count-1) in threads and hands back the results, exceptions included."""
    results = [None] * count

    def run(number):
        try:
            results[number] = function(number)
        except Exception as problem:
            results[number] = problem

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    for result in results:
        if isinstance(result, Exception):
            raise result
    return results


# --- I1-I3: what is passed on -------------------------------------------------------------------
def test_the_body_decides_and_the_path_does_not(mesh):
    """I1: both path parts are ignored."""
    name = mesh.counter()
    outcome = mesh.client.send(invocation(name, "inc"),
                               path="/api/v1/system/other/actors/somebody/invoke")
    assert outcome.expect_ok().value == "1"


def test_system_and_actor_are_echoed_exactly(mesh):
    """I1: with the registry and the definition that the client put there."""
    name = mesh.counter()
    request = invocation(name, "inc")
    request.system.registry.actors["ghost"].CopyFrom(actor("ghost", ["a"]))
    request.actor.CopyFrom(actor(name, ["made-up"], tags={"a": "b"}, channels=[("t", "x")]))
    answer = mesh.client.send(request).expect_ok().message
    assert answer.system == request.system
    assert answer.actor == request.actor
    mesh.invoke(name, "made-up").expect_error("ACTION_NOT_FOUND")  # and not believed


PAYLOADS = {"unset": UNSET, "noop": NOOP, "value": text("some"), "empty": any_pb.Any(),
            "no-type": any_pb.Any(value=b"x"), "json": json_any('{"a": 1}')}


@pytest.mark.parametrize("kind", PAYLOADS)
def test_request_payloads_keep_their_presence(mesh, kind):
    """I2: value, noop and unset reach the host as they were sent."""
    name = mesh.name()
    mesh.register(actor(name, ["take"]))
    mesh.invoke(name, "take", PAYLOADS[kind]).expect_ok()
    assert mesh.host.seen(name, "take")[0].payload == PAYLOADS[kind]


@pytest.mark.parametrize("kind", PAYLOADS)
def test_response_payloads_keep_their_presence(mesh, kind):
    """I2: and come back as the host gave them; nothing is invented."""
    name = mesh.name()
    mesh.host.on(name, "give", reply=Reply(payload=PAYLOADS[kind]))
    mesh.register(actor(name, ["give"]))
    answer = mesh.invoke(name, "give").expect_ok().message
    assert payload_of(answer) == PAYLOADS[kind]


def test_payload_bytes_are_untouched(mesh):
    """I3: an Any whose fields come in the unusual order, with a field nobody knows, arrives as
    the same bytes."""
    name = mesh.name()
    strange = (b"\x12\x05\xff\x00\xfe\x01\x80"            # value before type_url
               b"\x0a\x10odd.prefix/a.b.C" b"\x9a\x06\x03abc")  # field 99
    mesh.register(actor(name, ["take"]))
    base = invocation(name, "take").SerializeToString()
    response = mesh.client.post(f"/api/v1/system/{SYSTEM}/actors/{name}/invoke",
                                base + b"\x22" + bytes([len(strange)]) + strange)
    assert response.status == 200
    assert strange in mesh.host.seen(name, "take")[0].body


def test_states_and_types_are_untouched(mesh):
    """I3: type_url and value of a state come back to the host byte for byte."""
    name = mesh.name()
    kept = any_pb.Any(type_url="my-company.example/deep/a.b.State", value=bytes(range(256)))
    mesh.host.on(name, "set", reply=Reply(state=kept))
    mesh.register(actor(name, ["set", "look"]))
    mesh.invoke(name, "set").expect_ok()
    mesh.invoke(name, "look").expect_ok()
    assert mesh.host.seen(name, "look")[0].context.state == kept
    assert mesh.invoke(name, "get").expect_ok().message.value == kept


# --- I4, I5: order and parallelism --------------------------------------------------------------
def test_one_actor_runs_one_message_at_a_time(mesh):
    """I4: 8 clients x 25 calls never overlap at the host and every one counts."""
    name = mesh.counter()
    parallel(8, lambda _: [mesh.invoke(name, "inc").expect_ok() for _ in range(25)])
    assert mesh.count(name) == 200
    assert mesh.host.most[name] == 1


def test_messages_of_one_client_keep_their_order(mesh):
    """I4: 100 async messages run in the order in which they were sent."""
    name = mesh.name()
    mesh.register(actor(name, ["note", "end"]))
    for number in range(100):
        mesh.invoke(name, "note", text(number), asynchronous=True).expect_ok()
    mesh.invoke(name, "end").expect_ok()
    noted = [int(call.payload.value) for call in mesh.host.seen(name, "note")]
    assert noted == list(range(100))


def test_a_call_after_an_async_one_sees_it(mesh):
    """I4: the answer to async means "in the mailbox"; it has no payload."""
    name = mesh.name()
    mesh.host.on(name, "slow", reply=Reply(state=text("changed"), delay=0.1))
    mesh.register(actor(name, ["slow"]))
    begin = time.monotonic()
    answer = mesh.invoke(name, "slow", asynchronous=True).expect_ok().message
    assert payload_of(answer) is UNSET
    assert time.monotonic() - begin < 0.1
    assert mesh.invoke(name, "get").expect_ok().value == "changed"


def test_async_to_an_unknown_actor_is_an_error(mesh):
    """I4: 6.4: the look-up comes before the answer."""
    outcome = mesh.invoke(mesh.name("nobody"), "x", asynchronous=True)
    assert outcome.http == 500 and outcome.text.startswith("ACTOR_NOT_FOUND: ")


def test_different_actors_run_in_parallel(mesh):
    """I5: a host call that hangs blocks its own actor only."""
    gate, stuck = threading.Event(), mesh.name("stuck")
    mesh.host.on(stuck, "wait", lambda call: Reply(payload=text(gate.wait(10))))
    mesh.register(actor(stuck, ["wait"]))
    others = [mesh.counter() for _ in range(8)]  # both lanes among them
    waiter = threading.Thread(target=lambda: mesh.invoke(stuck, "wait"))
    waiter.start()
    try:
        mesh.host.wait(1, stuck, "wait")
        begin = time.monotonic()
        for other in others:
            mesh.invoke(other, "inc").expect_ok()
        assert time.monotonic() - begin < 1.0
    finally:
        gate.set()
        waiter.join(10)


def test_many_actors_wait_for_the_host_at_once(mesh):
    """I5: 32 calls of 0.2 s take far less than 6.4 s."""
    names = [mesh.name("sleeper") for _ in range(32)]
    for name in names:
        mesh.host.on(name, "sleep", reply=Reply(delay=0.2))
    mesh.register(*[actor(name, ["sleep"]) for name in names])
    begin = time.monotonic()
    parallel(32, lambda number: mesh.invoke(names[number], "sleep").expect_ok())
    assert time.monotonic() - begin < 2.0


# --- I14-I16: the request to the host -------------------------------------------------------------
def test_a_missing_state_is_left_out(mesh):
    """I14: no empty Any in the context, in init neither."""
    name = mesh.name()
    mesh.register(actor(name, ["init", "work"]))
    mesh.invoke(name, "work").expect_ok()
    for call in mesh.host.seen(name):
        assert call.invocation.HasField("current_context")
        assert not call.context.HasField("state")


def test_hosts_are_told_what_they_can_pass_on(mesh):
    """I15: beside the caller's metadata each call has an id of its own and the revision of the
    state it was given, whatever a caller says."""
    name = mesh.counter()
    for _ in range(2):
        mesh.invoke(name, "inc", metadata={"spawn-message-id": "mine", "spawn-revision": "9",
                                           "spawn-other": "x", "k": "v"}).expect_ok()
    first, second = mesh.host.seen(name, "inc")
    assert first.metadata == second.metadata == {"k": "v"}
    assert (first.told["spawn-revision"], second.told["spawn-revision"]) == ("0", "1")
    assert "mine" not in (first.told["spawn-message-id"], second.told["spawn-message-id"])
    assert first.told["spawn-message-id"] != second.told["spawn-message-id"]


def test_metadata_caller_and_self_are_right(mesh):
    """I15: metadata in the context; an outside caller stays unset; a given one is passed on."""
    name, caller = mesh.name(), actor_id("somebody", parent="SomeParent")
    mesh.register(actor(name, ["work"]))
    mesh.invoke(name, "work", metadata={"k": "v", "ü": "ß"}).expect_ok()
    mesh.invoke(name, "work", caller=caller).expect_ok()
    outside, inside = mesh.host.seen(name, "work")
    assert outside.metadata == {"k": "v", "ü": "ß"}
    assert not outside.invocation.HasField("caller")
    assert not outside.context.HasField("caller")
    assert outside.actor == outside.context.self == actor_id(name)
    assert inside.metadata == {}
    assert inside.invocation.caller == inside.context.caller == caller


def test_host_requests_come_in_one_piece_with_their_length(mesh):
    """I16: headers and body in a single write, Content-Length, octet-stream, no chunks.

    TCP keeps a write together up to half of the receiver's window (64 KiB here): beyond it the
    sender pushes the first half at once, and a quick reader sees two pieces of one write.
    """
    name = mesh.name()
    mesh.register(actor(name, ["take"]))
    for size in (0, 10, 1_000, 10_000, 30_000):
        for _ in range(8):
            mesh.invoke(name, "take", text(b"x" * size)).expect_ok()
    for call in mesh.host.seen(name, "take"):
        assert (call.method, call.path) == ("POST", manners.PATH)
        assert call.headers["content-type"] == "application/octet-stream"
        assert int(call.headers["content-length"]) == len(call.body)
        assert "transfer-encoding" not in call.headers
        assert "host" in call.headers
        assert len(call.segments) == 1, f"{len(call.body)} bytes in {len(call.segments)} pieces"


def test_host_connections_are_kept(mesh):
    """I16: a keep-alive pool, not a connection per call."""
    name = mesh.counter()
    before = mesh.host.connections
    for _ in range(30):
        mesh.invoke(name, "inc").expect_ok()
    assert mesh.host.connections - before <= 4


# --- kinds ----------------------------------------------------------------------------------------
def test_pooled_calls_run_in_parallel_up_to_their_number(mesh):
    """I5: D5: kind POOLED, stateless, max_pool_size at once."""
    name = mesh.name("pool")
    mesh.host.on(name, "work", reply=Reply(payload=text("done"), delay=0.15))
    mesh.register(actor(name, ["work"], kind=POOLED, stateful=False, pool=3))
    parallel(9, lambda _: mesh.invoke(name, "work", pooled=True).expect_ok())
    assert 2 <= mesh.host.most[name] <= 3
    assert all(call.state is None for call in mesh.host.seen(name, "work"))


def test_json_payload_types_of_any_sdk_pass(mesh):
    """I3: other packages' JSONType urls are passed on as they are."""
    name = mesh.name()
    foreign = any_pb.Any(type_url="type.googleapis.com/eigr.functions.protocol.JSONType",
                         value=json_any("{}").value)
    mesh.register(actor(name, ["take"]))
    mesh.invoke(name, "take", foreign).expect_ok()
    assert mesh.host.seen(name, "take")[0].payload == foreign
    assert foreign.type_url != JSON_URL
