"""D6: the error table: codes, always a decodable body, Retry-After on 503, never 408."""
import threading
import time

import pytest
from harness import host as manners
from harness.client import REGISTER_PATH, http_bytes, read_response
from harness.host import Reply
from harness.mesh import eventually
from harness.wire import (ACTOR_NOT_FOUND, ERROR, SYSTEM, UNNAMED, actor, actor_id, invocation,
                          protocol_pb, text, workflow)

CONFIG = {"timeouts": {"request_ms": 800}}
MAILBOX = 1000  # kernel/base/limits.hpp


def decoded(response):
    """The status of any protobuf answer, which must be there and readable."""
    status = response.decode(protocol_pb.InvocationResponse).status
    assert status.status in (ERROR, ACTOR_NOT_FOUND), response
    head, colon, rest = status.message.partition(": ")
    assert colon and rest and head == head.upper(), status.message
    return status


def invoke_path(name="x") -> str:
    return f"{REGISTER_PATH}/{SYSTEM}/actors/{name}/invoke"


def test_undecodable_is_400(mesh):
    """D6: 400."""
    response = mesh.client.post(invoke_path(), b"\xff\xff")
    assert response.status == 400
    decoded(response)


@pytest.mark.parametrize("missing", ["everything", "actor", "id", "system", "action"])
def test_incomplete_requests_are_refused(mesh, missing):
    """D6: upstream answers an empty 500; here 400 (or 500 not found) with a decodable body."""
    request = invocation("a", "act")
    {"everything": request.Clear, "actor": lambda: request.ClearField("actor"),
     "id": lambda: request.actor.ClearField("id"),
     "system": lambda: request.ClearField("system"),
     "action": lambda: request.ClearField("action_name")}[missing]()
    response = mesh.client.post(invoke_path(), request.SerializeToString())
    assert response.status in (400, 500)
    decoded(response)


@pytest.mark.parametrize("path", ["/api/v1", "/api/v1/nothing", "/api/v1/system/s/actors",
                                  "/api/v1/system/s/actors/a/invoke/more"])
def test_unknown_api_paths_are_404_and_decodable(mesh, path):
    """D6: 404."""
    response = mesh.client.post(path, b"")
    assert response.status == 404
    decoded(response)


def test_too_large_is_413(mesh):
    """D6: 413."""
    raw = mesh.client.socket()
    with raw, raw.makefile("rb") as stream:
        raw.sendall(http_bytes("POST", invoke_path(), headers={"Content-Length": "8000001"}))
        response = read_response(stream)
    assert response.status == 413
    decoded(response)


def test_other_types_are_415(mesh):
    """D6: 415."""
    response = mesh.client.post(invoke_path(), b"x", "text/html")
    assert response.status == 415
    decoded(response)


def test_unknown_actor_is_500_actor_not_found(mesh):
    """D6: the status is ACTOR_NOT_FOUND, the HTTP code stays 500."""
    mesh.counter()  # so that the system is known
    name = mesh.name("nobody")
    outcome = mesh.invoke(name, "act").expect_error("ACTOR_NOT_FOUND", 500, ACTOR_NOT_FOUND)
    assert outcome.text == f"ACTOR_NOT_FOUND: Actor {name} not found on ActorSystem {SYSTEM}"


def test_unknown_action_is_500_action_not_found(mesh):
    """D6: with upstream's text behind the code."""
    name = mesh.counter()
    outcome = mesh.invoke(name, "nix").expect_error("ACTION_NOT_FOUND", 500, ERROR)
    assert outcome.text == f"ACTION_NOT_FOUND: Action [nix] not found for Actor [{name}]"


def test_a_failing_host_is_500(mesh):
    """D6: 500 otherwise."""
    name = mesh.name()
    mesh.host.on(name, "act", lambda call: manners.failing())
    mesh.register(actor(name, ["act"]))
    mesh.invoke(name, "act").expect_error()


def test_a_host_that_is_not_there_is_an_error(fresh):
    """D6: connection refused: nothing was executed; an error within the deadline."""
    mesh = fresh(CONFIG, host_listens=False)
    name = mesh.name()
    mesh.register(actor(name, ["act"], stateful=False))
    begin = time.monotonic()
    outcome = mesh.invoke(name, "act")
    assert outcome.http in (500, 503) and time.monotonic() - begin < 2.5
    decoded(outcome.response)
    if outcome.http == 503:
        assert int(outcome.response.headers["retry-after"]) >= 1


def test_the_deadline_is_500_and_never_408(mesh):
    """D6: DEADLINE_EXCEEDED."""
    name = mesh.name()
    mesh.host.on(name, "hang", lambda call: manners.never())
    mesh.register(actor(name, ["hang"]))
    mesh.invoke(name, "hang").expect_error("DEADLINE_EXCEEDED", 500)


def test_a_full_mailbox_is_503_with_retry_after(mesh):
    """D6: overload: RESOURCE_EXHAUSTED, nothing executed, the others unhurt."""
    name, other, gate = mesh.name("full"), mesh.counter(), threading.Event()

    def hold(call):
        gate.wait(10)
        return Reply()

    mesh.host.on(name, "hold", hold)
    mesh.register(actor(name, ["hold", "more"]))
    long = {"request-timeout": "30000"}
    mesh.invoke(name, "hold", asynchronous=True, metadata=long).expect_ok()
    mesh.host.wait(1, name, "hold")
    refused, accepted = None, 0
    for _ in range(MAILBOX + 50):
        outcome = mesh.invoke(name, "more", asynchronous=True, metadata=long)
        if not outcome.ok:
            refused = outcome
            break
        accepted += 1
    try:
        assert refused is not None, f"{accepted} messages accepted"
        refused.expect_error("RESOURCE_EXHAUSTED", 503)
        assert int(refused.response.headers["retry-after"]) >= 1
        assert accepted >= MAILBOX - 1
        mesh.invoke(other, "inc").expect_ok()
    finally:
        gate.set()
    mesh.host.wait(accepted, name, "more", timeout=20)
    mesh.invoke(name, "get", metadata=long).expect_ok()
    assert len(mesh.host.seen(name, "more")) == accepted


def test_draining_refuses_with_503_or_still_serves(fresh):
    """D6: after SIGTERM a request is either served (grace window) or refused with 503,
    Retry-After and a decodable body; never dropped, never another code."""
    mesh = fresh()
    gate, name, other = threading.Event(), mesh.name("slow"), mesh.counter()

    def slow(call):
        gate.wait(10)
        return Reply(state=call.payload)

    mesh.host.on(name, "slow", slow)
    mesh.register(actor(name, ["slow"]))
    caller = threading.Thread(target=lambda: mesh.invoke(name, "slow", text("x")))
    caller.start()
    mesh.host.wait(1, name, "slow")
    mesh.kernel.process.terminate()
    eventually(lambda: mesh.client.get("/health/readiness").status == 503, 3, "draining")
    outcome = mesh.invoke(other, "inc")
    try:
        if not outcome.ok:
            assert outcome.http == 503
            assert int(outcome.response.headers["retry-after"]) >= 1
            decoded(outcome.response)
    finally:
        gate.set()
        caller.join(10)
    mesh.client.close()
    assert mesh.kernel.wait_exit() == 0


def test_spawn_and_register_ref_errors_are_decodable(mesh):
    """D6: unknown parents."""
    status, answer = mesh.client.spawn(actor_id("c", parent=mesh.name("Nobody")))
    assert status == 500 and answer.status.status in (ERROR, ACTOR_NOT_FOUND)
    decoded(mesh.invoke(mesh.name("c"), "act", ref=mesh.name("Nobody")).response)


def test_errors_of_a_chain_carry_the_cause(mesh):
    """D6: the hop that failed is named."""
    target, name = mesh.name("nobody"), mesh.name()
    mesh.host.on(name, "act", reply=Reply(workflow=workflow(pipe=(target, "act"))))
    mesh.register(actor(name, ["act"]), actor(mesh.name("P"), ["x"], kind=UNNAMED))
    outcome = mesh.invoke(name, "act")
    decoded(outcome.response)
    assert target in outcome.text


def test_errors_are_compressed_when_accepted(mesh):
    """R2: error bodies, too."""
    response = mesh.client.post(invoke_path(), b"\xff\xff", headers={"Accept-Encoding": "gzip"})
    assert response.status == 400
    assert response.headers["content-encoding"] == "gzip"
    decoded(response)


def test_errors_keep_the_connection(mesh):
    """D6: an error of the application is no reason to close."""
    raw = mesh.client.socket()
    body = invocation(mesh.name("nobody"), "a").SerializeToString()
    with raw, raw.makefile("rb") as stream:
        for _ in range(2):
            raw.sendall(http_bytes("POST", invoke_path(), body))
            assert read_response(stream).status == 500
