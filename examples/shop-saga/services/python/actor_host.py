"""A small actor host: registers actors with the kernel, then answers its calls.

What an SDK does, in a page, over HTTP and protobuf.

    serve("stock", {"Stock": {"Reserve": reserve}})       reserve(state, input, call)

State, input and reply are JSON values, None where there is none. An action returns (state, reply),
state None: unchanged. Refused, or whatever else it raises, fails this call alone: the state stays,
nothing is sent, the kernel is told 422. The kernel runs one call of an actor at a time, calls of
different actors at once, each on a thread.

Environment, as the published SDKs have it: PROXY_HTTP_HOST and PROXY_HTTP_PORT (the kernel),
USER_FUNCTION_PORT (where this process listens), PROXY_ACTOR_SYSTEM_NAME. SHOP_PROTO names the
folder with the message classes that protoc made of plugin-api/proto.
"""
import http.client
import json
import os
import platform
import sys
import threading
import time
from collections import namedtuple
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

sys.path.insert(0, os.environ["SHOP_PROTO"])

from spawn import protocol_pb2 as protocol  # noqa: E402
from spawn.actors import actor_pb2 as actor  # noqa: E402

SYSTEM = os.environ.get("PROXY_ACTOR_SYSTEM_NAME", "spawn-system")
KERNEL = (os.environ.get("PROXY_HTTP_HOST", "127.0.0.1"),
          int(os.environ.get("PROXY_HTTP_PORT", "9001")))
PORT = int(os.environ.get("USER_FUNCTION_PORT", "8090"))
ACCEPTED_SECONDS = 20
JSON_TYPE = "type.googleapis.com/spawn.JSONType"

Call = namedtuple("Call", "name metadata")


class Refused(Exception):
    """The action does not want this call; the text says why."""


def pack(any_message, value):
    any_message.type_url = JSON_TYPE
    any_message.value = protocol.JSONType(content=json.dumps(value)).SerializeToString()


def unpack(any_message):
    if not any_message.value:
        return None
    return json.loads(protocol.JSONType.FromString(any_message.value).content or "null")


def run(actors, body: bytes) -> bytes:
    call = protocol.ActorInvocation.FromString(body)
    who, context = call.actor, call.current_context
    action = actors.get(who.parent or who.name, {}).get(call.action_name)
    if action is None:
        raise Refused("no such actor or action")
    state, reply = action(unpack(context.state), unpack(call.value),
                          Call(who.name, dict(context.metadata)))
    answer = protocol.ActorInvocationResponse(actor_name=who.name, actor_system=who.system)
    answer.updated_context.SetInParent()
    if state is not None:
        pack(answer.updated_context.state, state)
    if reply is None:
        answer.noop.SetInParent()
    else:
        pack(answer.value, reply)
    return answer.SerializeToString()


def handler(actors):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"  # connections are kept
        disable_nagle_algorithm = True
        wbufsize = -1  # head and body leave in one write

        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            status = 200
            try:
                answer = run(actors, body)
            except Exception as problem:  # of the action: the kernel is told, the host goes on
                print(f"refused: {problem}", flush=True)
                status, answer = 422, str(problem).encode()
            self.send_response(status)
            self.send_header("content-type", "application/octet-stream")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_):
            pass  # a line for each call helps nobody

    return Handler


def registration(service, actors) -> bytes:
    request = protocol.RegistrationRequest()
    info = request.service_info
    info.service_name, info.service_version = service, "1.0.0"
    info.service_runtime = f"python {platform.python_version()}"
    info.support_library_name, info.support_library_version = "shop-saga", "1.0.0"
    info.protocol_major_version, info.protocol_minor_version = 1, 2
    request.actor_system.name = SYSTEM
    for name, actions in actors.items():
        definition = request.actor_system.registry.actors[name]
        definition.id.name, definition.id.system = name, SYSTEM
        definition.state.SetInParent()
        definition.settings.kind, definition.settings.stateful = actor.UNNAMED, True
        for action in actions:
            definition.actions.add(name=action)
    return request.SerializeToString()


def register(service, actors):
    """Asks until the kernel accepts; it may start after this process."""
    body, deadline = registration(service, actors), time.monotonic() + ACCEPTED_SECONDS
    while True:
        connection = http.client.HTTPConnection(*KERNEL, timeout=5)
        try:
            connection.request("POST", "/api/v1/system", body,
                               {"content-type": "application/octet-stream"})
            status = protocol.RegistrationResponse.FromString(connection.getresponse().read()).status
            if status.status == protocol.OK:
                return
            why = status.message
        except OSError as problem:
            why = problem
        finally:
            connection.close()
        if time.monotonic() > deadline:
            sys.exit(f"the kernel at {KERNEL[0]}:{KERNEL[1]} does not accept the registration: "
                     f"{why}")
        time.sleep(0.1)


def serve(service, actors):
    server = ThreadingHTTPServer(("127.0.0.1", PORT), handler(actors))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    register(service, actors)
    print(f"{service} is ready", flush=True)
    threading.Event().wait()
