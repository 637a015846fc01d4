"""What an actor in commit mode broadcasts reaches every subscriber in commit mode once, over kill -9
at any moment, and in the order in which it was sent (durability.md 24)."""
import json
import subprocess
import threading
import time

from harness.host import Reply, failing
from harness.mesh import counting, eventually
from harness.wire import BUILD, NOOP, UNNAMED, actor, actor_id, text, workflow

CONFIG = {"timeouts": {"deactivate_ms": 300, "request_ms": 3000},
          "durability": {"messages": {"attempts": 4, "backoff_first_ms": 20, "backoff_max_ms": 100}}}
CROWD = 300  # more than one page of subscribers


def ctl(mesh, *arguments):
    run = subprocess.run(
        [str(BUILD / "bin" / "spawnctl"), "--admin", mesh.kernel.config["admin"]["address"],
         *arguments], capture_output=True, text=True, timeout=30, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def rows(mesh, *verb, **options):
    listed = [f"--{key}={value}" for key, value in options.items()]
    return next(iter(json.loads(ctl(mesh, "--json", *verb, *listed)).values()))


def metric(mesh, name):
    for line in mesh.client.get("/metrics").body.decode().splitlines():
        if line.startswith(name + " "):
            return float(line.split()[-1])
    return 0.0


def speaker(mesh, topic, **settings):
    """`speak` counts, and broadcasts what it is given."""
    name = mesh.name("speaker")
    mesh.host.on(name, "speak", lambda call: Reply(
        state=text(int(call.state or 0) + 1), payload=text("sent"),
        workflow=workflow(broadcast=(topic, call.payload))))
    mesh.register(actor(name, ["speak"], **settings))
    return name


def listens(mesh, owner):
    """`hear` of this actor, or of the actors of this parent, keeps the list of what it heard."""
    mesh.host.on(owner, "hear", lambda call: Reply(state=text(
        f"{call.state or ''} {call.payload.value.decode()}".strip())))


def listener(mesh, topic, **settings):
    name = mesh.name("listener")
    listens(mesh, name)
    mesh.register(actor(name, ["hear"], channels=[(topic, "hear")], **settings))
    return name


def spawn(mesh, parent, names):
    status, _ = mesh.client.spawn(*[actor_id(name, parent=parent) for name in names])
    assert status == 200


def crowd(mesh, topic, many=CROWD, **settings):
    """Spawned actors of one parent; nobody has called them yet."""
    parent = mesh.name("Parent")
    listens(mesh, parent)
    mesh.register(actor(parent, ["hear"], kind=UNNAMED, channels=[(topic, "hear")], **settings))
    names = [mesh.name("child") for _ in range(many)]
    spawn(mesh, parent, names)
    return names


def heard(mesh, name):
    return mesh.invoke(name, "get").expect_ok().value or ""


def quiet(mesh, seconds=30):
    eventually(lambda: rows(mesh, "messages", "list") == [], seconds, "the end of all messages")


def test_a_crowd_hears_once_although_the_kernel_dies_in_the_middle(fresh):
    """Two pages; killed again and again while they, and what came of them, are under way."""
    mesh = fresh(CONFIG)
    topic = mesh.name("news")
    names = crowd(mesh, topic)
    name = speaker(mesh, topic)
    for turn in range(3):
        told = len(mesh.host.seen(action="hear"))
        mesh.invoke(name, "speak", text(turn)).expect_ok()
        mesh.host.wait(told + turn * 40, action="hear")
        mesh.kernel.crash()
    quiet(mesh)
    assert {child: heard(mesh, child) for child in names} == {child: "0 1 2" for child in names}
    assert rows(mesh, "dead-letters", "list") == []


def test_a_passivated_listener_hears_once_and_in_order(fresh):
    mesh = fresh(CONFIG)
    topic = mesh.name("news")
    name = speaker(mesh, topic)
    sleeper = listener(mesh, topic, deactivate_ms=50)
    for number in range(5):
        mesh.invoke(name, "speak", text(number)).expect_ok()
        time.sleep(0.12)
    quiet(mesh)
    assert heard(mesh, sleeper) == "0 1 2 3 4"


def test_the_order_of_one_speaker_is_kept_over_failures_and_restarts(fresh):
    """Every third call of the listener fails in a way that is tried again."""
    mesh = fresh({"host": {"retry_ms": 50}, **CONFIG})
    topic = mesh.name("news")
    speakers = [speaker(mesh, topic) for _ in range(2)]
    name = mesh.name("listener")
    calls = [0]

    def hear(call):
        calls[0] += 1
        if calls[0] % 3 == 0:
            time.sleep(0.3)  # longer than its time
        return Reply(state=text(f"{call.state or ''} {call.payload.value.decode()}".strip()))

    mesh.host.on(name, "hear", hear)
    mesh.kernel.config["actors"] = {name: {"timeout_ms": 150}}
    mesh.kernel.config["durability"]["messages"]["attempts"] = 30
    mesh.kernel.restart()
    mesh.register(actor(name, ["hear"], channels=[(topic, "hear")]))
    for number in range(6):
        for which, each in zip("ab", speakers):
            mesh.invoke(each, "speak", text(f"{which}{number}")).expect_ok()
        if number in (2, 4):
            mesh.kernel.crash()
    quiet(mesh)
    words = heard(mesh, name).split()
    for which in "ab":
        assert [word for word in words if word[0] == which] == [f"{which}{n}" for n in range(6)]


def test_durable_and_other_listeners_hear_once_each(fresh):
    """The same broadcast goes as rows to the ones, and in memory to the others."""
    mesh = fresh(CONFIG)
    topic = mesh.name("news")
    mesh.kernel.config["actors"] = {"snapping": {"durability": "snapshot"}}
    mesh.kernel.restart()
    durable = listener(mesh, topic)
    listens(mesh, "snapping")
    mesh.register(actor("snapping", ["hear"], channels=[(topic, "hear")]))
    free = mesh.plain("stateless", ["hear"], stateful=False, channels=[(topic, "hear")])
    name = speaker(mesh, topic)
    for number in range(3):
        mesh.invoke(name, "speak", text(number)).expect_ok()
    quiet(mesh)
    mesh.host.wait(3, free, "hear")
    eventually(lambda: heard(mesh, "snapping") == "0 1 2", what="the snapshot listener")
    time.sleep(0.2)
    assert heard(mesh, durable) == "0 1 2"
    assert heard(mesh, "snapping") == "0 1 2"
    assert len(mesh.host.seen(free, "hear")) == 3


def test_a_speaker_that_is_not_durable_tells_all_in_memory(fresh):
    mesh = fresh({**CONFIG, "actors": {"loose": {"durability": "snapshot"}}})
    topic = mesh.name("news")
    durable = listener(mesh, topic)
    mesh.host.on("loose", "speak", reply=Reply(workflow=workflow(broadcast=(topic, text("hi")))))
    mesh.register(actor("loose", ["speak"]))
    mesh.invoke("loose", "speak").expect_ok()
    eventually(lambda: heard(mesh, durable) == "hi", what="the listener")
    assert metric(mesh, "spawn_fan_out_pages_total") == 0


def test_a_channel_that_nobody_durable_listens_to_costs_no_message(fresh):
    mesh = fresh(CONFIG)
    topic = mesh.name("news")
    free = mesh.plain("stateless", ["hear"], stateful=False, channels=[(topic, "hear")])
    name = speaker(mesh, topic)
    mesh.invoke(name, "speak", NOOP).expect_ok()
    mesh.host.wait(1, free, "hear")
    eventually(lambda: metric(mesh, "spawn_broadcasts_total") == 1, what="the count")
    assert metric(mesh, "spawn_messages_sent_total") == 0


def test_listeners_in_another_store_hear_once(fresh):
    """The rows are made in the speaker's store and moved to theirs."""
    mesh = fresh(CONFIG)
    kernel = mesh.kernel
    topic = mesh.name("news")
    kernel.config["statestores"]["other"] = {"use": "sqlite",
                                             "config": {"path": str(kernel.folder / "other.db")}}
    kernel.config["actors"] = {"there": {"statestore": "other"}}
    kernel.restart()
    here = listener(mesh, topic)
    listens(mesh, "there")
    mesh.register(actor("there", ["hear"], kind=UNNAMED, channels=[(topic, "hear")]))
    names = [mesh.name("child") for _ in range(20)]
    spawn(mesh, "there", names)
    name = speaker(mesh, topic)
    for number in range(4):
        mesh.invoke(name, "speak", text(number)).expect_ok()
        if number == 1:
            kernel.crash()
    everybody = [here, *names]
    eventually(lambda: all(heard(mesh, each) == "0 1 2 3" for each in everybody), 30, "all")
    quiet(mesh)
    assert rows(mesh, "messages", "list", store="other") == []
    assert [heard(mesh, each) for each in everybody] == ["0 1 2 3"] * len(everybody)


def test_a_turn_that_was_not_stored_tells_nobody(fresh):
    mesh = fresh(CONFIG)
    topic = mesh.name("news")
    durable = listener(mesh, topic)
    name = speaker(mesh, topic)
    mesh.invoke(name, "speak", text("first")).expect_ok()
    eventually(lambda: heard(mesh, durable) == "first", what="the first")
    mesh.kernel.disk_full()
    mesh.invoke(name, "speak", text("second")).expect_error()
    mesh.kernel.disk_full(False)
    # Whether a save that hit the full disk landed is known once the actor is loaded afresh.
    stored = int(eventually(lambda: mesh.invoke(name, "get"), what="an answer").expect_ok().value)
    quiet(mesh)
    assert heard(mesh, durable) == ("first" if stored == 1 else "first second")


def test_a_listener_that_fails_is_a_dead_letter_and_no_others_business(fresh):
    """What a replay brings is a message to that listener alone."""
    mesh = fresh(CONFIG)
    topic = mesh.name("news")
    good = listener(mesh, topic)
    bad = listener(mesh, topic)
    mesh.host.on(bad, "hear", lambda call: failing())
    name = speaker(mesh, topic)
    mesh.invoke(name, "speak", text("x")).expect_ok()
    (row,) = eventually(lambda: rows(mesh, "dead-letters", "list"), what="a dead letter")
    assert (row["to"]["name"], row["action"], row["kind"]) == (bad, "hear", "broadcast")
    assert row["from"].startswith("spawn-system/" + name)
    listens(mesh, bad)
    ctl(mesh, "dead-letters", "replay", row["id"])
    eventually(lambda: heard(mesh, bad) == "x", what="the replay")
    assert heard(mesh, good) == "x"


def test_what_is_under_way_is_listed(fresh):
    """While the store takes nothing in, what waits is a fan-out for the channel."""
    mesh = fresh(CONFIG)
    topic = mesh.name("news")
    durable = listener(mesh, topic)
    held = threading.Event()
    mesh.host.on(durable, "hear", lambda call: (held.wait(2.0), Reply(state=text("x")))[1])
    name = speaker(mesh, topic)
    mesh.invoke(name, "speak", text("x")).expect_ok()
    waiting = eventually(lambda: [row for row in rows(mesh, "messages", "list")
                                  if row["kind"] == "broadcast"], what="a message")
    assert (waiting[0]["to"]["name"], waiting[0]["action"]) == (durable, "hear")
    held.set()
    quiet(mesh)
    assert metric(mesh, "spawn_fan_out_pages_total") == 1
    assert metric(mesh, "spawn_fan_out_messages_total") == 1


def test_speakers_and_listeners_under_load_lose_and_double_nothing(fresh):
    """Ten speakers at once, killed in the middle: as many broadcasts as turns were stored."""
    mesh = fresh(CONFIG)
    topic = mesh.name("news")
    ears = []
    for _ in range(3):
        name = mesh.name("ear")
        counting(mesh.host, name)
        mesh.register(actor(name, ["inc", "read"], channels=[(topic, "inc")]))
        ears.append(name)
    names = [speaker(mesh, topic) for _ in range(10)]
    over = threading.Event()

    def talk(each):
        client = mesh.kernel.client
        while not over.is_set():
            try:
                client.invoke(each, "speak", text(1))
            except OSError:
                time.sleep(0.01)
        client.close()

    threads = [threading.Thread(target=talk, args=(each,)) for each in names]
    for thread in threads:
        thread.start()
    for _ in range(3):
        time.sleep(0.4)
        mesh.kernel.crash()
    over.set()
    for thread in threads:
        thread.join(30)
    quiet(mesh, 60)
    spoken = sum(int(mesh.invoke(each, "get").expect_ok().value or 0) for each in names)
    assert spoken > 0
    assert [mesh.count(each) for each in ears] == [spoken] * len(ears)
