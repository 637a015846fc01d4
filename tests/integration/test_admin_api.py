"""Routes of the admin API, what it refuses, and who may talk to it."""
import base64
import os
import socket
import stat
import threading

import pytest
from harness.host import Answer, Reply
from harness.kernel import free_port
from harness.mesh import eventually
from harness.wire import SYSTEM, UNNAMED, actor, json_any
from tools import ask, ctl, socket_of

TOKEN = "a-token-of-24-characters"
PORT = free_port()
CONFIG = {"admin": {"tcp": {"port": PORT, "token": TOKEN}},
          "encryption": {"key": base64.b64encode(bytes(range(32))).decode()}}


def test_the_socket_is_for_its_user_alone(mesh):
    mode = os.stat(socket_of(mesh)).st_mode
    assert stat.S_ISSOCK(mode) and stat.S_IMODE(mode) == 0o600


def test_tcp_wants_the_token(mesh):
    def status(header):
        headers = {} if header is None else {"Authorization": header}
        return ask(mesh, "GET", "/v1/status", headers=headers, tcp_port=PORT)

    assert status("Bearer " + TOKEN).status == 200
    assert status("bearer " + TOKEN).status == 200
    for wrong in (None, "Bearer", "Bearer ", "Bearer " + TOKEN[:-1], "Bearer " + TOKEN + "x",
                  "Bearer " + TOKEN + TOKEN, "Basic " + TOKEN, TOKEN):
        refused = status(wrong)
        assert refused.status == 401, wrong
        assert refused.headers["www-authenticate"] == "Bearer"
        assert TOKEN.encode() not in refused.body
    assert ask(mesh, "GET", "/metrics", tcp_port=PORT).status == 401


def test_errors_are_problem_json(mesh):
    for method, path, status in (
            ("GET", "/", 404), ("GET", "/v1/nothing", 404), ("GET", "/v1/actors//x", 404),
            ("POST", "/v1/status", 405), ("GET", "/v1/invoke", 405), ("GET", "/v1/%zz", 400),
            ("GET", "/v1/actors?limit=0", 400), ("GET", "/v1/actors?limit=1001", 400),
            ("GET", "/v1/actors?cursor=abc", 400), ("GET", f"/v1/actors/{SYSTEM}/nobody", 404),
            ("GET", f"/v1/state/{SYSTEM}/nobody", 404), ("DELETE", "/v1/hosts/nobody", 404),
            ("GET", "/v1/plugins/statestore/none", 404)):
        answer = ask(mesh, method, path)
        assert answer.status == status, (path, answer.status, answer.body)
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json["status"] == status and answer.json["title"] and answer.json["detail"]
    assert ask(mesh, "POST", "/v1/status").headers["allow"] == "GET"


@pytest.mark.parametrize("body, told", [
    ("", "not a JSON object"), ("[]", "not a JSON object"), ("{", "not a JSON object"),
    ({"actor": "a"}, "needed"), ({"actor": 1, "action": "x"}, '"actor"'),
    ({"actor": "a", "action": "x", "actoin": 1}, '"actoin"'),
    ({"actor": "a", "action": "x", "payload": 1, "base64": ""}, "either"),
    ({"actor": "a", "action": "x", "base64": "AA=="}, '"type_url"'),
    ({"actor": "a", "action": "x", "type_url": "t/x", "base64": "?"}, '"base64"'),
    ({"actor": "a", "action": "x", "timeout_ms": 0}, '"timeout_ms"'),
    ({"actor": "a", "action": "x", "timeout_ms": -1}, '"timeout_ms"'),
    ({"actor": "a", "action": "x", "async": 1}, '"async"'),
    ({"actor": "a", "action": "x", "metadata": {"k": 1}}, '"k"'),
    ({"actor": "a" * 513, "action": "x"}, "512"),
    pytest.param('{"actor": "a", "action": "x", "payload": ' + "[" * 100_000 + "]" * 100_000 + "}",
                 "too deep", id="nested without end"),
])
def test_a_bad_invocation_names_what_is_wrong(mesh, body, told):
    answer = ask(mesh, "POST", "/v1/invoke", body)
    assert answer.status == 400 and told in answer.json["detail"], answer.body


def test_an_answer_nested_without_end_is_shown_as_bytes(mesh):
    name = mesh.plain(actions=["nest"])
    mesh.host.on(name, "nest", reply=Reply(payload=json_any("[" * 100_000 + "]" * 100_000)))
    answer = ask(mesh, "POST", "/v1/invoke", {"actor": name, "action": "nest"})
    assert answer.status == 200 and "json" not in answer.json["payload"]
    assert len(base64.b64decode(answer.json["payload"]["base64"])) > 200_000


def test_bytes_that_are_no_http_are_answered_and_dropped(mesh):
    with socket.socket(socket.AF_UNIX) as raw:
        raw.settimeout(10)
        raw.connect(socket_of(mesh))
        raw.sendall(b"\x00\x01nonsense\r\n\r\n")
        assert raw.recv(4096).startswith(b"HTTP/1.1 400")


def test_listing_pages_through_all_actors_once(mesh):
    parent = mesh.name("parent")
    mesh.register(actor(parent, ["act"], kind=UNNAMED))
    names = {f"{parent}-{i}" for i in range(300)}
    for name in names:
        answer = ask(mesh, "POST", "/v1/invoke", {"actor": name, "action": "act",
                                                  "register_ref": parent})
        assert answer.status == 200, answer.body
    for limit in (1000, 7):
        seen, cursor = [], ""
        while cursor is not None:
            page = ask(mesh, "GET", f"/v1/actors?type={parent}&limit={limit}&cursor={cursor}").json
            assert len(page["actors"]) <= limit
            seen += [each["name"] for each in page["actors"]]
            cursor = page["cursor"]
        assert sorted(seen) == sorted(names)
    assert ask(mesh, "GET", f"/v1/actors?type={parent}&system=other").json["actors"] == []


def test_the_configuration_shows_no_secret(mesh):
    body = ask(mesh, "GET", "/v1/config").body
    assert TOKEN.encode() not in body and CONFIG["encryption"]["key"].encode() not in body
    shown = ask(mesh, "GET", "/v1/config").json
    assert shown["encryption"]["key"] == "(secret)" == shown["admin"]["tcp"]["token"]
    assert shown["system"] == SYSTEM and shown["timeouts"]["request_ms"] == 5000
    assert ask(mesh, "GET", "/v1/status").json["encryption"] is True


def test_the_configuration_shows_reminders(fresh):
    """With canonical expressions; a payload from the environment is a secret as a whole."""
    reminders = [{"name": "nightly", "action": "close", "cron": "0  3 * * MON",
                  "time_zone": "Europe/Paris", "missed": "all", "payload": {"depth": 1}},
                 {"name": "tick", "action": "refresh", "every": "15m",
                  "payload": {"key": "${REMINDER_KEY}"}}]
    mesh = fresh({"actors": {"Billing": {"reminders": reminders}}},
                 {"REMINDER_KEY": "not-to-be-seen"})
    shown = ask(mesh, "GET", "/v1/config")
    assert b"not-to-be-seen" not in shown.body
    assert shown.json["actors"]["Billing"]["reminders"] == [
        {"name": "nightly", "action": "close", "cron": "0 3 * * mon", "time_zone": "Europe/Paris",
         "missed": "all", "payload": {"depth": 1}},
        {"name": "tick", "action": "refresh", "every_ms": 900_000, "missed": "once",
         "payload": "(secret)"}]


def test_a_slow_actor_does_not_keep_others_from_being_answered(mesh):
    name = mesh.plain(actions=["slow"])
    mesh.host.on(name, "slow", reply=Reply(delay=1.0))
    answers = []
    one = threading.Thread(target=lambda: answers.append(
        ask(mesh, "POST", "/v1/invoke", {"actor": name, "action": "slow"})))
    one.start()
    page = f"/v1/actors?type={name}"
    eventually(lambda: any(each["phase"] == "busy"
                           for each in ask(mesh, "GET", page).json["actors"]))
    assert not answers
    one.join(20)
    assert answers[0].status == 200


def test_a_deadline_of_the_request_is_kept(mesh):
    name = mesh.plain(actions=["never"])
    mesh.host.on(name, "never", reply=Answer(silent=True))
    answer = ask(mesh, "POST", "/v1/invoke", {"actor": name, "action": "never", "timeout_ms": 200})
    assert answer.status == 500 and answer.json["title"] == "DEADLINE_EXCEEDED"


def test_health_is_there_too(mesh):
    for path in ("/health", "/health/liveness", "/health/readiness"):
        assert ask(mesh, "GET", path).status == 200
    head = ask(mesh, "HEAD", "/health")
    assert head.status == 200 and head.body == b""


def test_drain_ends_the_kernel_in_good_order(fresh):
    own = fresh()
    name = own.counter()
    own.invoke(name, "inc").expect_ok()
    answer = ask(own, "POST", "/v1/drain")
    assert answer.status == 202 and answer.json == {"draining": True}
    assert own.kernel.wait_exit(20) == 0
    assert not os.path.exists(socket_of(own))
    own.kernel.start()
    assert own.count(name) == 1


def test_a_socket_left_by_a_killed_kernel_is_taken_over(fresh):
    own = fresh()
    own.kernel.kill9()
    assert os.path.exists(socket_of(own))
    own.kernel.start()
    ctl("status", admin=own).ok()


def test_a_file_that_is_no_socket_is_left_alone(fresh):
    own = fresh(start=False)
    path = socket_of(own)
    with open(path, "w", encoding="utf-8") as file:
        file.write("precious")
    own.kernel.launch()
    assert own.kernel.wait_exit(20) != 0
    assert "not a socket" in own.kernel.tail()
    with open(path, encoding="utf-8") as file:
        assert file.read() == "precious"
