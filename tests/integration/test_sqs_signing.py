"""The SQS activator's requests are signed: a server recomputes each signature by itself, and the
access keys come from where they should."""
import calendar
import email.utils
import hashlib
import hmac
import http.server
import json
import os
import subprocess
import threading
import time
from pathlib import Path

import pytest

PROGRAM = Path(os.environ["SPAWN_TEST_PROGRAM"])
SECRET = "secret/with+signs"
CLOCK = 1_700_000_000  # of the client's host, in unix seconds


def digest(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def signature(method: str, path: str, headers, body: bytes, secret: str) -> str:
    """What the Authorization header has to end with, from the request as it came in."""
    said = headers["Authorization"]
    names = said.split("SignedHeaders=")[1].split(",")[0].split(";")
    scope = said.split("Credential=")[1].split(",")[0].split("/", 1)[1]
    day, region, service, end = scope.split("/")
    canonical = "\n".join([method, path, "",
                           *(f"{name}:{headers[name].strip()}" for name in names), "",
                           ";".join(names), hashlib.sha256(body).hexdigest()])
    text = "\n".join(["AWS4-HMAC-SHA256", headers["X-Amz-Date"], scope,
                      hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + secret).encode()
    for part in (day, region, service, end):
        key = digest(key, part)
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


class Service(http.server.ThreadingHTTPServer):
    """SQS that checks signatures, and the two services that hand out access keys."""
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen = []
        self.key = ("KEY", SECRET, "")  # the access key, its secret, the session token
        self.now = CLOCK
        self.handed_out = 0
        self.on_refusal = lambda: None
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def check(self, request, body: bytes) -> tuple:
        key, secret, token = self.key
        headers = request.headers
        said = headers["Authorization"]
        when = headers["X-Amz-Date"]
        self.seen.append(headers)
        if f"Credential={key}/" not in said:
            return 403, "com.amazonaws.sqs#InvalidClientTokenId"
        if headers.get("X-Amz-Security-Token", "") != token:
            return 403, "com.amazonaws.sqs#ExpiredToken"
        for name in ("host", "x-amz-date", "x-amz-target"):
            if name not in said.split("SignedHeaders=")[1].split(",")[0].split(";"):
                return 403, "com.amazonaws.sqs#IncompleteSignature"
        if signature("POST", request.path, headers, body, secret) != said.split("Signature=")[1]:
            return 403, "com.amazonaws.sqs#SignatureDoesNotMatch"
        sent = calendar.timegm(time.strptime(when, "%Y%m%dT%H%M%SZ"))
        if abs(sent - self.now) > 300:
            return 403, "com.amazonaws.sqs#RequestTimeTooSkewed"
        return 200, ""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status, error = self.server.check(self, body)
        if error:
            self.server.on_refusal()
        self.answer(status, json.dumps({"__type": error} if error else {"QueueUrls": []}))

    def do_PUT(self):
        ttl = self.headers.get("X-aws-ec2-metadata-token-ttl-seconds")
        fine = self.path == "/latest/api/token" and ttl
        self.answer(200 if fine else 400, "instance-token")

    def do_GET(self):
        roles = "/latest/meta-data/iam/security-credentials/"
        if self.path == "/container":
            allowed = self.headers.get("Authorization") == "container-token"
        else:
            allowed = self.headers.get("X-aws-ec2-metadata-token") == "instance-token"
        if not allowed:
            return self.answer(401, "")
        if self.path == roles:
            return self.answer(200, "the-role\n")
        if self.path not in (roles + "the-role", "/container"):
            return self.answer(404, "")
        self.server.handed_out += 1
        key, secret, token = self.server.key
        self.answer(200, json.dumps({"AccessKeyId": key, "SecretAccessKey": secret,
                                     "Token": token, "Expiration": "2099-01-01T00:00:00Z"}))

    def answer(self, status: int, text: str):
        self.send_response_only(status)
        self.send_header("Date", email.utils.formatdate(self.server.now, usegmt=True))
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


@pytest.fixture
def service():
    with Service() as made:
        yield made
        made.shutdown()


def lines(service, source: str, calls: int = 1, **variables) -> list:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    variables.setdefault("AWS_EC2_METADATA_DISABLED", "true")
    done = subprocess.run([PROGRAM, service.url, source, str(calls)], text=True,
                          capture_output=True, timeout=60, env=kept | variables)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def from_environment(**more) -> dict:
    return {"AWS_ACCESS_KEY_ID": "KEY", "AWS_SECRET_ACCESS_KEY": SECRET} | more


def test_each_request_is_signed(service):
    assert lines(service, "environment", 5, **from_environment()) == ["ok"] * 5
    assert service.seen[0]["X-Amz-Target"] == "AmazonSQS.ListQueues"
    assert "/eu-central-1/sqs/aws4_request" in service.seen[0]["Authorization"]


def test_a_wrong_secret_is_refused(service):
    service.key = ("KEY", "another", "")
    (line,) = lines(service, "environment", **from_environment())
    assert line.startswith("SignatureDoesNotMatch")
    assert SECRET not in line


def test_a_session_token_goes_along_and_is_signed(service):
    service.key = ("KEY", SECRET, "token")
    assert lines(service, "auto", 2, **from_environment(AWS_SESSION_TOKEN="token")) == ["ok"] * 2
    assert "x-amz-security-token" in service.seen[0]["Authorization"]


def test_a_clock_that_is_wrong_is_corrected(service):
    service.now = CLOCK + 3600
    first, *rest = lines(service, "environment", 3, **from_environment())
    assert first.startswith("RequestTimeTooSkewed")
    assert rest == ["ok"] * 2


def test_a_file_is_read_again_when_its_key_is_refused(service, tmp_path):
    file = tmp_path / "credentials"
    text = f"[work]\naws_access_key_id={{}}\naws_secret_access_key={SECRET}\n"
    file.write_text(text.format("OLD"))
    service.on_refusal = lambda: file.write_text(text.format("KEY"))
    first, *rest = lines(service, "file", 3, AWS_SHARED_CREDENTIALS_FILE=str(file),
                         AWS_PROFILE="work")
    assert first.startswith("InvalidClientTokenId")
    assert rest == ["ok"] * 2


def test_a_containers_service_is_asked_once(service, tmp_path):
    token = tmp_path / "token"
    token.write_text("container-token\n")
    service.key = ("ROLE", SECRET, "role-token")
    assert lines(service, "container", 3,
                 AWS_CONTAINER_CREDENTIALS_FULL_URI=service.url + "/container",
                 AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=str(token)) == ["ok"] * 3
    assert service.handed_out == 1


def test_an_instances_role_is_found(service):
    service.key = ("ROLE", SECRET, "role-token")
    assert lines(service, "instance", 2, AWS_EC2_METADATA_DISABLED="false",
                 AWS_EC2_METADATA_SERVICE_ENDPOINT=service.url) == ["ok"] * 2
    assert service.handed_out == 1


def test_without_credentials_it_says_where_it_looked(service, tmp_path):
    (line,) = lines(service, "auto", AWS_SHARED_CREDENTIALS_FILE=str(tmp_path / "none"))
    assert "no credentials" in line
    for word in ("access_key_id", "AWS_ACCESS_KEY_ID", "profile default", "AWS_CONTAINER",
                 "AWS_EC2_METADATA_DISABLED"):
        assert word in line
    assert not service.seen
