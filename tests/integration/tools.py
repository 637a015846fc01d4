"""spawnctl as a process, and HTTP over the admin socket."""
import http.client
import json
import os
import socket
import subprocess

from harness.wire import BUILD

SPAWNCTL = BUILD / "bin" / "spawnctl"


class Ended:
    def __init__(self, process):
        self.code, self.out, self.err = process.returncode, process.stdout, process.stderr

    @property
    def json(self):
        return json.loads(self.out)

    def ok(self):
        assert self.code == 0, (self.code, self.out, self.err)
        return self


def ctl(*arguments, admin=None, env=None):
    """Runs spawnctl; admin: a Mesh, or an address."""
    address = admin if admin is None or isinstance(admin, str) else socket_of(admin)
    command = [str(SPAWNCTL), *([] if address is None else ["--admin", address]), *arguments]
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("SPAWN_", "PROXY_"))}
    return Ended(subprocess.run(command, capture_output=True, text=True, timeout=60, check=False,
                                env=clean | (env or {})))


def socket_of(mesh):
    return mesh.kernel.config["admin"]["address"]


class _Unix(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("spawn", timeout=20)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = {k.lower(): v for k, v in response.getheaders()}
        self.body = response.read()

    @property
    def json(self):
        return json.loads(self.body)


def ask(mesh, method, path, body=None, headers=None, tcp_port=None):
    if tcp_port is None:
        connection = _Unix(socket_of(mesh))
    else:
        connection = http.client.HTTPConnection("127.0.0.1", tcp_port, timeout=20)
    if body is not None and not isinstance(body, (str, bytes)):
        body = json.dumps(body)
    try:
        connection.request(method, path, body, headers or {})
        return Answer(connection.getresponse())
    finally:
        connection.close()
