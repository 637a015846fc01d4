"""Actors in the kernel's own process: one declaration as a host and as a plugin, live actors, and
what keeps a kernel from starting."""
import re
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from harness.client import OCTETS, REGISTER_PATH
from harness.host import Reply
from harness.mesh import eventually
from harness.wire import (BUILD, ERROR, SYSTEM, actor, invocation, json_any, protocol_pb,
                          registration, text, workflow)
from ports import free_port
from tools import ctl

COUNTER = BUILD / "bin" / "counter"
FIXTURES = BUILD / "fixture_actors"
PATH = {"plugins": {"path": [str(FIXTURES), str(BUILD / "plugins")]}}


# --- the counter example, as both -----------------------------------------------------------------
class AsPlugin:
    def __init__(self, fresh):
        self.mesh = fresh({"native_actors": ["counter"]})

    def end(self):
        pass


class AsHost:
    def __init__(self, fresh):
        port = free_port()
        self.mesh = fresh({"host": {"port": port}})
        self.process = subprocess.Popen(
            [COUNTER, "--port", str(port), "--kernel", f"127.0.0.1:{self.mesh.kernel.port}",
             "--system", SYSTEM], stdout=subprocess.PIPE, text=True)
        silent = threading.Timer(20, self.process.kill)  # a wait has an end
        silent.start()
        line = self.process.stdout.readline()
        silent.cancel()
        if "registered actors" not in line:
            self.end()
            raise AssertionError(f"the host did not register: {line!r}")

    def end(self):
        self.process.terminate()
        self.process.wait(10)
        self.process.stdout.close()


@pytest.fixture(params=[AsHost, AsPlugin])
def example(request, fresh):
    made = request.param(fresh)
    yield made.mesh
    made.end()


def ask(mesh, name, action, content=None, ref=""):
    payload = None if content is None else json_any(content)
    return mesh.invoke(name, action, payload, ref=ref)


def json_of(outcome) -> str:
    """The text of the JSONType in an answer."""
    return protocol_pb.JSONType.FromString(outcome.expect_ok().message.value.value).content


def balance(mesh, name) -> str:
    return json_of(ask(mesh, name, "Show", ref="Account"))


def is_active(mesh, name, parent=()) -> bool:
    return ctl("--json", "actor", "show", SYSTEM, name, *parent,
               admin=mesh).ok().json["is_active"]


def test_the_state_survives_kill_9_of_the_kernel(example):
    for expected in (2, 4, 6):
        assert json_of(ask(example, "counter", "Add", '{"amount": 2}')) == f'{{"value":{expected}}}'
    example.kernel.crash()
    assert json_of(ask(example, "counter", "Show")) == '{"value":6}'
    assert json_of(ask(example, "counter", "Add", '{"amount": 1}')) == '{"value":7}'


def test_an_effect_of_an_instance_reaches_another(example):
    assert json_of(ask(example, "ann", "Deposit", '{"amount": 10}', "Account")) == '{"balance":10}'
    assert json_of(ask(example, "ann", "Transfer", '{"to": "bob", "amount": 4}', "Account")
                   ) == '{"balance":6}'
    eventually(lambda: balance(example, "bob") == '{"balance":4}', what="bob has it")
    assert balance(example, "ann") == '{"balance":6}'


def test_what_fails_is_told_with_the_actions_own_text(example):
    """By a host and by a plugin: one expectation for both."""
    ask(example, "ann", "Deposit", '{"amount": 10}', "Account").expect_ok()
    for content, why in [('{"amount": 11}', "the balance of ann is too low"),
                         ('{"amount": "x"}', '"amount" is not a whole number'),
                         ("[]", 'the request is no JSON object with the field "amount"')]:
        failed = ask(example, "ann", "Withdraw", content, "Account").expect_error("HOST_ERROR")
        assert failed.text == f"HOST_ERROR: the host answered HTTP 500: {why}"
    wrong = example.invoke("counter", "Add", text(1)).expect_error("HOST_ERROR")
    assert "the payload is a conformance.Text, the action takes counter.AddRequest" in wrong.text
    assert balance(example, "ann") == '{"balance":10}'
    unknown = ask(example, "counter", "Subtract").expect_error("ACTION_NOT_FOUND")
    assert "Subtract" in unknown.text


def test_the_kernel_answers_get_from_the_stored_state(example):
    ask(example, "counter", "Add", '{"amount": 5}').expect_ok()
    state = example.invoke("counter", "Get").expect_ok().message.value
    assert (state.type_url, state.value) == ("type.googleapis.com/counter.CounterState", b"\x08\x05")


def test_many_callers_of_many_instances_lose_nothing(example):
    def deposit(number):
        ask(example, f"n-{number % 10}", "Deposit", '{"amount": 1}', "Account").expect_ok()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(deposit, range(80)))
    assert {balance(example, f"n-{number}") for number in range(10)} == {'{"balance":8}'}


def test_a_plugins_actors_are_put_away_and_come_back(fresh):
    """The room of one actor for each lane: the next takes the place of the last."""
    mesh = fresh({"native_actors": ["counter"], "limits": {"active_actors": 2}})
    for number in range(20):
        ask(mesh, f"n-{number}", "Deposit", f'{{"amount": {number + 1}}}', "Account").expect_ok()
    active = [number for number in range(20)
              if is_active(mesh, f"n-{number}", ["--parent", "Account"])]
    assert len(active) <= 2, active
    for number in range(20):
        assert balance(mesh, f"n-{number}") == f'{{"balance":{number + 1}}}'


def refusal(mesh, name) -> str:
    response = mesh.client.post(REGISTER_PATH,
                                registration([actor(name, ["act"])]).SerializeToString(), OCTETS)
    answer = response.decode(protocol_pb.RegistrationResponse)
    assert answer.status.status == ERROR, answer
    return answer.status.message


def test_a_host_can_not_take_a_plugins_name(fresh):
    mesh = fresh({"native_actors": ["counter"]})
    assert "actor counter: native:counter has the actors of this name" in refusal(mesh, "counter")
    mesh.register(actor(mesh.name("another"), ["act"]))
    assert json_of(ask(mesh, "counter", "Show")) == '{"value":0}'


def test_what_the_schema_of_a_plugins_actors_forbids_keeps_a_kernel_from_starting(fresh):
    with pytest.raises(AssertionError, match="add_max"):
        fresh({"native_actors": [{"use": "counter", "config": {"add_max": 0}}]})


# --- live actors ----------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def live(request):
    from harness.mesh import Mesh
    made = Mesh(PATH | {"native_actors": ["live-fixture"]})
    yield made
    try:
        made.kernel.stop()
    finally:
        made.dispose()


def tally(mesh, name, action="Show", *payload):
    return mesh.invoke(name, action, *payload, ref="Tally")


def test_a_live_actor_keeps_its_state_in_memory_until_it_leaves(live):
    name = live.name("tally")
    assert tally(live, name, "Add", text(2)).expect_ok().value == "2"
    assert tally(live, name, "Add", text(3)).expect_ok().value == "5"
    assert tally(live, name, "Leave").expect_ok().value == "5"
    assert tally(live, name).expect_ok().value == "0"


def test_its_errors_are_those_of_an_action(live):
    name = live.name("tally")
    failed = tally(live, name, "Refuse").expect_error("HOST_ERROR")
    assert failed.text == "HOST_ERROR: the host answered HTTP 500: not today"
    tally(live, name, "Nothing").expect_error("ACTION_NOT_FOUND")
    assert tally(live, name).expect_ok().value == "0"


def test_live_actors_of_both_lanes_answer_each_other(live):
    """40 names: none of the lanes is left out but by a miracle."""
    for round in (1, 2):
        got = live.invoke("Hub", "Gather", text("40 3")).expect_ok()
        assert got.value == str(40 * 3 * round)
    metrics = live.client.get("/metrics").body.decode()
    received = re.search(r"^spawn_live_messages_total (\d+)$", metrics, re.M)
    assert int(received[1]) >= 160, metrics  # each question and each answer


def test_an_effect_of_an_ordinary_actor_reaches_a_live_one(live):
    sender, to = live.name("sender"), live.name("tally")
    live.host.on(sender, "send", reply=Reply(state=text("sent"), workflow=workflow(
        effects=[invocation(to, "Add", text(7), ref="Tally")])))
    live.register(actor(sender, ["send"]))
    live.invoke(sender, "send").expect_ok()
    eventually(lambda: tally(live, to).value == "7", what="the effect was taken")


def test_a_live_actor_calls_and_sends_to_ordinary_ones(live):
    counter = live.counter()
    assert live.invoke("Hub", "Call", text(f"{counter} inc 5")).expect_ok().value == "5"
    assert live.invoke("Hub", "Post", text(f"{counter} inc 6")).expect_ok().value == "sent"
    eventually(lambda: live.count(counter) == 11, what="what was sent was taken")
    call = live.host.seen(counter, "inc")[0]
    assert call.payload == text(5)
    failed = live.invoke("Hub", "Call", text("nobody act x")).expect_error("HOST_ERROR")
    assert "nobody" in failed.text


def test_live_actors_are_gone_with_the_process_and_made_again(fresh):
    mesh = fresh(PATH | {"native_actors": ["live-fixture"]})
    assert tally(mesh, "t", "Add", text(2)).expect_ok().value == "2"
    mesh.kernel.crash()
    assert tally(mesh, "t").expect_ok().value == "0"
    assert "actor Tally: native:live-fixture has the actors" in refusal(mesh, "Tally")


def test_plugins_of_both_sorts_are_listed(fresh):
    mesh = fresh(PATH | {"native_actors": ["counter", "live-fixture"]})
    found = {(each["kind"], each["plugin"])
             for each in ctl("--json", "plugins", "list", admin=mesh).ok().json["plugins"]}
    assert {("actors", "counter"), ("actors", "live-fixture")} <= found


# --- what keeps a kernel from starting ------------------------------------------------------------
@pytest.mark.parametrize("rule, why", [
    ("describe-fails", "instance bad-actors: describe answered UNAVAILABLE"),
    ("describes-garbage", "native_actors: instance bad-actors: its registration: "),
    ("live-and-stateful", "native_actors: instance bad-actors: actor Idler is live, so it can be "
                          "neither stateful nor pooled"),
    ("takes-a-name", "native_actors: instance bad-actors: actor Tally of system spawn-system: "
                     "native:live-fixture has it already"),
])
def test_a_plugin_that_no_kernel_takes_is_named(fresh, rule, why):
    mesh = fresh(PATH | {"native_actors": ["live-fixture",
                                           {"use": "bad-actors", "config": {"rule": rule}}]},
                 start=False)
    mesh.kernel.launch()
    assert mesh.kernel.wait_exit() != 0
    assert why in mesh.kernel.tail(), mesh.kernel.tail()
