"""The wire messages, generated from plugin-api/proto, and short ways to build them.

Import the message modules from here: `from harness.wire import actor_pb, protocol_pb`.
The modules are generated once per content of the .proto files into a shared folder; runs that
start at the same moment do not disturb each other (generate beside, then rename).
"""
import hashlib
import importlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SOURCE = Path(os.environ.get("SPAWN_SOURCE_DIR", Path(__file__).resolve().parents[3]))
BUILD = Path(os.environ.get("SPAWN_BUILD_DIR", SOURCE / "build" / "dev"))
PROTO = SOURCE / "plugin-api" / "proto"
FILES = ("spawn/actors/actor.proto", "spawn/protocol.proto", "spawn/workflows.proto")


def _generated() -> Path:
    digest = hashlib.sha256()
    for file in FILES:
        digest.update((PROTO / file).read_bytes())
    root = BUILD if BUILD.is_dir() else Path(tempfile.gettempdir())
    target = root / "conformance-pb" / digest.hexdigest()[:16]
    if target.is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(dir=target.parent))
    subprocess.run(["protoc", f"-I{PROTO}", f"--python_out={work}", *FILES], check=True)
    try:
        work.rename(target)
    except OSError:  # another run was first
        shutil.rmtree(work)
    return target


sys.path.insert(0, str(_generated()))
actor_pb = importlib.import_module("spawn.actors.actor_pb2")
protocol_pb = importlib.import_module("spawn.protocol_pb2")
workflows_pb = importlib.import_module("spawn.workflows_pb2")
any_pb = importlib.import_module("google.protobuf.any_pb2")

SYSTEM = "spawn-system"
OK = protocol_pb.OK
ERROR = protocol_pb.ERROR
ACTOR_NOT_FOUND = protocol_pb.ACTOR_NOT_FOUND
NAMED, UNNAMED, POOLED = actor_pb.NAMED, actor_pb.UNNAMED, actor_pb.POOLED
UNKNOW_KIND, TASK, PROXY = actor_pb.UNKNOW_KIND, actor_pb.TASK, actor_pb.PROXY

NOOP = "noop"      # payload: Noop
UNSET = None       # payload: absent
JSON_URL = "type.googleapis.com/spawn.JSONType"
TEXT_URL = "type.googleapis.com/conformance.Text"  # a type the kernel has never heard of


def text(value, url: str = TEXT_URL) -> "any_pb.Any":
    """An Any whose bytes are the text itself, so a test reads states and payloads at a glance."""
    data = value if isinstance(value, bytes) else str(value).encode()
    return any_pb.Any(type_url=url, value=data)


def untext(any_message) -> str:
    return any_message.value.decode()


def json_any(content: str) -> "any_pb.Any":
    message = protocol_pb.JSONType(content=content)
    return any_pb.Any(type_url=JSON_URL, value=message.SerializeToString())


def put_payload(message, payload) -> None:
    """Sets the payload of any message that has value and noop; UNSET leaves it away."""
    if payload is None:
        return
    if isinstance(payload, str) and payload == NOOP:
        message.noop.SetInParent()
    else:
        message.value.CopyFrom(payload)


def payload_of(message):
    """The payload as put_payload takes it: UNSET, NOOP or an Any."""
    kind = message.WhichOneof("payload")
    if kind is None:
        return None
    return NOOP if kind == "noop" else message.value


def actor_id(name: str, system: str = SYSTEM, parent: str = "") -> "actor_pb.ActorId":
    return actor_pb.ActorId(name=name, system=system, parent=parent)


def timeout(strategy, milliseconds) -> None:
    """Sets a snapshot or deactivation strategy; "empty" is the strategy without a number."""
    strategy.SetInParent()
    if milliseconds != "empty":
        strategy.timeout.SetInParent()
        strategy.timeout.timeout = milliseconds


def actor(name, actions=(), *, kind=NAMED, stateful=True, snapshot_ms=None, deactivate_ms=None,
          timers=(), channels=(), state=None, tags=None, system=SYSTEM, parent="", pool=0,
          bare=False) -> "actor_pb.Actor":
    """A definition as SDKs send it: always state, metadata and settings, unless bare."""
    definition = actor_pb.Actor(id=actor_id(name, system, parent))
    for action in actions:
        definition.actions.add(name=action)
    for milliseconds, action in timers:
        definition.timer_actions.add(seconds=milliseconds).action.name = action
    if bare:
        return definition
    definition.state.SetInParent()
    if state is not None:
        definition.state.state.CopyFrom(state)
    for key, value in (tags or {}).items():
        definition.state.tags[key] = value
    definition.metadata.SetInParent()
    for topic, action in channels:
        definition.metadata.channel_group.add(topic=topic, action=action)
    definition.settings.kind = kind
    definition.settings.stateful = stateful
    definition.settings.max_pool_size = pool
    if snapshot_ms is not None:
        timeout(definition.settings.snapshot_strategy, snapshot_ms)
    if deactivate_ms is not None:
        timeout(definition.settings.deactivation_strategy, deactivate_ms)
    return definition


def registration(actors, system=SYSTEM) -> "protocol_pb.RegistrationRequest":
    request = protocol_pb.RegistrationRequest()
    info = request.service_info
    info.service_name, info.service_version = "conformance", "1.0"
    info.service_runtime = "python"
    info.support_library_name, info.support_library_version = "conformance", "1.0"
    info.protocol_major_version, info.protocol_minor_version = 1, 2
    request.actor_system.name = system
    request.actor_system.registry.SetInParent()
    for definition in actors:
        request.actor_system.registry.actors[definition.id.name].CopyFrom(definition)
    return request


def invocation(name, action, payload=UNSET, *, system=SYSTEM, parent="", ref="", caller=None,
               metadata=None, asynchronous=False, at=0, pooled=False):
    """An InvocationRequest, also as a side effect carries it."""
    request = protocol_pb.InvocationRequest(action_name=action, register_ref=ref, pooled=pooled,
                                            scheduled_to=at)
    request.system.name = system
    request.actor.id.CopyFrom(actor_id(name, system, parent))
    setattr(request, "async", asynchronous)
    put_payload(request, payload)
    if caller is not None:
        request.caller.CopyFrom(caller)
    for key, value in (metadata or {}).items():
        request.metadata[key] = value
    return request


def workflow(*, effects=(), broadcast=None, pipe=None, forward=None):
    """broadcast: (topic, payload); pipe and forward: (actor, action[, register_ref])."""
    flow = protocol_pb.Workflow()
    for request in effects:
        flow.effects.add().request.CopyFrom(request)
    if broadcast is not None:
        topic, payload = broadcast
        flow.broadcast.channel_group = topic
        put_payload(flow.broadcast, payload)
    for part, target in (("pipe", pipe), ("forward", forward)):
        if target is not None:
            hop = getattr(flow, part)
            hop.actor, hop.action_name = target[0], target[1]
            hop.register_ref = target[2] if len(target) > 2 else ""
    return flow
