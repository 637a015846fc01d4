"""D40, D1: several actor hosts behind one kernel, and where their addresses are kept."""
import time

import pytest
from harness.client import REGISTER_PATH
from harness.host import Host, Reply
from harness.kernel import free_port
from harness.wire import OK, UNNAMED, actor, protocol_pb, registration, text


@pytest.fixture
def second():
    """Another host, which answers "second" to everything."""
    host = Host()
    host.default = lambda call: Reply(payload=text("second"), state=text("of second"))
    yield host
    host.stop()


def first_default(mesh):
    mesh.host.default = lambda call: Reply(payload=text("first"))
    return mesh


def test_actors_of_another_host_by_name(fresh, second):
    """D40: hosts[].actors: named actors and children of a listed type; the rest goes to the
    default host."""
    mesh = first_default(fresh({"hosts": [
        {"name": "billing", "port": second.port, "actors": ["Invoice", "Ledger"]}]}))
    mesh.register(actor("Invoice", ["act"]), actor("Other", ["act"]),
                  actor("Ledger", ["act"], kind=UNNAMED))
    assert mesh.invoke("Invoice", "act").expect_ok().value == "second"
    assert mesh.invoke("Other", "act").expect_ok().value == "first"
    assert mesh.invoke("child", "act", ref="Ledger").expect_ok().value == "second"
    mesh.kernel.crash()
    assert mesh.invoke("Invoice", "act").expect_ok().value == "second"
    assert mesh.invoke("child", "act").expect_ok().value == "second"


def test_actors_of_another_host_by_service(fresh, second):
    """D40: hosts[].service: what that service registers."""
    mesh = first_default(fresh({"hosts": [
        {"name": "stock", "port": second.port, "service": "stock-service"}]}))
    request = registration([actor("Shelf", ["act"])])
    request.service_info.service_name = "stock-service"
    response = mesh.client.post(REGISTER_PATH, request.SerializeToString())
    assert response.decode(protocol_pb.RegistrationResponse).status.status == OK
    mesh.register(actor("Other", ["act"]))
    assert mesh.invoke("Shelf", "act").expect_ok().value == "second"
    assert mesh.invoke("Other", "act").expect_ok().value == "first"


def test_a_host_names_its_own_address(fresh, second):
    """D40, D1: the spawn-host header of a registration from loopback; kept over kill -9."""
    mesh = first_default(fresh())
    mesh.client.register(actor("Mine", ["act"]),
                         headers={"spawn-host": f"127.0.0.1:{second.port}"})
    mesh.register(actor("Other", ["act"]))
    assert mesh.invoke("Mine", "act").expect_ok().value == "second"
    assert mesh.invoke("Other", "act").expect_ok().value == "first"
    mesh.kernel.crash()
    assert mesh.invoke("Mine", "act").expect_ok().value == "second"


def test_the_last_registration_of_a_type_wins(fresh, second):
    """D40: a later registration moves the actor to the other host, with its state."""
    mesh = first_default(fresh())
    mesh.client.register(actor("Moves", ["act"]),
                         headers={"spawn-host": f"127.0.0.1:{second.port}"})
    assert mesh.invoke("Moves", "act").expect_ok().value == "second"
    mesh.register(actor("Moves", ["act"]))
    assert mesh.invoke("Moves", "act").expect_ok().value == "first"
    assert mesh.host.seen("Moves", "act")[0].state == "of second"


@pytest.mark.parametrize("address", ["nonsense", "127.0.0.1", "127.0.0.1:99999", ":", "a b:80"])
def test_a_host_address_that_is_none(fresh, address):
    """D40: refused with a text; nothing is registered."""
    mesh = fresh()
    request = registration([actor("Mine", ["act"])]).SerializeToString()
    response = mesh.client.post(REGISTER_PATH, request, headers={"spawn-host": address})
    assert response.status == 400
    assert response.decode(protocol_pb.RegistrationResponse).status.message


def test_one_dead_host_does_not_hurt_the_other(fresh, second):
    """D40, I5: calls to a host that is not there fail alone."""
    mesh = fresh({"hosts": [{"name": "gone", "port": free_port(), "actors": ["Lost"]}],
                  "timeouts": {"request_ms": 500}})
    mesh.register(actor("Lost", ["act"], stateful=False), actor("Found", ["act"]))
    begin = time.monotonic()
    assert not mesh.invoke("Lost", "act").ok
    assert time.monotonic() - begin < 2.0
    mesh.invoke("Found", "act").expect_ok()
