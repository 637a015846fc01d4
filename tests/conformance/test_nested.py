"""Calls that the host makes from inside an action (durability.md 6; protocol.md 16.4)."""
import threading
import time

from harness.client import Client
from harness.host import Reply
from harness.mesh import counting
from harness.wire import OK, UNNAMED, actor, actor_id, text

CONFIG = {"timeouts": {"request_ms": 3000}}


def outer(mesh, inside) -> str:
    """An actor whose action runs inside(client, call) against the kernel."""
    name = mesh.name("outer")

    def act(call):
        client = Client(mesh.kernel.port)
        try:
            return inside(client, call)
        finally:
            client.close()

    mesh.host.on(name, "act", act)
    mesh.register(actor(name, ["act", "note"]))
    return name


def test_spawn_from_inside_an_action(mesh):
    """S1: Python's effects spawn while their actor is busy."""
    parent, child = mesh.name("Parent"), mesh.name("child")
    counting(mesh.host, parent)
    mesh.register(actor(parent, ["inc", "read"], kind=UNNAMED))

    def inside(client, call):
        status, answer = client.spawn(actor_id(child, parent=parent))
        return Reply(payload=text(f"{status} {answer.status.message}"))

    assert mesh.invoke(outer(mesh, inside), "act").expect_ok().value == "200 Accepted"
    assert mesh.invoke(child, "inc").expect_ok().value == "1"


def test_invoke_of_another_actor_from_inside_an_action(mesh):
    """L4: with the own id as caller, as the SDKs do: held until what the turn read is durable,
    then served; no deadlock."""
    other = mesh.counter()

    def inside(client, call):
        answer = client.invoke(other, "inc", caller=call.context.self).expect_ok()
        return Reply(payload=answer.message.value, state=text("seen " + answer.value))

    name = outer(mesh, inside)
    for number in range(1, 6):
        assert mesh.invoke(name, "act").expect_ok().value == str(number)
    assert mesh.host.seen(other, "inc")[0].invocation.caller == actor_id(name)
    assert mesh.invoke(name, "get").expect_ok().value == "seen 5"


def test_nested_calls_of_a_hot_actor(mesh):
    """L4: 8 clients keep the outer actor's saves in flight while it calls another one."""
    other = mesh.counter()

    def inside(client, call):
        answer = client.invoke(other, "inc", caller=call.context.self).expect_ok()
        return Reply(state=text(answer.value))

    name = outer(mesh, inside)
    threads = [threading.Thread(
        target=lambda: [mesh.invoke(name, "act").expect_ok() for _ in range(5)])
        for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert mesh.count(other) == 40
    assert mesh.invoke(name, "get").expect_ok().value == "40"


def test_three_levels_of_calls(mesh):
    """I5: a calls b calls c."""
    last = mesh.counter()
    middle = outer(mesh, lambda client, call: Reply(
        payload=client.invoke(last, "inc").expect_ok().message.value, state=text("m")))
    first = outer(mesh, lambda client, call: Reply(
        payload=client.invoke(middle, "act").expect_ok().message.value, state=text("f")))
    assert mesh.invoke(first, "act").expect_ok().value == "1"


def test_async_call_to_oneself_from_inside_an_action(mesh):
    """I4: accepted at once, run after the current message, with its new state."""
    def inside(client, call):
        client.invoke(call.name, "note", asynchronous=True,
                      caller=call.context.self).expect_ok()
        return Reply(state=text("after"))

    name = outer(mesh, inside)
    mesh.invoke(name, "act").expect_ok()
    assert mesh.host.wait(1, name, "note")[0].state == "after"


def test_sync_call_to_oneself_ends_at_the_deadline(mesh):
    """I12: it can never succeed; it must not hang or take the actor down."""
    codes = []

    def inside(client, call):
        outcome = client.invoke(call.name, "note", metadata={"request-timeout": "300"})
        codes.append(outcome.text)
        return Reply(state=text("went on"))

    name = outer(mesh, inside)
    begin = time.monotonic()
    mesh.invoke(name, "act").expect_ok()
    assert time.monotonic() - begin < 2.0
    assert codes and codes[0].startswith("DEADLINE_EXCEEDED: ")
    assert mesh.invoke(name, "get").expect_ok().value == "went on"
    assert not mesh.host.seen(name, "note")


def test_registration_from_inside_an_action(mesh):
    """R7: an actor may register others while it is busy."""
    new = mesh.name("new")
    counting(mesh.host, new)

    def inside(client, call):
        assert client.register(actor(new, ["inc", "read"])).status.status == OK
        return Reply(payload=client.invoke(new, "inc").expect_ok().message.value)

    assert mesh.invoke(outer(mesh, inside), "act").expect_ok().value == "1"


def test_a_nested_call_sees_only_durable_state(fresh):
    """L4: durability.md 6: while the disk is full, what the first turn wrote is not durable, so
    nothing that read it may show at another actor."""
    mesh = fresh({"timeouts": {"request_ms": 1500}})
    other = mesh.name("witness")
    mesh.register(actor(other, ["see"], stateful=False))
    mesh.invoke(other, "see").expect_ok()

    def inside(client, call):
        seen = call.state or "none"
        client.invoke(other, "see", text(seen), caller=call.context.self,
                      metadata={"request-timeout": "1000"})
        return Reply(state=text(int(call.state or 0) + 1))

    name = outer(mesh, inside)
    mesh.invoke(name, "act").expect_ok()
    mesh.kernel.disk_full()
    threads = [threading.Thread(target=lambda: mesh.invoke(name, "act")) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    shown = [call.payload.value for call in mesh.host.seen(other, "see") if call.payload]
    assert b"2" not in shown, f"state 2 was never durable, yet it was shown: {shown}"
    mesh.kernel.disk_full(False)
