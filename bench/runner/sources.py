"""The brokers of (l): a server of each, what bench_brokers and the activator are told of it."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))
from servers.kafka import Kafka  # noqa: E402
from servers.nats import Nats  # noqa: E402
from servers.pubsub import PubSub  # noqa: E402
from servers.rabbitmq import RabbitMq  # noqa: E402
from servers.sqs_fauxqs import Fauxqs  # noqa: E402


class Source:
    """`per_second`: about what a bare loop takes, so that a round has an end in sight."""
    name = ""
    per_second = 10_000

    def server(self):
        raise NotImplementedError

    def at(self, server) -> str:
        """As bench_brokers wants it."""
        return server.url

    def config(self, server, queue) -> dict:
        """Of the activator."""
        raise NotImplementedError


class RabbitMqSource(Source):
    name, per_second = "rabbitmq", 40_000

    def server(self):
        return RabbitMq()

    def config(self, server, queue):
        return {"url": server.url, "queue": queue}


class KafkaSource(Source):
    name, per_second = "kafka", 200_000

    def server(self):
        return Kafka(secure=False)

    def at(self, server):
        return server.brokers

    def config(self, server, queue):
        return {"brokers": server.brokers, "topics": [queue], "group": queue}


class NatsSource(Source):
    name, per_second = "nats", 60_000

    def server(self):
        return Nats()

    def config(self, server, queue):
        return {"url": server.url, "stream": queue}


class SqsSource(Source):
    name, per_second = "sqs", 2_000

    def server(self):
        return Fauxqs()

    def config(self, server, queue):
        return {"queue": queue, "endpoint": server.url, "region": "us-east-1",
                "access_key_id": "bench", "secret_access_key": "bench", "wait_seconds": 1,
                "content_type": "application/json"}


class PubSubSource(Source):
    """The fake looks for something to deliver every 10 ms, and then gives a stream a message."""
    name, per_second = "pubsub", 80

    def server(self):
        return PubSub()

    def at(self, server):
        return f"{server.endpoint}/{server.project}"

    def config(self, server, queue):
        return {"project": server.project, "subscription": queue,
                "endpoint": f"http://{server.endpoint}"}


SOURCES = (RabbitMqSource(), KafkaSource(), NatsSource(), SqsSource(), PubSubSource())
# Those whose server keeps its messages on disk, so that a million of them may wait.
DURABLE = ("rabbitmq", "kafka", "nats")
