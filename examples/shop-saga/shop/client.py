"""Calls actors over the kernel's HTTP API, as any SDK does."""
import http.client
import importlib
import json
import sys

from shop.stage import Trouble

SYSTEM = "spawn-system"
JSON_TYPE = "type.googleapis.com/spawn.JSONType"
ANSWER_SECONDS = 90  # longer than the saga's deadline


class Client:
    """One connection for each call. The message classes are those in the stage's folder."""

    def __init__(self, stage):
        sys.path.insert(0, str(stage.folder))
        self.protocol = importlib.import_module("spawn.protocol_pb2")
        self.port = stage.port

    def invoke(self, parent: str, name: str, action: str, given=None):
        """The actor `name` of the type `parent` does `action`; JSON in, JSON out.

        Raises Trouble with the kernel's text when the answer is not OK."""
        request = self.protocol.InvocationRequest(action_name=action)
        request.system.name = SYSTEM
        actor = request.actor.id
        actor.name, actor.system, actor.parent = name, SYSTEM, parent
        if given is None:
            request.noop.SetInParent()
        else:
            request.value.type_url = JSON_TYPE
            request.value.value = self.protocol.JSONType(
                content=json.dumps(given)).SerializeToString()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_SECONDS)
        try:
            connection.request(
                "POST", f"/api/v1/system/{SYSTEM}/actors/{name}/invoke",
                request.SerializeToString(), {"content-type": "application/octet-stream"})
            answer = self.protocol.InvocationResponse.FromString(connection.getresponse().read())
        finally:
            connection.close()
        if answer.status.status != self.protocol.OK:
            raise Trouble(f"{action} of {parent}/{name}: {answer.status.message}")
        if not answer.value.value:
            return None
        return json.loads(self.protocol.JSONType.FromString(answer.value.value).content)
