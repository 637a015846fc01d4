"""An actor host written with the published Python SDK, and a client of it, for python_sdk_test.py.

States and payloads are google.protobuf.Int64Value. Commands on standard input, one a line:

    call ACTOR ACTION [N]     invokes through the SDK, answers the number
    send ACTOR ACTION [N]     the same, asynchronous: answers "ok"
    child NAME ACTION [N]     the same on an actor of the UNNAMED Template
    burst ACTOR ACTION COUNT  COUNT calls at once with N = 1, answers the numbers in order
    count ACTION              how often an action ran in this process

A call that did not succeed is answered with what the SDK says of it ("error", "actor_not_found").
"""
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

# The SDK prints to standard output; the answers get a file of their own.
ANSWERS = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(2, 1)
sys.path.insert(0, os.environ["SPAWN_PYTHON_SDK"])

from google.protobuf.wrappers_pb2 import Int64Value  # noqa: E402
from spawn.eigr.functions.actors.api.actor import Actor  # noqa: E402
from spawn.eigr.functions.actors.api.context import Context  # noqa: E402
from spawn.eigr.functions.actors.api.sdk import Spawn  # noqa: E402
from spawn.eigr.functions.actors.api.settings import ActorSettings, Kind  # noqa: E402
from spawn.eigr.functions.actors.api.value import Value  # noqa: E402
from spawn.eigr.functions.actors.api.workflows.broadcast import Broadcast  # noqa: E402
from spawn.eigr.functions.actors.api.workflows.effect import Effect  # noqa: E402
from spawn.eigr.functions.actors.api.workflows.forward import Forward  # noqa: E402
from spawn.eigr.functions.actors.api.workflows.pipe import Pipe  # noqa: E402

SYSTEM = "spawn-system"
SHORT = {"deactivate_timeout": 120, "snapshot_timeout": 60}  # milliseconds
RAN = {}
RAN_GUARD = threading.Lock()

counter = Actor(settings=ActorSettings(name="Counter", channel="news", **SHORT))
template = Actor(settings=ActorSettings(name="Template", kind=Kind.UNNAMED, **SHORT))
pool = Actor(settings=ActorSettings(name="Pool", kind=Kind.POOLED, stateful=False, **SHORT))
router = Actor(settings=ActorSettings(name="Router", stateful=False, **SHORT))
clock = Actor(settings=ActorSettings(name="Clock", deactivate_timeout=60000))


def ran(action):
    with RAN_GUARD:
        RAN[action] = RAN.get(action, 0) + 1


def number(message) -> int:
    return message.value if message is not None else 0


def sum_of(request, ctx):
    ran("Add")
    return Int64Value(value=number(ctx.state) + request.value)


@counter.action("Add")
@template.action("Add")
def add(request: Int64Value, ctx: Context) -> Value:
    total = sum_of(request, ctx)
    return Value().of(total, total).reply()


@counter.action("AddDurably")
def add_durably(request: Int64Value, ctx: Context) -> Value:
    total = sum_of(request, ctx)
    return Value().of(total, total).reply(checkpoint=True)


@counter.action("Total")
@template.action("Total")
@clock.action("Total")
def show(ctx: Context) -> Value:
    return Value().response(Int64Value(value=number(ctx.state))).reply()


@counter.action("Fail")
def fail(ctx: Context) -> Value:
    ran("Fail")
    raise RuntimeError("as asked")


@counter.action("receive")
def receive(request: Int64Value, ctx: Context) -> Value:
    ran("receive")
    return Value().state(Int64Value(value=number(ctx.state) + request.value)).noreply()


@pool.action("Double")
def double(request: Int64Value, ctx: Context) -> Value:
    return Value().response(Int64Value(value=2 * request.value)).reply()


@router.action("Pipe")
def piped(request: Int64Value, ctx: Context) -> Value:
    return Value().response(Int64Value(value=10 * request.value)).pipe(Pipe("Counter", "Add"))


@router.action("Forward")
def forwarded(request: Int64Value, ctx: Context) -> Value:
    return Value().forward(Forward("Counter", "Add")).noreply()


@router.action("Effect")
def effected(request: Int64Value, ctx: Context) -> Value:
    effect = Effect(action="Add", system=SYSTEM, actor="affected", parent="Template",
                    payload=request)
    return Value().response(request).effect(effect).reply()


@router.action("Announce")
def announce(request: Int64Value, ctx: Context) -> Value:
    return Value().response(request).broadcast(Broadcast(channel="news", value=request)).reply()


@router.action("AnnounceAdd")
def announce_add(request: Int64Value, ctx: Context) -> Value:
    broadcast = Broadcast(channel="news", action_name="Add", value=request)
    return Value().response(request).broadcast(broadcast).reply()


@clock.timer_action(every=50, name="tick")
def tick(ctx: Context) -> Value:
    return Value().state(Int64Value(value=number(ctx.state) + 1)).noreply()


def outcome(result) -> str:
    status, message = result
    return str(number(message)) if status == "ok" else status


def obey(words) -> str:
    verb, *rest = words
    if verb == "count":
        return str(RAN.get(rest[0], 0))
    name, action, argument = (*rest, "")[:3]
    payload = Int64Value(value=int(argument)) if argument else None
    if verb == "burst":
        reference = Spawn.create_actor_ref(SYSTEM, name)
        with ThreadPoolExecutor(16) as threads:
            calls = [threads.submit(reference.invoke, action, Int64Value(value=1))
                     for _ in range(int(argument))]
            return " ".join(sorted((outcome(call.result()) for call in calls), key=int))
    parent = "Template" if verb == "child" else None
    reference = Spawn.create_actor_ref(SYSTEM, name, parent)
    if verb == "send":
        return reference.invoke(action, payload, async_mode=True)[0]
    return outcome(reference.invoke(action, payload, pooled=name == "Pool"))


def main():
    spawn = Spawn().host("127.0.0.1").port(int(os.environ["HOST_PORT"]))
    spawn.proxy_host("127.0.0.1").proxy_port(int(os.environ["PROXY_PORT"])).actor_system(SYSTEM)
    for actor in (counter, template, pool, router, clock):
        spawn.add_actor(actor)
    spawn.start()
    print("ready", file=ANSWERS)
    for line in sys.stdin:
        try:
            print(obey(line.split()), file=ANSWERS)
        except Exception as problem:  # the test shows it
            print(f"exception: {problem!r}".replace("\n", " "), file=ANSWERS)


if __name__ == "__main__":
    main()
