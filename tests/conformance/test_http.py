"""HTTP/1.1 as clients really speak it, TCP and Unix sockets (protocol.md 1.1, D6, D8)."""
import socket
import threading

import pytest
from harness.client import REGISTER_PATH, Client, http_bytes, read_response
from harness.host import Reply
from harness.kernel import free_port
from harness.mesh import eventually
from harness.wire import OK, SYSTEM, actor, invocation, protocol_pb, registration, text

PATH = f"{REGISTER_PATH}/{SYSTEM}/actors/x/invoke"


def body(name, action="inc", **options) -> bytes:
    return invocation(name, action, **options).SerializeToString()


def value(response) -> str:
    assert response.status == 200, response
    return response.decode(protocol_pb.InvocationResponse).value.value.decode()


def test_keep_alive(mesh):
    """R1: a hundred requests on one connection."""
    name, raw = mesh.counter(), mesh.client.socket()
    with raw, raw.makefile("rb") as stream:
        for number in range(1, 101):
            raw.sendall(http_bytes("POST", PATH, body(name)))
            assert value(read_response(stream)) == str(number)


def test_pipelined_requests_are_answered_in_order(mesh):
    """I4: twenty requests in one write; slow and quick ones mixed."""
    names, raw = [mesh.name("pipe") for _ in range(20)], mesh.client.socket()
    for number, name in enumerate(names):
        mesh.host.on(name, "act", reply=Reply(payload=text(number),
                                              delay=0.1 if number % 5 == 0 else 0))
    mesh.register(*[actor(name, ["act"]) for name in names])
    with raw, raw.makefile("rb") as stream:
        raw.sendall(b"".join(http_bytes("POST", PATH, body(name, "act")) for name in names))
        assert [value(read_response(stream)) for _ in names] == [str(n) for n in range(20)]


def test_pipelined_requests_to_one_actor(mesh):
    """I4: keep their order as messages, too."""
    name, raw = mesh.counter(), mesh.client.socket()
    with raw, raw.makefile("rb") as stream:
        raw.sendall(http_bytes("POST", PATH, body(name)) * 30)
        assert [value(read_response(stream)) for _ in range(30)] == [
            str(n) for n in range(1, 31)]


def test_a_request_in_single_bytes(mesh):
    """R1: however the bytes arrive."""
    name, raw = mesh.counter(), mesh.client.socket()
    with raw, raw.makefile("rb") as stream:
        for byte in http_bytes("POST", PATH, body(name)):
            raw.sendall(bytes([byte]))
        assert value(read_response(stream)) == "1"


def test_expect_100_continue(mesh):
    """R1: D8: the interim answer comes before the body is sent."""
    name, raw = mesh.counter(), mesh.client.socket()
    data = body(name)
    with raw, raw.makefile("rb") as stream:
        raw.sendall(http_bytes("POST", PATH, headers={
            "Content-Length": str(len(data)), "Expect": "100-continue"}))
        raw.settimeout(3)
        assert read_response(stream).status == 100
        raw.sendall(data)
        assert value(read_response(stream)) == "1"


def test_expect_100_continue_of_too_large_a_body(mesh):
    """R11: refused before it is sent."""
    raw = mesh.client.socket()
    with raw, raw.makefile("rb") as stream:
        raw.sendall(http_bytes("POST", PATH, headers={
            "Content-Length": "8000001", "Expect": "100-continue"}))
        assert read_response(stream).status == 413


def test_chunked_requests(mesh):
    """R1: a body in chunks is as good as one with a length."""
    name, raw = mesh.counter(), mesh.client.socket()
    data = body(name)
    with raw, raw.makefile("rb") as stream:
        raw.sendall(http_bytes("POST", PATH, headers={"Transfer-Encoding": "chunked"},
                               length=False))
        for start in range(0, len(data), 7):
            piece = data[start:start + 7]
            raw.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
        raw.sendall(b"0\r\n\r\n")
        assert value(read_response(stream)) == "1"


def test_connection_close_is_honoured(mesh):
    """R1: and HTTP/1.0 closes by itself."""
    name = mesh.counter()
    for request in (http_bytes("POST", PATH, body(name), {"Connection": "close"}),
                    http_bytes("POST", PATH, body(name)).replace(b"HTTP/1.1", b"HTTP/1.0", 1)):
        raw = mesh.client.socket()
        raw.settimeout(3)
        with raw, raw.makefile("rb") as stream:
            raw.sendall(request)
            assert read_response(stream).status == 200
            assert stream.read() == b""


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"])
def test_other_methods_are_404_or_405(mesh, method):
    """R10: on a route that only knows POST; the connection stays usable or is closed."""
    raw = mesh.client.socket()
    with raw, raw.makefile("rb") as stream:
        raw.sendall(http_bytes(method, REGISTER_PATH))
        assert read_response(stream, method).status in (404, 405) or method == "BREW"


@pytest.mark.parametrize("path", ["/health", "/health/readiness", "/metrics"])
def test_head_has_no_body(mesh, path):
    """R10: 200, 404 or 405, but no body that would spoil the next answer."""
    raw = mesh.client.socket()
    with raw, raw.makefile("rb") as stream:
        raw.sendall(http_bytes("HEAD", path))
        assert read_response(stream, "HEAD").status in (200, 404, 405)
        raw.sendall(http_bytes("GET", "/health"))
        assert read_response(stream).status == 200


def test_post_to_health_is_no_route(mesh):
    """R10: 404 or 405."""
    assert mesh.client.post("/health", b"").status in (404, 405)


def test_unknown_path_with_a_body(mesh):
    """R10: 404, and the next request on the connection is understood."""
    raw = mesh.client.socket()
    with raw, raw.makefile("rb") as stream:
        raw.sendall(http_bytes("POST", "/nothing/here", b"x" * 1000))
        assert read_response(stream).status == 404
        raw.sendall(http_bytes("GET", "/health"))
        assert read_response(stream).status == 200


def test_query_strings_do_not_matter(mesh):
    """I1: on the invoke route."""
    name = mesh.counter()
    assert value(mesh.client.post(PATH + "?a=b&c", body(name))) == "1"


def test_answers_say_what_they_are(mesh):
    """R1: content-type octet-stream, content-length, keep-alive."""
    response = mesh.client.post(PATH, body(mesh.counter()))
    assert response.headers["content-type"].startswith("application/octet-stream")
    assert int(response.headers["content-length"]) == len(response.body)
    assert response.headers.get("connection", "keep-alive").lower() == "keep-alive"


def test_two_hundred_connections(mesh):
    """I5: open at once, each with a request of its own."""
    names = [mesh.counter() for _ in range(10)]
    sockets = [mesh.client.socket() for _ in range(200)]
    for number, raw in enumerate(sockets):
        raw.sendall(http_bytes("POST", PATH, body(names[number % 10])))
    for raw in sockets:
        with raw, raw.makefile("rb") as stream:
            assert read_response(stream).status == 200
    assert sum(mesh.count(name) for name in names) == 200


def test_a_half_closed_client_gets_its_answer(mesh):
    """R1: a client may shut down its sending side after the request."""
    name, raw = mesh.counter(), mesh.client.socket()
    with raw, raw.makefile("rb") as stream:
        raw.sendall(http_bytes("POST", PATH, body(name)))
        raw.shutdown(socket.SHUT_WR)
        assert value(read_response(stream)) == "1"


# --- Unix sockets ---------------------------------------------------------------------------------
def served(mesh, client) -> bool:
    """The whole API through this client: register, invoke, gzip, eight connections."""
    name = mesh.name("uds")
    mesh.host.on(name, "who", reply=Reply(payload=text("me")))
    request = registration([actor(name, ["who"])]).SerializeToString()
    answer = client.post(REGISTER_PATH, request, headers={"Accept-Encoding": "gzip"})
    assert answer.decode(protocol_pb.RegistrationResponse).status.status == OK
    outcomes = []
    threads = [threading.Thread(target=lambda: outcomes.append(client.invoke(name, "who")))
               for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    return [outcome.expect_ok().value for outcome in outcomes] == ["me"] * 8


def test_tcp_and_unix_socket_together(fresh):
    """R1: D8: both at once when the configuration says so."""
    mesh = fresh(start=False)
    path = str(mesh.kernel.folder / "spawn.sock")
    mesh.kernel.config["gateway"]["uds"] = {"enabled": True, "path": path}
    mesh.kernel.start()
    assert served(mesh, Client(unix=path))
    assert served(mesh, mesh.client)
    mesh.kernel.crash()  # a socket file that was left behind is no obstacle
    assert served(mesh, Client(unix=path))


def test_unix_socket_instead_of_tcp(fresh):
    """R1: D8: PROXY_UDS_ENABLED alone, with no word of TCP in the file, keeps upstream's
    "instead"; beside gateway.http both are served."""
    mesh = fresh(start=False)
    path = mesh.kernel.folder / "only.sock"
    mesh.kernel.env |= {"PROXY_UDS_ENABLED": "true", "PROXY_UDS_ADDRESS": str(path)}
    http = mesh.kernel.config["gateway"].pop("http")
    mesh.kernel.launch()
    client = Client(unix=str(path))
    eventually(lambda: path.exists() and client.ready(), 10, "readiness on the Unix socket")
    assert served(mesh, client)
    assert mesh.kernel.listening_ports() == set()
    mesh.kernel.stop()
    mesh.kernel.config["gateway"]["http"] = http
    mesh.kernel.start()
    assert served(mesh, client) and served(mesh, mesh.client)
    assert mesh.kernel.listening_ports() == {mesh.kernel.port}


def test_the_port_comes_from_the_environment(fresh):
    """R1: protocol.md 13: PROXY_HTTP_PORT and USER_FUNCTION_PORT over the file."""
    mesh = fresh(start=False)
    port = free_port()
    mesh.kernel.env |= {"PROXY_HTTP_PORT": str(port),
                        "USER_FUNCTION_PORT": str(mesh.host.port),
                        "USER_FUNCTION_HOST": "127.0.0.1"}
    mesh.kernel.config["host"]["port"] = 1
    mesh.kernel.port = port
    mesh.kernel.start()
    assert served(mesh, Client(port))


def test_the_trace_context_reaches_the_host(mesh):
    """D13: W3C traceparent: the same trace id in the request to the host."""
    name, trace = mesh.counter(), "4bf92f3577b34da6a3ce929d0e0e4736"
    mesh.client.send(invocation(name, "inc"),
                     headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}).expect_ok()
    call = mesh.host.seen(name, "inc")[0]
    carried = call.headers.get("traceparent") or call.metadata.get("traceparent", "")
    assert carried.split("-")[1:2] == [trace]
