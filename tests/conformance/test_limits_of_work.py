"""D12: docs/limits.md, row by row, as test_limits: actor hosts, turns and saves."""
import socket
import threading
import time

import pytest
from harness.host import Answer, Reply
from harness.mesh import counting
from harness.wire import actor, invocation, text, workflow
from test_limits import holding, one_lane, padded, send_hold, serves_on  # noqa: F401

REPLY, HOPS, COMMANDS = 4096, 4, 6
SOME = 3  # of the commands have a receiver
CONFIG = {"limits": {"host_reply_bytes": REPLY, "hops": HOPS, "commands_per_turn": COMMANDS}}


# --- actor hosts ----------------------------------------------------------------------------------
def test_connections_to_a_host_and_calls_that_wait_for_one(fresh):
    """D12: host.connections and limits.host_waiting: two run, one waits, one is refused."""
    mesh, names = one_lane(fresh, 4, host={"connections": 2}, limits={"host_waiting": 1})
    with holding(mesh, *names):
        for name in names[:3]:
            send_hold(mesh, name)
        mesh.host.wait(2)
        mesh.invoke(names[3], "hold").expect_error("UNAVAILABLE", 503)
        assert len(mesh.host.calls) == 2 and mesh.host.connections == 2
    mesh.host.wait(3)
    mesh.invoke(names[3], "act").expect_ok()
    assert [len(mesh.host.seen(name, "hold")) for name in names] == [1, 1, 1, 0]


def test_time_to_connect_to_a_host(fresh):
    """D12: host.connect_ms: a host whose queue of connections is full does not answer at all."""
    mesh = fresh({"host": {"connect_ms": 300, "retry_ms": 100}}, host_listens=False)
    name = mesh.plain(stateful=False)
    deaf = socket.socket()
    callers = []
    with deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        deaf.bind(("127.0.0.1", mesh.host.port))
        deaf.listen(0)
        for _ in range(3):
            callers.append(socket.socket())
            callers[-1].setblocking(False)
            callers[-1].connect_ex(("127.0.0.1", mesh.host.port))
        begin = time.monotonic()
        mesh.invoke(name, "act").expect_error("UNAVAILABLE", 503)
        assert 0.25 < time.monotonic() - begin < 2
        for raw in callers:
            raw.close()
    mesh.host.start()
    mesh.invoke(name, "act").expect_ok()


@pytest.mark.parametrize("comes", [True, False])
def test_time_of_refused_connections(fresh, comes):
    """D12: host.retry_ms: a host that comes within it is called; else 503."""
    mesh = fresh({"host": {"retry_ms": 3000 if comes else 400}}, host_listens=False)
    name = mesh.plain(stateful=False)
    if comes:
        threading.Timer(0.3, mesh.host.start).start()
    begin = time.monotonic()
    outcome = mesh.invoke(name, "act")
    if comes:
        outcome.expect_ok()
    else:
        outcome.expect_error("UNAVAILABLE", 503)
    assert 0.15 < time.monotonic() - begin < 2.5


def test_answers_of_hosts(mesh):
    """D12: limits.host_reply_bytes: HOST_ERROR, and the old state stays."""
    name = mesh.name()
    mesh.register(actor(name, ["act"]))
    for size in (REPLY, REPLY + 1):
        mesh.host.on(name, "act", lambda call: Answer(body=padded(size, lambda padding: Reply(
            payload=text(b"x" * padding), state=text(size)).encode(call))))
        outcome = mesh.invoke(name, "act")
        if size == REPLY:
            outcome.expect_ok()
        else:
            outcome.expect_error("HOST_ERROR", 500)
    assert not mesh.host.errors
    assert mesh.invoke(name, "get").expect_ok().value == str(REPLY)


def test_unused_connections_to_a_host(fresh):
    """D12: host.idle_ms: kept while it is used sooner, then closed."""
    mesh, (name,) = one_lane(fresh, 1, host={"idle_ms": 400})
    for _ in range(4):
        mesh.invoke(name, "act").expect_ok()
        time.sleep(0.15)
    assert mesh.host.connections == 1
    time.sleep(0.6)
    mesh.invoke(name, "act").expect_ok()
    assert mesh.host.connections == 2


# --- turns and saves ------------------------------------------------------------------------------
def test_commands_of_a_turn(mesh):
    """D12: limits.commands_per_turn: none of too many is executed, and the old state stays."""
    name, target = mesh.name(), mesh.counter("target")
    for count in (COMMANDS, COMMANDS + 1):
        effects = [invocation(target, "inc", asynchronous=True)] * count
        mesh.host.on(name, f"do{count}", reply=Reply(
            state=text(count), workflow=workflow(effects=effects[:SOME] + [
                invocation(mesh.name("nobody"), "inc", asynchronous=True)] * (count - SOME))))
    mesh.register(actor(name, [f"do{COMMANDS}", f"do{COMMANDS + 1}"]))
    mesh.invoke(name, f"do{COMMANDS}").expect_ok()
    mesh.host.wait(SOME, target, "inc")
    mesh.invoke(name, f"do{COMMANDS + 1}").expect_error("HOST_ERROR", 500)
    assert mesh.invoke(name, "get").expect_ok().value == str(COMMANDS)
    assert mesh.count(target) == SOME


@pytest.mark.parametrize("part", ["pipe", "forward"])
def test_hops(mesh, part):
    """D12: limits.hops: the actor after one hop too many is not called."""
    for hops in (HOPS, HOPS + 1):
        names = [mesh.name("hop") for _ in range(hops + 1)]
        for name, target in zip(names, names[1:]):
            mesh.host.on(name, "act", reply=Reply(workflow=workflow(**{part: (target, "act")})))
        mesh.register(*[actor(name, ["act"], stateful=False) for name in names])
        outcome = mesh.invoke(names[0], "act")
        if hops == HOPS:
            outcome.expect_ok()
        else:
            outcome.expect_error("HOP_LIMIT_EXCEEDED", 500)
        assert [len(mesh.host.seen(name)) for name in names] == [1] * hops + [hops == HOPS]


@pytest.mark.parametrize("limits, most", [({"save_turns": 1}, 1), ({"save_turns": 3}, 3),
                                          ({"save_bytes": 1024}, 1), ({}, 256)])
def test_turns_coalesced_into_one_save(fresh, limits, most):
    """D12: limits.save_turns and limits.save_bytes (each answer here has 1,000 bytes): what does
    not fit waits, nothing is refused, and no save carries more. Without the bound some do."""
    mesh = fresh({"limits": limits})
    name = mesh.name("saved")
    counting(mesh.host, name)
    mesh.host.on(name, "inc", lambda call: Reply(state=text(int(call.state or 0) + 1),
                                                 payload=text(b"x" * 1000)))
    mesh.register(actor(name, ["inc", "read"]))
    callers = [threading.Thread(target=lambda: [mesh.kernel.client.invoke(name, "inc").expect_ok()
                                                for _ in range(10)]) for _ in range(16)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(20)
    assert mesh.count(name) == 160
    page = mesh.client.get("/metrics").plain.decode()
    told = dict(line.split(" ", 1) for line in page.split("\n") if line.startswith("spawn_save"))
    saves, turns = float(told["spawn_saves_total"]), float(told["spawn_save_turns_total"])
    assert turns >= 160 and turns <= most * saves
    assert saves < turns or most == 1, "nothing was coalesced: this shows nothing"
