"""What the SQS emulators have in common: one HTTP port, everything in memory."""
import urllib.error
import urllib.request

from servers.server import Failed, Server

_PING_SECONDS = 2.0


class SqsEmulator(Server):
    """Restarted it has no queues any more; to take it away from a client, shut a gate before it."""
    account = "root"  # it needs files of ours and none of anybody else

    def __init__(self):
        super().__init__({})

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def prepare(self):
        pass

    def ping(self):
        body = b"{}"
        headers = {"Content-Type": "application/x-amz-json-1.0",
                   "X-Amz-Target": "AmazonSQS.ListQueues",
                   "Authorization": "AWS4-HMAC-SHA256 Credential=test/20200101/us-east-1/sqs/"
                                    "aws4_request, SignedHeaders=host, Signature=0"}
        try:
            request = urllib.request.Request(self.url + "/", body, headers)
            urllib.request.urlopen(request, timeout=_PING_SECONDS).close()
        except (urllib.error.URLError, OSError) as problem:
            raise Failed(str(problem)) from None

    def exports(self):
        return {"URL": self.url}
