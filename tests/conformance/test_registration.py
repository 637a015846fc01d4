"""R1-R11: registration and the HTTP surface around it (protocol.md 1, 4.1, 4.2, 4.6)."""
import gzip
import time

import pytest
from harness.client import OCTETS, REGISTER_PATH, http_bytes, read_response
from harness.host import Reply
from harness.wire import (ERROR, NAMED, OK, SYSTEM, UNNAMED, actor, any_pb, invocation,
                          protocol_pb, registration, text)

LIMIT = 8_000_000  # bytes of a request body


def test_register_answers_accepted_with_proxy_info(mesh):
    """R1: 200, OK, "Accepted", proxy_info present."""
    answer = mesh.register(actor(mesh.name(), ["inc"]))
    assert answer.status.message == "Accepted"
    assert answer.HasField("proxy_info")
    assert answer.proxy_info.protocol_major_version == 1
    assert answer.proxy_info.proxy_name and answer.proxy_info.proxy_version


@pytest.mark.parametrize("accepts", ["gzip", "gzip, deflate", "deflate, gzip", "x-gzip"])
def test_responses_are_compressed_when_the_client_accepts_it(mesh, accepts):
    """R2: the coding is applied to every non-empty body, the small registration answer too
    (Java's client cannot register otherwise), with content-encoding and vary."""
    request = registration([actor(mesh.name(), ["inc"])]).SerializeToString()
    response = mesh.client.post(REGISTER_PATH, request, headers={"Accept-Encoding": accepts})
    assert response.status == 200
    assert response.headers.get("content-encoding") in ("gzip", "x-gzip", "deflate")
    assert "accept-encoding" in response.headers.get("vary", "").lower()
    assert int(response.headers["content-length"]) == len(response.body)
    assert response.decode(protocol_pb.RegistrationResponse).status.status == OK


def test_responses_are_identity_when_not_accepted(mesh):
    """R2: no Accept-Encoding, no coding."""
    request = registration([actor(mesh.name(), ["inc"])]).SerializeToString()
    response = mesh.client.post(REGISTER_PATH, request, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in response.headers
    assert protocol_pb.RegistrationResponse.FromString(response.body).status.status == OK


def test_large_invocation_answer_is_compressed_correctly(mesh):
    """R2: a body beyond the stored-block size really deflates and comes back whole."""
    name, big = mesh.name(), b"spawn " * 50_000
    mesh.host.on(name, "big", reply=Reply(payload=text(big)))
    mesh.register(actor(name, ["big"]))
    outcome = mesh.client.send(invocation(name, "big"), headers={"Accept-Encoding": "gzip"})
    assert outcome.expect_ok().message.value.value == big
    assert outcome.response.headers["content-encoding"] == "gzip"
    assert len(outcome.response.body) < len(big) // 4
    assert gzip.decompress(outcome.response.body) == outcome.response.plain


@pytest.mark.parametrize("content_type", [OCTETS, "application/protobuf",
                                          "application/octet-stream; charset=utf-8"])
def test_both_protobuf_content_types_are_accepted(mesh, content_type):
    """R3: octet-stream and protobuf, with or without parameters."""
    request = registration([actor(mesh.name(), ["inc"])]).SerializeToString()
    response = mesh.client.post(REGISTER_PATH, request, content_type)
    assert response.status == 200
    assert response.decode(protocol_pb.RegistrationResponse).status.status == OK


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml"])
def test_other_content_types_are_415(mesh, content_type):
    """R3: any other type is refused with 415 and a decodable body."""
    request = registration([actor(mesh.name(), ["inc"])]).SerializeToString()
    response = mesh.client.post(REGISTER_PATH, request, content_type)
    assert response.status == 415
    assert response.decode(protocol_pb.RegistrationResponse).status.status == ERROR


@pytest.mark.parametrize("path", [REGISTER_PATH, f"{REGISTER_PATH}/{SYSTEM}/actors/spawn",
                                  f"{REGISTER_PATH}/{SYSTEM}/actors/x/invoke"])
@pytest.mark.parametrize("body", [b"\xff\xff\xff\xff", b"<html>no protobuf</html>", b"\x0a\x7f"])
def test_undecodable_bodies_are_400_with_a_decodable_body(mesh, path, body):
    """R4: 400, status ERROR, never a crash."""
    response = mesh.client.post(path, body)
    assert response.status == 400
    answer = response.decode(protocol_pb.InvocationResponse)  # status is field 1 in all three
    assert answer.status.status == ERROR and answer.status.message


def test_registration_without_its_parts_is_refused(mesh):
    """R4: no service_info, no registry, no body: an error that says so, not an empty 500."""
    for request in (protocol_pb.RegistrationRequest(),
                    protocol_pb.RegistrationRequest(
                        service_info=protocol_pb.ServiceInfo(service_name="x"))):
        response = mesh.client.post(REGISTER_PATH, request.SerializeToString())
        assert response.status in (400, 500)
        assert response.decode(protocol_pb.RegistrationResponse).status.status == ERROR


def _metadata_field(data: bytes) -> bytes:
    """Actor.metadata (field 6) with the given bytes."""
    return b"\x32" + bytes([len(data)]) + data


@pytest.mark.parametrize("encoding", ["channel", "string"])
def test_channel_group_is_understood_as_message_and_as_text(mesh, encoding):
    """R5: Channel{topic} and the plain string of the Python and Rust SDKs; both run `receive`."""
    topic = mesh.name("t")
    channel = b"\x0a" + bytes([len(topic)]) + topic.encode()
    inner = channel if encoding == "channel" else topic.encode()
    metadata = b"\x0a" + bytes([len(inner)]) + inner
    name, speaker = mesh.name("sub"), mesh.name("speaker")
    definition = actor(name, ["receive"])
    definition.ClearField("metadata")
    raw_actor = definition.SerializeToString() + _metadata_field(metadata)
    entry = b"\x0a" + bytes([len(name)]) + name.encode() + b"\x12" + _length(raw_actor)
    registry = b"\x0a" + _length(entry)
    system = b"\x0a" + _length(SYSTEM.encode()) + b"\x12" + _length(registry)
    info = registration([]).service_info.SerializeToString()
    body = b"\x0a" + _length(info) + b"\x12" + _length(system)
    response = mesh.client.post(REGISTER_PATH, body)
    assert response.status == 200, response.decode(protocol_pb.RegistrationResponse)

    flow = protocol_pb.Workflow()
    flow.broadcast.channel_group = topic
    flow.broadcast.value.CopyFrom(text("hello"))
    mesh.host.on(speaker, "speak", reply=Reply(workflow=flow))
    mesh.register(actor(speaker, ["speak"]))
    mesh.invoke(speaker, "speak").expect_ok()
    heard = mesh.host.wait(1, name, "receive")
    assert heard[0].payload.value == b"hello"


def _length(data: bytes) -> bytes:
    size, head = len(data), b""
    while size >= 0x80:
        head += bytes([size & 0x7F | 0x80])
        size >>= 7
    return head + bytes([size]) + data


def test_an_actor_without_optional_parts_is_registered_and_served(mesh):
    """R6: no settings, metadata, state or strategies."""
    name = mesh.name("bare")
    mesh.host.on(name, "hi", reply=Reply(payload=text("hi")))
    mesh.register(actor(name, ["hi"], bare=True))
    assert mesh.invoke(name, "hi").expect_ok().value == "hi"


def test_strategies_without_a_number_are_tolerated(mesh):
    """R6: a strategy message with nothing in it, as Java sends."""
    name = mesh.counter(snapshot_ms="empty", deactivate_ms="empty")
    mesh.invoke(name, "inc").expect_ok()
    assert mesh.count(name) == 1


def test_registration_again_updates_running_actors_and_keeps_their_state(mesh):
    """R7: new actions at once, removed ones gone, state kept."""
    name = mesh.counter()
    mesh.invoke(name, "inc").expect_ok()
    mesh.host.on(name, "extra", lambda call: Reply(payload=text(call.state)))
    mesh.register(actor(name, ["extra"]))
    assert mesh.invoke(name, "extra").expect_ok().value == "1"
    mesh.invoke(name, "inc").expect_error("ACTION_NOT_FOUND")


def test_registration_again_doubles_neither_timers_nor_subscriptions(mesh):
    """R7: one timer and one subscription after three registrations of the same definition."""
    name, topic = mesh.name("again"), mesh.name("t")
    definition = actor(name, ["heard", "speak", "tick"], timers=[(100, "tick")],
                       channels=[(topic, "heard")])
    flow = protocol_pb.Workflow()
    flow.broadcast.channel_group = topic
    flow.broadcast.noop.SetInParent()
    mesh.host.on(name, "speak", reply=Reply(workflow=flow))
    for _ in range(3):
        mesh.register(definition)
    first = mesh.host.wait(1, name, "tick")[-1].at
    mesh.host.wait(len(mesh.host.seen(name, "tick")) + 6, name, "tick")
    ticks = [call.at for call in mesh.host.seen(name, "tick") if call.at >= first]
    spacing = (ticks[-1] - ticks[0]) / (len(ticks) - 1)
    assert 0.08 < spacing < 0.2, f"a tick every {spacing * 1000:.0f} ms instead of 100"
    mesh.invoke(name, "speak").expect_ok()
    mesh.host.wait(1, name, "heard")
    mesh.invoke(name, "get").expect_ok()  # behind any second copy in the same mailbox
    time.sleep(0.1)
    assert len(mesh.host.seen(name, "heard")) == 1
    mesh.register(actor(name, ["heard"]))  # the timer goes with the definition


def test_stateful_named_actors_start_at_registration_and_others_do_not(mesh):
    """R8: eager: stateful NAMED and UNKNOW_KIND; lazy: UNNAMED, POOLED and stateless."""
    eager = [mesh.name("eager") for _ in range(2)]
    lazy = [mesh.name("lazy") for _ in range(2)]
    mesh.register(actor(eager[0], ["init"], kind=NAMED), actor(eager[1], ["init"], kind=0),
                  actor(lazy[0], ["init"], kind=UNNAMED),
                  actor(lazy[1], ["init"], kind=NAMED, stateful=False))
    for name in eager:
        mesh.host.wait(1, name, "init")
    mesh.invoke(eager[0], "get").expect_ok()
    time.sleep(0.1)
    for name in lazy:
        assert not mesh.host.seen(name)


def test_channels_of_lazy_named_actors_live_from_registration(mesh):
    """R8: a stateless NAMED actor that was never invoked hears a broadcast."""
    listener, speaker, topic = mesh.name("lazy"), mesh.name("speaker"), mesh.name("t")
    flow = protocol_pb.Workflow()
    flow.broadcast.channel_group = topic
    flow.broadcast.value.CopyFrom(text("wake"))
    mesh.host.on(speaker, "speak", reply=Reply(workflow=flow))
    mesh.register(actor(listener, ["receive"], stateful=False, channels=[(topic, "")]),
                  actor(speaker, ["speak"]))
    mesh.invoke(speaker, "speak").expect_ok()
    mesh.host.wait(1, listener, "receive")


def test_registration_before_the_host_listens(fresh):
    """R9: init finds nobody, is tried again, and reaches the host once it listens."""
    mesh = fresh(host_listens=False)
    name = mesh.name("early")
    mesh.host.on(name, "init", reply=Reply(state=text("ready")))
    mesh.register(actor(name, ["init"]))
    time.sleep(0.3)
    assert mesh.kernel.alive
    mesh.host.start()
    mesh.host.wait(1, name, "init", timeout=5)
    assert mesh.invoke(name, "get").expect_ok().value == "ready"
    assert len(mesh.host.seen(name, "init")) == 1


def test_health_and_metrics(mesh):
    """R10: liveness, readiness and metrics answer 200; the health body is upstream's JSON."""
    for path in ("/health", "/health/liveness", "/health/readiness"):
        response = mesh.client.get(path)
        assert response.status == 200
        assert response.body.replace(b" ", b"") == b'{"status":"up"}'
    metrics = mesh.client.get("/metrics")
    assert metrics.status == 200
    assert metrics.headers["content-type"].startswith("text/plain")
    assert b"# TYPE " in metrics.plain


@pytest.mark.parametrize("path", ["/", "/nothing", "/api/v1/nothing", "/api/v2/system",
                                  "/health/nothing", "/metrics/nothing"])
def test_unknown_paths_are_404(mesh, path):
    """R10: below the known prefixes too (upstream answers an empty 500 there)."""
    assert mesh.client.get(path).status == 404


def _sized_invocation(name, size):
    request = invocation(name, "size", any_pb.Any(type_url="x/y", value=b""))
    pad = size - request.ByteSize()
    while request.ByteSize() != size:
        request.value.value = b"z" * pad
        pad -= request.ByteSize() - size
    return request


def test_a_body_of_exactly_the_limit_is_accepted(mesh):
    """R11: 8,000,000 bytes reach the host whole."""
    name = mesh.name("big")
    mesh.host.on(name, "size",
                 lambda call: Reply(payload=text(len(call.payload.value))))
    mesh.register(actor(name, ["size"]))
    request = _sized_invocation(name, LIMIT)
    outcome = mesh.client.send(request)
    assert outcome.expect_ok().value == str(len(request.value.value))


def test_a_body_above_the_limit_is_413(mesh):
    """R11: one byte more is 413 with a decodable body, and the host sees nothing."""
    name = mesh.name("bigger")
    mesh.register(actor(name, ["size"]))
    raw = mesh.client.socket()
    body = _sized_invocation(name, LIMIT + 1).SerializeToString()
    path = f"{REGISTER_PATH}/{SYSTEM}/actors/{name}/invoke"
    with raw, raw.makefile("rb") as stream:
        raw.sendall(http_bytes("POST", path, headers={"Content-Length": str(len(body))}))
        raw.sendall(body[:1000])
        response = read_response(stream)
    assert response.status == 413
    assert response.decode(protocol_pb.InvocationResponse).status.status == ERROR
    assert not mesh.host.seen(name, "size")


def test_a_host_registered_for_one_actor_does_not_lose_the_others(mesh):
    """R7: a new registration replaces what it names, and nothing else."""
    first, second = mesh.counter(), mesh.counter()
    mesh.invoke(first, "inc").expect_ok()
    mesh.register(actor(second, ["inc", "read"]))
    assert mesh.count(first) == 1


def test_hundred_actors_in_one_registration(mesh):
    """R1: a larger registry is accepted and every actor answers."""
    names = [mesh.name("many") for _ in range(100)]
    for name in names:
        mesh.host.on(name, "who", lambda call: Reply(payload=text(call.name)))
    mesh.register(*[actor(name, ["who"]) for name in names])
    for name in names:
        assert mesh.invoke(name, "who").expect_ok().value == name
