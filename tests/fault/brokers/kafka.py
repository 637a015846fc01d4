"""Kafka: a topic of several partitions, published to with acks of all replicas."""
import json

from brokers.kafka_wire import Connection, Refused
from brokers.source import CONFIRM_S, Source, Unavailable, patiently
from servers.kafka import Kafka

PARTITIONS = 4


class KafkaSource(Source):
    keeps_order = True

    def __init__(self):
        super().__init__()
        # A broker that was killed is let in again when its last session is over.
        self.server = Kafka(secure=False, **{"broker.session.timeout.ms": 2000,
                                             "broker.heartbeat.interval.ms": 500})
        self._connection = self._publisher = None

    def make(self):
        for topic in (self.queue, self.out):
            patiently(lambda name=topic: self._asked(
                lambda to: to.create(name, PARTITIONS, CONFIRM_S)))

    def ways(self):
        return self.server.gated_port, self.server.gate_port

    def plugin(self, port):
        return {"use": "kafka", "config": {
            "brokers": f"127.0.0.1:{port}", "topics": [self.queue], "group": self.queue,
            "session_ms": 2000, "commit_ms": 200,
            "content_type": "application/json"}}

    def publish(self, letters):
        if self._publisher is None:
            self._publisher = self._connect()
        by_partition = {}
        for one in letters:
            by_partition.setdefault(one.set % PARTITIONS, []).append(one)
        try:
            done = self._publisher.produce(self.queue, {
                partition: [(one.actor.encode(), one.body, {}) for one in some]
                for partition, some in by_partition.items()}, CONFIRM_S)
        except OSError:
            self._publisher.close()
            self._publisher = None
            return set()
        return {one.id for partition in done for one in by_partition[partition]}

    def left(self):
        def behind(to):
            ends = to.ends(self.queue, PARTITIONS)
            known = to.committed(self.queue, self.queue, PARTITIONS)
            return sum(ends[each] - max(known[each], 0) for each in ends)
        return self._asked(behind)

    def lost(self, ids):
        there = {json.loads(value)["id"] for _, _, _, value, _ in
                 self._asked(lambda to: to.read(self.queue, PARTITIONS))}
        return ids - there

    def published(self):
        return [(headers.get("message-id", ""), value) for _, _, _, value, headers in
                self._asked(lambda to: to.read(self.out, PARTITIONS))]

    def disconnect(self):
        for one in (self._connection, self._publisher):
            if one is not None:
                one.close()
        self._connection = self._publisher = None

    # --- helpers ----------------------------------------------------------------------------------
    def _connect(self) -> Connection:
        return Connection(self.server.host, self.server.port, CONFIRM_S)

    def _asked(self, question):
        if self._connection is None:
            self._connection = self._connect()
        try:
            return question(self._connection)
        except (OSError, Refused) as why:
            self._connection.close()
            self._connection = None
            raise Unavailable(str(why)) from None
