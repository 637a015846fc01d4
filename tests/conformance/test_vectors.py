"""The byte vectors of protocol.md 3.7: against the generated code, then against the kernel."""
import pytest
from harness import host as manners
from harness.client import REGISTER_PATH
from harness.host import TOLD, Reply
from harness.wire import (ERROR, NOOP, OK, SYSTEM, UNNAMED, actor, actor_id, actor_pb, any_pb,
                          payload_of, protocol_pb)

CONFIG = {"timeouts": {"request_ms": 3000}}

REGISTERED = ("0a0c0801120841636365707465641216080110021a05737061776e2209322e302e302d524339")
REQUEST = ("0a030a017312080a060a01611201731a03696e6328013a0042060a016b1201764880d095ffbc31"
           "5a0170")
CALL = ("0a090a01611201731a01701203696e631a320a1d0a17747970652e676f6f676c65617069732e636f6d"
        "2f782e53120208011a090a01611201731a01702a060a01741201312a00")
ANSWER = "0a01611201731a002a0f12050a016322001a060a016212016632003801"
REFUSAL = ("0a2608031222416374696f6e205b785d206e6f7420666f756e6420666f72204163746f72205b615d")
CHANNEL, CHANNEL_TEXT = "0a060a0474657374", "0a0474657374"


def registered():
    message = protocol_pb.RegistrationResponse()
    message.status.status, message.status.message = OK, "Accepted"
    info = message.proxy_info
    info.protocol_major_version, info.protocol_minor_version = 1, 2
    info.proxy_name, info.proxy_version = "spawn", "2.0.0-RC9"
    return message


def request():
    message = protocol_pb.InvocationRequest(action_name="inc", register_ref="p",
                                            scheduled_to=1_700_000_000_000)
    message.system.name = "s"
    message.actor.id.CopyFrom(actor_id("a", "s"))
    message.noop.SetInParent()
    message.metadata["k"] = "v"
    setattr(message, "async", True)
    return message


def call():
    message = protocol_pb.ActorInvocation(actor=actor_id("a", "s", "p"), action_name="inc")
    message.noop.SetInParent()
    message.current_context.state.CopyFrom(
        any_pb.Any(type_url="type.googleapis.com/x.S", value=b"\x08\x01"))
    message.current_context.self.CopyFrom(actor_id("a", "s", "p"))
    message.current_context.tags["t"] = "1"
    return message


def answer():
    message = protocol_pb.ActorInvocationResponse(actor_name="a", actor_system="s",
                                                  checkpoint=True)
    message.updated_context.SetInParent()
    message.noop.SetInParent()
    message.workflow.broadcast.channel_group = "c"
    message.workflow.broadcast.noop.SetInParent()
    message.workflow.pipe.actor, message.workflow.pipe.action_name = "b", "f"
    return message


def refusal():
    message = protocol_pb.InvocationResponse()
    message.status.status = ERROR
    message.status.message = "Action [x] not found for Actor [a]"
    return message


def channel():
    message = actor_pb.Metadata()
    message.channel_group.add(topic="test")
    return message


@pytest.mark.parametrize("vector, build", [
    (REGISTERED, registered), (REQUEST, request), (CALL, call), (ANSWER, answer),
    (REFUSAL, refusal), (CHANNEL, channel)],
    ids=["registered", "request", "call", "answer", "refusal", "channel"])
def test_vectors_and_generated_code_agree(vector, build):
    """3.7: both ways: our .proto files say what the published vectors say."""
    message = build()
    assert message.SerializeToString(deterministic=True).hex() == vector
    assert type(message).FromString(bytes.fromhex(vector)) == message


def test_the_text_channel_vector_is_no_channel():
    """3.7, 3.6: which is why the kernel reads channel_group by a rule of its own (R5)."""
    with pytest.raises(Exception):
        actor_pb.Metadata.FromString(bytes.fromhex(CHANNEL_TEXT))


def template(mesh, system, state=None, tags=None):
    """Registers p, the parent that the vectors name."""
    mesh.host.on("p", "inc", reply=Reply())
    mesh.register(actor("p", ["inc"], kind=UNNAMED, system=system, state=state, tags=tags),
                  system=system)


def test_the_kernel_understands_the_request_vector(mesh):
    """3.7, I13: scheduled in the past and async: runs now, through register_ref p."""
    template(mesh, "s")
    response = mesh.client.post(f"{REGISTER_PATH}/s/actors/a/invoke", bytes.fromhex(REQUEST))
    message = response.decode(protocol_pb.InvocationResponse)
    assert response.status == 200 and message.status.status == OK, message
    assert message.system.name == "s" and message.actor.id == actor_id("a", "s")
    assert payload_of(message) is None
    seen = mesh.host.wait(1, "a", "inc")[0]
    assert seen.actor == actor_id("a", "s", "p")
    assert (seen.payload, seen.metadata) == (NOOP, {"k": "v"})


def test_the_kernel_writes_the_call_vector(fresh):
    """3.7: the same situation gives the host the same message, and with it what the kernel tells
    of each call."""
    mesh = fresh()
    state = any_pb.Any(type_url="type.googleapis.com/x.S", value=b"\x08\x01")
    template(mesh, "s", state, {"t": "1"})
    mesh.invoke("a", "inc", NOOP, system="s", ref="p").expect_ok()
    seen = mesh.host.seen("a", "inc")[0]
    assert sorted(seen.told) == sorted(TOLD)
    for key in TOLD:
        del seen.context.metadata[key]
    assert seen.invocation == call()
    # Nothing more, nothing less.
    assert sorted(seen.invocation.SerializeToString()) == sorted(bytes.fromhex(CALL))


def test_the_kernel_understands_the_answer_vector(fresh):
    """3.7: empty context, noop, pipe to b/f, broadcast on c, checkpoint."""
    mesh = fresh()
    mesh.host.on("a", "act", lambda _: manners.Answer(body=bytes.fromhex(ANSWER)))
    mesh.register(actor("a", ["act"], system="s"),
                  actor("b", ["f", "receive"], system="s", channels=[("c", "")]), system="s")
    mesh.invoke("a", "act", system="s").expect_ok()
    piped = mesh.host.wait(1, "b", "f")[0]
    assert piped.payload == NOOP
    assert piped.invocation.caller == actor_id("a", "s")
    assert mesh.host.wait(1, "b", "receive")[0].payload == NOOP


def test_the_kernel_writes_the_refusal_vector_behind_a_code(mesh):
    """3.7, D6: the vector's text with the fixed code before it."""
    mesh.register(actor("refuses", ["y"]))
    outcome = mesh.invoke("refuses", "x").expect_error("ACTION_NOT_FOUND")
    assert outcome.text.partition(": ")[2] == refusal().status.message.replace("[a]", "[refuses]")


@pytest.mark.parametrize("vector", [CHANNEL, CHANNEL_TEXT], ids=["channel", "text"])
def test_the_kernel_understands_both_metadata_vectors(fresh, vector):
    """3.7, R5: both subscribe to topic test with action receive."""
    mesh = fresh()
    metadata = bytes.fromhex(vector)
    definition = actor("sub", ["receive"])
    definition.ClearField("metadata")
    raw = definition.SerializeToString() + b"\x32" + bytes([len(metadata)]) + metadata

    def field(tag, data):
        assert len(data) < 128
        return bytes([tag, len(data)]) + data

    entry = field(0x0A, field(0x0A, b"sub") + field(0x12, raw))
    body = field(0x0A, field(0x0A, b"svc")) + field(0x12, field(0x0A, SYSTEM.encode()) +
                                                    field(0x12, entry))
    response = mesh.client.post(REGISTER_PATH, body)
    assert response.status == 200, response
    flow = protocol_pb.Workflow()
    flow.broadcast.channel_group = "test"
    flow.broadcast.noop.SetInParent()
    mesh.host.on("speaker", "speak", reply=Reply(workflow=flow))
    mesh.register(actor("speaker", ["speak"]))
    mesh.invoke("speaker", "speak").expect_ok()
    mesh.host.wait(1, "sub", "receive")


def test_the_kernels_registration_answer_has_the_vectors_fields(mesh):
    """3.7, R1: status and proxy_info as in the vector; the version is our own."""
    message = mesh.register(actor(mesh.name(), ["act"]))
    expected = registered()
    assert message.status == expected.status
    for name in ("protocol_major_version", "protocol_minor_version", "proxy_name"):
        assert getattr(message.proxy_info, name) == getattr(expected.proxy_info, name)


def test_unknown_fields_are_skipped(mesh):
    """3.7, 3.6: fields nobody knows are skipped wherever they stand."""
    name = mesh.counter()
    extra = b"\xf2\xfb\x1e\x03abc"  # field 63342, bytes
    body = protocol_pb.InvocationRequest(action_name="inc")
    body.system.name = SYSTEM
    body.actor.id.CopyFrom(actor_id(name))
    response = mesh.client.post(f"{REGISTER_PATH}/{SYSTEM}/actors/{name}/invoke",
                                extra + body.SerializeToString() + extra)
    message = response.decode(protocol_pb.InvocationResponse)
    assert message.status.status == OK
