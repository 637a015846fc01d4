"""moto, an emulator of AWS in Python, as an SQS server."""
import sys

from servers.fetched import fetched
from servers.sqs_emulator import SqsEmulator

_VERSION = "5.2.5"
_RUN = "import sys; sys.path.insert(0, sys.argv[1]); from moto.server import main; main(sys.argv[2:])"


class Moto(SqsEmulator):
    name = "sqs_moto"

    def __init__(self):
        self._home = fetched(f"moto-{_VERSION}", lambda folder: [
            [sys.executable, "-m", "pip", "install", "-q", "--no-input", "--target", folder,
             f"moto=={_VERSION}", "flask==3.*", "flask-cors"]])
        super().__init__()

    def command(self):
        return [sys.executable, "-c", _RUN, self._home, "-H", self.host, "-p", self.port]
