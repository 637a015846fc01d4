"""SQS: a standard queue of an emulator, which keeps everything in memory."""
import http.client
import json

from brokers.source import CONFIRM_S, Source, Unavailable, patiently
from servers.sqs_fauxqs import Fauxqs

_BATCH = 10
_HEADERS = {"Content-Type": "application/x-amz-json-1.0",
            "Authorization": "AWS4-HMAC-SHA256 Credential=test/20200101/us-east-1/sqs/aws4_request,"
                             " SignedHeaders=host, Signature=0"}
_COUNTS = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible",
           "ApproximateNumberOfMessagesDelayed")


class Connection:
    def __init__(self, host: str, port: int):
        self._http = http.client.HTTPConnection(host, port, timeout=CONFIRM_S)

    def close(self):
        self._http.close()

    def call(self, action: str, **body) -> dict:
        try:
            self._http.request("POST", "/", json.dumps(body),
                               _HEADERS | {"X-Amz-Target": f"AmazonSQS.{action}"})
            answer = self._http.getresponse()
            told = answer.read()
        except (OSError, http.client.HTTPException) as why:
            self._http.close()
            raise Unavailable(str(why)) from None
        if answer.status != 200:
            raise Unavailable(f"{action}: {told.decode()}")
        return json.loads(told) if told else {}


class SqsSource(Source):
    keeps = False

    def __init__(self):
        super().__init__()
        self.server = Fauxqs()
        self._connection = self._publisher = None
        self._urls = {}

    def __enter__(self):
        super().__enter__()
        self._connection = Connection(self.server.host, self.server.port)
        self._publisher = Connection(self.server.host, self.server.port)
        return self

    def make(self):
        self._urls = {name: patiently(lambda of=name: self._connection.call(
            "CreateQueue", QueueName=of))["QueueUrl"] for name in (self.queue, self.out)}

    def plugin(self, port):
        return {"use": "sqs", "config": {
            "endpoint": f"http://127.0.0.1:{port}", "queue": self.queue,
            "region": "us-east-1", "access_key_id": "test", "secret_access_key": "test",
            "visibility_seconds": 2, "wait_seconds": 1, "request_ms": 2000, "connect_ms": 1000,
            "content_type": "application/json"}}

    def publish(self, letters):
        confirmed = set()
        for first in range(0, len(letters), _BATCH):
            some = letters[first:first + _BATCH]
            try:
                told = self._publisher.call(
                    "SendMessageBatch", QueueUrl=self._urls[self.queue],
                    Entries=[{"Id": str(place), "MessageBody": one.body.decode()}
                             for place, one in enumerate(some)])
            except Unavailable:
                continue
            confirmed |= {some[int(one["Id"])].id for one in told["Successful"]}
        return confirmed

    def left(self):
        told = self._connection.call("GetQueueAttributes", QueueUrl=self._urls[self.queue],
                                     AttributeNames=["All"])["Attributes"]
        return sum(int(told.get(name, 0)) for name in _COUNTS)

    def lost(self, ids):
        return set()  # it is not killed

    def published(self):
        out = []
        while messages := self._connection.call(
                "ReceiveMessage", QueueUrl=self._urls[self.out], MaxNumberOfMessages=_BATCH,
                MessageAttributeNames=["All"], VisibilityTimeout=600).get("Messages"):
            out += [(one["MessageAttributes"]["spawn-dedup-id"]["StringValue"],
                     one["Body"].encode()) for one in messages]
        return out

    def disconnect(self):
        for one in (self._connection, self._publisher):
            if one is not None:
                one.close()
