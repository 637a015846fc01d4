"""Google Pub/Sub: its own fake, which keeps everything in memory, asked by its control port."""
from brokers.source import Source
from servers.pubsub import PubSub


class PubSubSource(Source):
    keeps = False

    def __init__(self):
        super().__init__()
        self.server = PubSub()

    def make(self):
        self.server.make_topic(self.queue, subscription=self.queue)
        self.server.make_topic(self.out)

    def plugin(self, port):
        return {"use": "pubsub", "config": {
            "project": self.server.project, "subscription": self.queue,
            "endpoint": f"http://127.0.0.1:{port}", "ack_deadline_s": 10,
            "streams": 8,  # the fake sends about a hundred messages a second on each
            "call_ms": 2000, "keepalive_ms": 1000, "ordering_keys": False,
            "content_type": "application/json"}}

    def publish(self, letters):
        ids = self.server.publish(self.queue, [one.body.decode() for one in letters])
        return {one.id for one, _ in zip(letters, ids)}

    def left(self):
        return sum(not one["acks"] for one in self.server.messages(self.queue))

    def lost(self, ids):
        return set()  # it is not killed

    def published(self):
        return [(one["attributes"]["message-id"], bytes.fromhex(one["data"]))
                for one in self.server.messages(self.out)]
