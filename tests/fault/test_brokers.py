"""Messages from real brokers into actors, and from actors to brokers, while the broker is killed,
the network is cut or stalled, kernels are killed, and a consumer group is rebalanced. Every message
that a broker confirmed takes effect once. SPAWN_BROKER_MESSAGES says how many there are in each run
(100,000 when SPAWN_NIGHTLY=1)."""
import os

import pytest
from brokers.host import TELL
from brokers.kafka import KafkaSource
from brokers.nats import NatsSource
from brokers.pubsub import PubSubSource
from brokers.rabbitmq import RabbitSource
from brokers.run import Run, Violated, second_kernel
from brokers.sqs import SqsSource
from servers.postgres import Postgres
from servers.server import Missing
from stores import PostgresStore, only

NIGHTLY = os.environ.get("SPAWN_NIGHTLY") == "1"
ASKED = os.environ.get("SPAWN_BROKER_MESSAGES", "100000" if NIGHTLY else "")
TIMES = 5 if NIGHTLY else 1
# Messages of a run, so that it takes a few seconds.
USUAL = {NatsSource: 8000, KafkaSource: 8000, RabbitSource: 5000, SqsSource: 1500,
         PubSubSource: 1000}
LASTING = [NatsSource, KafkaSource, RabbitSource]  # keep what they have when they are killed


def name(kind) -> str:
    return kind.__name__.removesuffix("Source").lower()


def started(kind):
    try:
        made = kind()
    except Missing as reason:
        pytest.skip(str(reason))
    with made as running:
        yield running


@pytest.fixture(scope="module", params=USUAL, ids=name)
def source(request):
    yield from started(request.param)


@pytest.fixture
def lasting(source):
    if type(source) not in LASTING:
        pytest.skip("keeps its messages in memory: there is nothing left of them when it is killed")
    return source


@pytest.fixture
def postgres():
    yield from started(Postgres)


@pytest.fixture
def planted():
    yield from started(NatsSource)


def messages(source) -> int:
    return int(ASKED or USUAL[type(source)])


def report(capsys, *figures):
    with capsys.disabled():
        print("", *figures, sep="\n  ")


def test_the_broker_is_killed(lasting, capsys):
    with Run(lasting, messages(lasting)) as run:
        run.while_they_flow(*[run.broker_killed()] * TIMES)
        report(capsys, run.judge())


def test_the_network_is_cut(source, capsys):
    with Run(source, messages(source)) as run:
        run.while_they_flow(*[run.network_cut(0.1), run.network_cut(1.0)] * TIMES)
        report(capsys, run.judge())


def test_the_network_is_stalled(source, capsys):
    """For a shorter and for a longer time than a client is patient."""
    with Run(source, messages(source)) as run:
        run.while_they_flow(*[run.network_stalled(0.3), run.network_stalled(3.0)] * TIMES)
        report(capsys, run.judge())


def test_the_kernel_is_killed(source, capsys):
    with Run(source, messages(source)) as run:
        run.while_they_flow(*[run.kernel_killed(), run.kernel_killed_unheard()] * TIMES)
        report(capsys, run.judge())


def test_what_is_published_is_what_is_stored(source, capsys):
    """The kernel is killed while actors publish; their sink is the same broker."""
    with Run(source, messages(source) // 2, TELL) as run:
        run.while_they_flow(*[run.kernel_killed(), run.kernel_killed_unheard()] * TIMES)
        report(capsys, run.judge())
        run.judge_published()


@pytest.mark.parametrize("source", [KafkaSource], ids=name, indirect=True)
def test_kernels_join_and_leave_the_group(source, postgres, capsys):
    """Two kernels over one store; partitions go from one to the other and back, once because a
    kernel stops, once because it is killed."""
    with Run(source, messages(source), seconds=10.0 * TIMES, config={
            "statestores": only(PostgresStore.config(postgres, history=None))}) as run:
        def joins_and(leaves):
            with second_kernel(run) as other:
                run.await_acknowledging(other)
                leaves(other)

        run.while_they_flow(*[
            ("kernel joined and stopped", lambda: joins_and(lambda other: other.stop())),
            ("kernel joined and killed", lambda: joins_and(lambda other: other.kill9()))] * TIMES)
        report(capsys, run.judge())


# --- the check itself -----------------------------------------------------------------------------
def test_it_is_noticed_when_messages_are_not_deduplicated(planted):
    with Run(planted, 2000, dedup=False) as run:
        run.while_they_flow(run.kernel_killed_unheard())
        with pytest.raises(Violated, match="took effect twice"):
            run.judge()


def test_it_is_noticed_when_messages_are_acknowledged_before_the_commit(planted):
    with Run(planted, 2000, config={"durability": {"default": "snapshot"}}) as run:
        run.while_they_flow(run.kernel_killed())
        with pytest.raises(Violated, match="confirmed, and without effect"):
            run.judge()
