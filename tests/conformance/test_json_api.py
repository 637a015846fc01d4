"""D9: JSON for people: POST /v1/systems/{s}/actors/{a}/{action}, GET .../actors/{a}."""
import json
from urllib.parse import quote

import pytest
from harness import host as manners
from harness.host import Reply
from harness.wire import NOOP, SYSTEM, actor, json_any, protocol_pb, text

PROBLEM = "application/problem+json"


def url(name, action=None, system=SYSTEM) -> str:
    return f"/v1/systems/{system}/actors/{name}" + (f"/{action}" if action else "")


def post(mesh, name, action, body=None, content_type="application/json", **options):
    data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Content-Type": content_type} if data else {}
    return mesh.client.request("POST", url(name, action, **options), data, headers)


def problem(response, status=None):
    """The problem document, checked for its form (RFC 9457)."""
    assert response.headers["content-type"].startswith(PROBLEM), response
    document = json.loads(response.plain)
    assert document["status"] == response.status
    assert document["title"]
    if status is not None:
        assert response.status in (status if isinstance(status, tuple) else (status,)), document
    return document


def json_actor(mesh, reply=None) -> str:
    name = mesh.name("json")
    mesh.host.on(name, "act", reply or (lambda call: Reply(payload=call.payload)))
    mesh.register(actor(name, ["act"]))
    return name


def test_a_json_body_becomes_json_type(mesh):
    """D9: the host sees JSONType with the same document, and the answer is JSON again."""
    name, document = json_actor(mesh), {"amount": 5, "list": [1, "ü", None]}
    response = post(mesh, name, "act", document)
    assert response.status == 200
    assert response.headers["content-type"].startswith("application/json")
    assert json.loads(response.plain) == document
    payload = mesh.host.seen(name, "act")[0].payload
    assert payload.type_url.rpartition(".")[2] == "JSONType"
    content = protocol_pb.JSONType.FromString(payload.value).content
    assert json.loads(content) == document


def test_no_body_becomes_noop(mesh):
    """D9: and a response without payload is JSON, too."""
    name = json_actor(mesh, lambda call: Reply())
    response = post(mesh, name, "act")
    assert response.status == 200
    assert mesh.host.seen(name, "act")[0].payload == NOOP
    if response.plain:
        json.loads(response.plain)


def test_answers_that_are_no_json_still_come_as_json(mesh):
    """D9: bytes of a type the kernel does not know."""
    name = json_actor(mesh, lambda call: Reply(payload=text("raw")))
    response = post(mesh, name, "act", {})
    assert response.status == 200
    json.loads(response.plain)


def test_the_state_of_an_actor(mesh):
    """D9: GET gives the state; a JSON state is readable in it."""
    name = json_actor(mesh, lambda call: Reply(state=json_any('{"total": 42}')))
    assert post(mesh, name, "act").status == 200
    response = mesh.client.get(url(name))
    assert response.status == 200
    assert response.headers["content-type"].startswith("application/json")
    document = json.loads(response.plain)
    assert {"total": 42} in (document, document.get("state"))


def test_unknown_actor(mesh):
    """D9: problem+json, for both routes."""
    name = mesh.name("nobody")
    assert name in json.dumps(problem(post(mesh, name, "act", {}), (404, 500)))
    problem(mesh.client.get(url(name)), (404, 500))


def test_unknown_action(mesh):
    """D9: problem+json that names the action."""
    document = problem(post(mesh, json_actor(mesh), "absent", {}), (404, 500))
    assert "absent" in json.dumps(document)


def test_a_failing_host(mesh):
    """D9: 500."""
    problem(post(mesh, json_actor(mesh, lambda call: manners.failing()), "act", {}), 500)


@pytest.mark.parametrize("body", [b"{", b"nonsense", b'{"a": }', b"\xff\xfe{}"])
def test_a_body_that_is_no_json(mesh, body):
    """D9: 400, and the host is not asked."""
    name = json_actor(mesh)
    problem(post(mesh, name, "act", body), 400)
    assert not mesh.host.seen(name, "act")


def test_a_body_of_another_type(mesh):
    """D9: 415, or 400 because it is no JSON."""
    name = json_actor(mesh)
    problem(post(mesh, name, "act", b"<a/>", content_type="application/xml"), (400, 415))
    assert not mesh.host.seen(name, "act")


@pytest.mark.parametrize("body", [0, False, None, "", [], {}, "text", 1.5e300])
def test_every_json_document_is_a_payload(mesh, body):
    """D9: scalars and empty ones as well."""
    name = json_actor(mesh)
    data = json.dumps(body).encode()
    response = post(mesh, name, "act", data)
    assert response.status == 200
    assert json.loads(response.plain) == body


def test_names_in_the_path_are_decoded(mesh):
    """D9: percent-encoding of names."""
    name = mesh.name("with space/slash ü")
    mesh.host.on(name, "act it", lambda call: Reply(payload=call.payload))
    mesh.register(actor(name, ["act it"]))
    response = post(mesh, quote(name, safe=""), quote("act it", safe=""), {"a": 1})
    assert response.status == 200, response
    assert len(mesh.host.seen(name, "act it")) == 1


def test_a_call_with_an_idempotency_key_is_done_once(mesh):
    """D9: the header Idempotency-Key, bare or quoted; the repeat gets the stored answer."""
    name = json_actor(mesh, lambda call: Reply(payload=json_any('{"run": 1}'), state=text("x")))

    def call(key, body):
        return mesh.client.request("POST", url(name, "act"), json.dumps(body).encode(),
                                   {"Content-Type": "application/json", "Idempotency-Key": key})

    for key in ("order-7", '"order-7"', "order-7"):
        response = call(key, {"a": 1})
        assert (response.status, json.loads(response.plain)) == (200, {"run": 1}), response
    assert len(mesh.host.seen(name, "act")) == 1
    assert problem(call("order-7", {"a": 2}), 422)["title"] == "KEY_REUSED"
    assert call("order-8", {"a": 2}).status == 200
    assert len(mesh.host.seen(name, "act")) == 2


@pytest.mark.parametrize("key", ["", '""', "k" * 513])
def test_an_idempotency_key_has_1_to_512_bytes(mesh, key):
    """D9: 400, and the host is not asked."""
    name = json_actor(mesh)
    response = mesh.client.request("POST", url(name, "act"), b"{}", {"Idempotency-Key": key})
    assert "idempotency-key" in problem(response, 400)["detail"]
    assert not mesh.host.seen(name, "act")


def test_the_wrong_system(mesh):
    """D9: an unknown system is an unknown actor."""
    problem(post(mesh, json_actor(mesh), "act", {}, system="elsewhere"), (404, 500))


def test_json_answers_are_compressed_when_accepted(mesh):
    """R2 for the JSON routes."""
    name = json_actor(mesh)
    response = mesh.client.request("POST", url(name, "act"), b'{"a": 1}',
                                   {"Content-Type": "application/json",
                                    "Accept-Encoding": "gzip"})
    assert response.headers["content-encoding"] == "gzip"
    assert json.loads(response.plain) == {"a": 1}


@pytest.mark.parametrize("path", ["/v1", "/v1/systems", "/v1/systems/s/actors", "/v1/nothing"])
def test_unknown_json_paths(mesh, path):
    """D6: 404 below /v1 as well."""
    assert mesh.client.get(path).status == 404
