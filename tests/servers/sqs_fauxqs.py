"""fauxqs, an SQS emulator in JavaScript."""
from pathlib import Path

from servers.fetched import fetched
from servers.server import find
from servers.sqs_emulator import SqsEmulator

_VERSION = "1.9.2"
_SCRIPT = Path(__file__).with_suffix(".mjs")


class Fauxqs(SqsEmulator):
    name = "sqs_fauxqs"

    def __init__(self):
        self._node = find("node", "install nodejs")
        npm = find("npm", "install npm")
        self._home = fetched(f"fauxqs-{_VERSION}", lambda folder: [
            [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", folder,
             f"fauxqs@{_VERSION}"]])
        super().__init__()

    def command(self):
        app = self._home / "node_modules" / "fauxqs" / "dist" / "app.js"
        return [self._node, _SCRIPT, app, self.host, self.port]
