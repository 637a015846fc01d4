"""Each file of config/activators, and config/spawn.yaml, as an operator starts it: the file as it is
with the variables its comments name, beside its real server. A message comes in and reaches an
actor; what the actor publishes is confirmed. Takes some 40 s, most of it the brokers' start."""
import hashlib
import hmac
import json
import re
import sys
import urllib.error
import urllib.request

import pytest
from harness.client import Client
from harness.host import Host, Reply
from harness.kernel import Kernel, free_port
from harness.mesh import eventually
from harness.wire import BUILD, SOURCE, UNNAMED, actor, json_any, text, workflow

sys.path.insert(1, str(SOURCE / "tests"))

from servers.kafka import Kafka  # noqa: E402
from servers.nats import Nats  # noqa: E402
from servers.pubsub import PubSub  # noqa: E402
from servers.rabbitmq import RabbitMq  # noqa: E402
from servers.server import Missing  # noqa: E402
from servers.sqs_moto import Moto  # noqa: E402

ORDER = '{"id": 17, "item": "pen"}'
SYSTEM = "shop"
ANSWER_SECONDS = 20.0


class SampleKernel(Kernel):
    """A kernel on the text of a sample. Beside it stand the admin socket, as two kernels with the
    usual place for it can not run at once, and a short farewell where the sample says nothing."""

    def __init__(self, sample: str, host_port: int, **variables):
        super().__init__(host_port)
        self.sample = SOURCE / "config" / sample
        self.env = variables | {"PROXY_HTTP_PORT": str(self.port),
                                "USER_FUNCTION_PORT": str(host_port),
                                "SPAWN_PLUGIN_PATH": str(BUILD / "plugins")}
        (self.folder / "config").symlink_to(SOURCE / "config")

    def text(self) -> str:
        sample = self.sample.read_text()
        short = "" if "\ntimeouts:" in sample else "timeouts: {drain_ms: 1000}\n"
        return f"{sample}{short}admin: {{address: {self.config['admin']['address']}}}\n"


class Shop:
    """A sample's kernel, and the host with the actors that the samples call."""

    def __init__(self, sample: str, system: str = SYSTEM, **variables):
        self.host = Host()
        self.kernel = SampleKernel(sample, self.host.port, **variables)
        self.client = Client(self.kernel.port)
        self.system = system
        try:
            self.kernel.start()
            self._register()
        except BaseException:
            self.dispose()
            raise

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        try:
            if kind is None:
                self.client.close()  # the kernel waits for those who hold a connection
                self.kernel.stop()
            else:
                print(self.kernel.tail())
        finally:
            self.dispose()

    def dispose(self):
        self.client.close()
        self.host.stop()
        self.kernel.dispose()

    def _register(self):
        self.host.on("order", "place", lambda call: Reply(
            state=text("placed"), payload=json_any('{"placed": true}'),
            workflow=workflow(broadcast=("orders.done", json_any('{"id": 17}')))))
        named = [actor(name, actions, system=self.system) for name, actions in
                 (("catalogue", ["refresh"]), ("payments", ["note"]), ("till", ["close"]))]
        self.client.register(actor("order", ["place"], kind=UNNAMED, system=self.system), *named,
                             system=self.system)

    def placed(self):
        """The one call that the order came to."""
        (call,) = self.host.wait(1, "order-17", "place", ANSWER_SECONDS)
        return call

    def settled(self):
        """The source was told, and what the actor published is confirmed."""
        eventually(lambda: self.count("spawn_activator_acknowledged_total", 'activator="orders"') == 1,
                   ANSWER_SECONDS, "the message is acknowledged")
        eventually(lambda: self.count("spawn_published_total") == 1,
                   ANSWER_SECONDS, "what the actor published is confirmed")
        (call,) = self.host.seen("order-17", "place")
        assert call.payload.type_url.endswith("JSONType") and b"pen" in call.payload.value

    def count(self, metric: str, label: str = "") -> float:
        page = self.client.get("/metrics").plain.decode()
        found = re.findall(rf"^{metric}(?:{{(.*)}})? (\S+)$", page, re.MULTILINE)
        return sum(float(value) for labels, value in found if label in labels)


@pytest.fixture
def server(request):
    """server(Kind, ...) starts one, or skips with the reason."""
    def start(kind, *arguments, **settings):
        try:
            made = kind(*arguments, **settings)
        except Missing as missing:
            print(f"sample skipped: {missing}")
            pytest.skip(str(missing))
        request.addfinalizer(made.stop)
        return made.start()

    return start


def ask(url: str, body: str = "", **headers) -> tuple:
    """(status, body) of a POST."""
    names = {key.replace("_", "-"): value for key, value in headers.items()}
    request = urllib.request.Request(url, body.encode(), {"Content-Type": "application/json"} | names)
    try:
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


def serving(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=2).close()
    except urllib.error.HTTPError:
        pass
    except OSError:
        return False
    return True


# --- brokers --------------------------------------------------------------------------------------
def test_nats(server):
    broker = server(Nats)
    with Shop("activators/nats.yaml", NATS_URL=broker.url) as shop:
        head = "NATS/1.0\r\nNats-Msg-Id: m1\r\n\r\n"
        publish = f"HPUB orders.new {len(head)} {len(head) + len(ORDER)}\r\n{head}{ORDER}\r\nPING\r\n"

        def taken():  # what comes before the stream is lost; what comes twice the stream drops
            if not shop.host.seen("order-17"):
                broker.say(publish.encode(), 1)
            return shop.host.seen("order-17")

        eventually(taken, ANSWER_SECONDS, "the order is placed")
        shop.placed()
        shop.settled()


# Queues, then the message once the kernel has made its own: rabbitmqctl takes seconds to come up.
_RABBIT = """
Queue = fun (Name) -> rabbit_misc:r(<<"/">>, queue, Name) end,
[rabbit_amqqueue:declare(Queue(Name), true, false, [], none, <<"test">>)
 || Name <- [<<"orders.dead">>, <<"orders.done">>]],
Publish = fun (_, 0) -> late; (Self, Left) ->
  case rabbit_amqqueue:lookup(Queue(<<"orders">>)) of
    {ok, _} -> rabbit_basic:publish(rabbit_misc:r(<<"/">>, exchange, <<>>), <<"orders">>,
                                    [{message_id, <<"m1">>}], <<"%s">>);
    _ -> timer:sleep(50), Self(Self, Left - 1)
  end end,
Publish(Publish, 400).
"""


def test_rabbitmq(server):
    broker = server(RabbitMq)
    with Shop("activators/rabbitmq.yaml", AMQP_URL=broker.url) as shop:
        assert "late" not in broker.ctl("eval", _RABBIT % ORDER.replace('"', '\\"'))
        shop.placed()
        shop.settled()


def test_kafka(server):
    broker = server(Kafka, secure=False, **{"auto.create.topics.enable": "true"})
    broker.publish("orders", ORDER)
    with Shop("activators/kafka.yaml", KAFKA_BROKERS=broker.brokers) as shop:
        shop.placed()
        shop.settled()


def test_sqs(server):
    service = server(Moto)

    def call(action: str, **body) -> dict:
        status, answer = ask(service.url + "/", json.dumps(body),
                             X_Amz_Target=f"AmazonSQS.{action}",
                             Content_Type="application/x-amz-json-1.0",
                             Authorization="AWS4-HMAC-SHA256 Credential=test/20200101/us-east-1/sqs/"
                                           "aws4_request, SignedHeaders=host, Signature=0")
        assert status == 200, answer
        return json.loads(answer)

    orders = call("CreateQueue", QueueName="orders.fifo",
                  Attributes={"FifoQueue": "true"})["QueueUrl"]
    done = call("CreateQueue", QueueName="done")["QueueUrl"]
    with Shop("activators/sqs.yaml", ORDERS_QUEUE=orders, DONE_QUEUE=done,
              AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test",
              AWS_REGION="us-east-1") as shop:
        call("SendMessage", QueueUrl=orders, MessageBody=ORDER, MessageGroupId="g",
             MessageDeduplicationId="m1")
        shop.placed()
        shop.settled()


def test_pubsub(server):
    service = server(PubSub)
    service.make_topic("orders", "orders")
    service.make_topic("orders-dead")
    service.make_topic("order-events")
    with Shop("activators/pubsub.yaml", PUBSUB_PROJECT=service.project,
              PUBSUB_EMULATOR_HOST=service.endpoint) as shop:
        service.publish("orders", [ORDER])
        shop.placed()
        shop.settled()


# --- without a broker -----------------------------------------------------------------------------
def test_cron():
    with Shop("activators/cron.yaml") as shop:
        (call,) = shop.host.wait(1, "catalogue", "refresh", ANSWER_SECONDS)
        assert call.payload.type_url.endswith("JSONType") and b"beat" in call.payload.value


def test_http():
    port, secret = free_port(), "a secret of payments"
    base = f"http://127.0.0.1:{port}"
    with Shop("activators/http.yaml", SHOP_TOKEN="a-token", PAY_SECRET=secret,
              SHOP_PORT=str(port)) as shop:
        eventually(lambda: serving(base), ANSWER_SECONDS, "it listens")
        place = {"Idempotency_Key": "1", "Authorization": "Bearer a-token"}
        assert ask(f"{base}/orders/17", ORDER)[0] == 401
        for _ in range(2):  # the second is a repeat
            status, answer = ask(f"{base}/orders/17", ORDER, **place)
            assert (status, json.loads(answer)) == (200, {"placed": True})
        shop.placed()
        signed = hmac.new(secret.encode(), b'{"paid": 3}', hashlib.sha256).hexdigest()
        assert ask(f"{base}/payments", '{"paid": 3}', X_Signature_256="sha256=" + signed)[0] == 202
        assert ask(f"{base}/payments", '{"paid": 4}', X_Signature_256="sha256=" + signed)[0] == 401
        (call,) = shop.host.seen("payments", "note")
        assert b'{"paid": 3}' in call.payload.value


def test_grpc():
    port = free_port()
    with Shop("activators/grpc.yaml", GRPC_PORT=str(free_port()), GRPC_HTTP_PORT=str(port)) as shop:
        # A Receipt: its field id, 1, is a text.
        receipt = text(b"\x0a\x0217", "type.googleapis.com/shop.v1.Receipt")
        shop.host.on("OrderActor", "Place", lambda call: Reply(payload=receipt))
        shop.client.register(actor("OrderActor", ["Place"], kind=UNNAMED, system=SYSTEM),
                             system=SYSTEM)
        eventually(lambda: serving(f"http://127.0.0.1:{port}"), ANSWER_SECONDS, "it listens")
        status, answer = ask(f"http://127.0.0.1:{port}/v1/orders/17", '{"item": "pen"}')
        assert (status, json.loads(answer)["id"]) == (200, "17")
        (call,) = shop.host.seen("17", "Place")
        assert call.payload.value == b"\x0a\x0217\x12\x03pen"


def test_the_sample_with_every_key():
    with Shop("spawn.yaml", system="spawn-system") as shop:
        shop.client.invoke("payments", "note").expect_ok()
        assert len(shop.host.seen("payments", "note")) == 1


def test_each_sample_has_a_test():
    tests = {name.removeprefix("test_") for name in globals() if name.startswith("test_")}
    samples = {file.stem for file in (SOURCE / "config" / "activators").glob("*.yaml")}
    assert samples <= tests
