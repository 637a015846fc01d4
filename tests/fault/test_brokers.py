"""Messages from real brokers into actors, and from actors to brokers, while the broker is killed,
the network is cut or stalled, kernels are killed, and a consumer group is rebalanced. Every message
that a broker confirmed takes effect once. SPAWN_BROKER_MESSAGES says how many there are in each run
(else those of MESSAGES)."""
import itertools
import os

import pytest
from brokers.host import TELL
from brokers.kafka import KafkaSource
from brokers.nats import NatsSource
from brokers.pubsub import PubSubSource
from brokers.rabbitmq import RabbitSource
from brokers.run import ACTIVATOR, Run, Violated, second_kernel
from brokers.sqs import SqsSource
from servers.postgres import Postgres
from servers.server import Missing
from stores import PostgresStore, only
from swaps import built, swapped, version

NIGHTLY = os.environ.get("SPAWN_NIGHTLY") == "1"
ASKED = os.environ.get("SPAWN_BROKER_MESSAGES")
TIMES = 5 if NIGHTLY else 1
MESSAGES = {  # so that a run takes seconds; at night, minutes
    NatsSource: (8000, 100_000), KafkaSource: (8000, 100_000), RabbitSource: (5000, 100_000),
    SqsSource: (1500, 20_000), PubSubSource: (1000, 10_000)}
FAULTS = {  # by name: in a run
    "kernel killed": lambda run: [run.kernel_killed(), run.kernel_killed_unheard()],
    "network cut": lambda run: [run.network_cut(0.1), run.network_cut(1.0)],
    # For a shorter and for a longer time than a client is patient.
    "network stalled": lambda run: [run.network_stalled(0.3), run.network_stalled(3.0)],
    "broker killed": lambda run: [run.broker_killed()],
}
EVERYTHING = "everything"
VOLATILE = {"durability": {"default": "snapshot"}, "timeouts": {"snapshot_ms": 60000}}


def name(kind) -> str:
    return kind.__name__.removesuffix("Source").lower()


def started(kind):
    try:
        made = kind()
    except Missing as reason:
        pytest.skip(str(reason))
    with made as running:
        yield running


@pytest.fixture(scope="module", params=MESSAGES, ids=name)
def source(request):
    yield from started(request.param)


@pytest.fixture
def postgres():
    yield from started(Postgres)


@pytest.fixture
def planted():
    yield from started(NatsSource)


def messages(source) -> int:
    return int(ASKED or MESSAGES[type(source)][NIGHTLY])


def report(capsys, *figures):
    with capsys.disabled():
        print("", *figures, sep="\n  ")


def faults_of(run, wanted: str) -> list:
    possible = {each: of(run) for each, of in FAULTS.items()
                if run.source.keeps or each != "broker killed"}
    if wanted == EVERYTHING:  # by turns
        rounds = itertools.zip_longest(*possible.values())
        return [fault for some in rounds for fault in some if fault]
    if wanted not in possible:
        pytest.skip("a broker in memory has nothing left when it is killed")
    return possible[wanted]


@pytest.mark.parametrize("fault", [EVERYTHING, *FAULTS] if NIGHTLY else [EVERYTHING])
def test_each_message_takes_effect_once(source, fault, capsys):
    with Run(source, messages(source)) as run:
        run.while_they_flow(*faults_of(run, fault) * TIMES)
        report(capsys, run.judge())


def test_what_is_published_is_what_is_stored(source, capsys):
    """The kernel is killed while actors publish; their sink is the same broker."""
    with Run(source, messages(source) // 2, TELL) as run:
        run.while_they_flow(*faults_of(run, "kernel killed") * TIMES)
        report(capsys, run.judge())
        run.judge_published()


@pytest.mark.parametrize("source", [KafkaSource], ids=name, indirect=True)
def test_kernels_join_and_leave_the_group(source, postgres, capsys):
    """Two kernels over one store; partitions go from one to the other and back, once because a
    kernel stops, once because it is killed."""
    store = {"statestores": only(PostgresStore.config(postgres, history=None))}
    with Run(source, messages(source), config=store) as run:
        def joins_and(leaves):
            with run.publisher.slowly(), second_kernel(run) as other:
                run.await_acknowledging(other)
                leaves(other)

        run.while_they_flow(*[
            ("kernel joined and stopped", lambda: joins_and(lambda other: other.stop())),
            ("kernel joined and killed", lambda: joins_and(lambda other: other.kill9()))] * TIMES)
        report(capsys, run.judge())


@pytest.mark.parametrize("source", MESSAGES if NIGHTLY else [NatsSource, RabbitSource], ids=name,
                         indirect=True)
def test_the_plugin_is_swapped_while_messages_flow(source, tmp_path, capsys):
    newer = version("activator", name(type(source)).replace("rabbit", "rabbitmq"), "1.0.1", tmp_path)
    older = built(*newer.parts[-4:-2])
    pauses = []

    def swap_to(file):
        pauses.append(swapped(run.kernel, ACTIVATOR, file)["pause_us"])

    with Run(source, messages(source), TELL) as run:
        run.while_they_flow(*[(f"swapped to {file.parent.name}", lambda of=file: swap_to(of))
                              for file in (older, newer, older) * TIMES])
        report(capsys, run.judge(), f"pauses {sorted(each // 1000 for each in pauses)} ms")
        run.judge_published()


# --- the check itself -----------------------------------------------------------------------------
def test_it_is_noticed_when_messages_are_not_deduplicated(planted):
    with Run(planted, 2000, dedup=False) as run:
        run.while_they_flow(run.kernel_killed_unheard())
        with pytest.raises(Violated, match="took effect twice"):
            run.judge()


def test_it_is_noticed_when_messages_are_acknowledged_before_the_commit(planted):
    with Run(planted, 2000, config=VOLATILE) as run:
        run.while_they_flow(run.kernel_killed())
        with pytest.raises(Violated, match="confirmed, and without effect"):
            run.judge()


def test_it_is_noticed_when_a_message_is_published_before_the_commit(planted):
    with Run(planted, 2000, TELL, config=VOLATILE) as run:
        run.while_they_flow(run.kernel_killed())
        with pytest.raises(Violated, match="published, and in no state"):
            run.judge_published()
