"""RabbitMQ: a quorum queue into the kernel, a classic one for what comes out of it."""
from brokers.amqp import Connection, Refused
from brokers.source import CONFIRM_S, Source, Unavailable, patiently
from servers.rabbitmq import RabbitMq


class RabbitSource(Source):
    def __init__(self):
        super().__init__()
        self.server = RabbitMq()
        self._connection = self._publisher = None

    def make(self):
        def declared():
            self._asked(lambda to: to.declare(self.queue, {"x-queue-type": "quorum"}))
            self._asked(lambda to: to.declare(self.out, {}))
        patiently(declared)

    def plugin(self, port):
        return {"use": "rabbitmq", "config": {
            "host": "127.0.0.1", "port": port, "username": self.server.user,
            "password": self.server.password, "queue": self.queue, "heartbeat_s": 1,
            "reconnect_ms_max": 500}}

    @property
    def destination(self):
        return f"/{self.out}"  # by the default exchange

    def publish(self, letters):
        if self._publisher is None or self._publisher.closed:
            self._publisher = self._connect()
        done = self._publisher.publish(self.queue, [(f"m{one.id}", one.body) for one in letters])
        return {letters[place].id for place in done}

    def left(self):
        ready = self._asked(lambda to: to.ready(self.queue))  # 0 also while it recovers
        if ready == 0 and not self._asked(lambda to: to.empty(self.queue)):
            self._connection.close()  # what it got goes back
            return 1
        return ready

    def lost(self, ids):
        return set()  # a quorum queue has synced what it confirms

    def published(self):
        return self._asked(lambda to: to.take_all(self.out))

    def disconnect(self):
        for one in (self._connection, self._publisher):
            if one is not None:
                one.close()
        self._connection = self._publisher = None

    # --- helpers ----------------------------------------------------------------------------------
    def _connect(self) -> Connection:
        try:
            return Connection(self.server.host, self.server.port, self.server.user,
                              self.server.password, CONFIRM_S)
        except Refused as why:
            raise Unavailable(str(why)) from None

    def _asked(self, question):
        if self._connection is None or self._connection.closed:
            self._connection = self._connect()
        try:
            return question(self._connection)
        except (OSError, Refused) as why:
            self._connection.close()
            raise Unavailable(str(why)) from None
