#!/usr/bin/env python3
"""Runs a command beside servers made for it, and ends them with it.

run_with.py postgres[,mariadb] -- COMMAND ARGS...

The command finds them in SPAWN_TEST_POSTGRES_* and the like (README.md), and what it can ask for
while it runs behind SPAWN_TEST_CONTROL_PORT (control.py). Its exit code is passed on; 77 when a
server is not installed, 128 + N after signal N.
"""
import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from servers import processes  # noqa: E402
from servers.control import Control  # noqa: E402
from servers.kafka import Kafka  # noqa: E402
from servers.mariadb import MariaDb  # noqa: E402
from servers.nats import Nats, NatsGuarded, NatsJwt, NatsToken  # noqa: E402
from servers.postgres import Postgres  # noqa: E402
from servers.pubsub import PubSub, PubSubTls  # noqa: E402
from servers.rabbitmq import RabbitMq  # noqa: E402
from servers.server import Failed, Missing  # noqa: E402
from servers.sqs_fauxqs import Fauxqs  # noqa: E402
from servers.sqs_moto import Moto  # noqa: E402

# Name in the command line -> what makes it.
KINDS = {kind.name: kind for kind in (
    Fauxqs, Kafka, MariaDb, Moto, Nats, NatsGuarded, NatsJwt, NatsToken, Postgres, PubSub,
    PubSubTls)}
KINDS[RabbitMq.name] = lambda: RabbitMq(ssl=True)
SKIPPED = 77
USAGE = 2
NOT_FOUND = 127
COMMAND_SECONDS = 10.0  # for the command to end after SIGTERM


def end_on_signals():
    """The first SIGTERM or SIGINT unwinds the program; later ones do not disturb that."""
    def end(number, _):
        for one in (signal.SIGTERM, signal.SIGINT):
            signal.signal(one, signal.SIG_IGN)
        raise SystemExit(128 + number)

    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, end)


def run(command: list, variables: dict, control: Control) -> int:
    try:
        child = subprocess.Popen(command, env=os.environ | variables,
                                 preexec_fn=processes.end_with_parent(signal.SIGTERM))
    except OSError as problem:
        print(f"run_with: cannot run {command[0]}: {problem.strerror}", file=sys.stderr)
        return NOT_FOUND
    try:
        ended = os.pidfd_open(child.pid)
        try:
            control.serve(ended)
        finally:
            os.close(ended)
        code = child.wait()
    except BaseException:
        child.terminate()
        try:
            child.wait(COMMAND_SECONDS)
        except subprocess.TimeoutExpired:
            processes.kill(child.pid)
            child.wait()
        raise
    return code if code >= 0 else 128 - code


def main(arguments: list) -> int:
    names, dashes, command = arguments[:1], arguments[1:2], arguments[2:]
    kinds = [KINDS.get(name) for name in names[0].split(",")] if names else []
    if dashes != ["--"] or not command or None in kinds:
        print(f"usage: run_with.py SERVER[,SERVER] -- COMMAND ARGS...\n"
              f"servers: {', '.join(KINDS)}", file=sys.stderr)
        return USAGE
    end_on_signals()
    with contextlib.ExitStack() as stack:
        control = stack.enter_context(Control())
        variables = {"SPAWN_TEST_CONTROL_PORT": str(control.port)}
        try:
            for server in [kind() for kind in kinds]:  # what is missing shows before a start
                stack.callback(server.stop)
                server.start()
                control.add(server)
                for key, value in server.exports().items():
                    variables[f"SPAWN_TEST_{server.name.upper()}_{key}"] = value
        except Missing as missing:
            print(f"skipped: {missing}", flush=True)
            return SKIPPED
        except Failed as failed:
            print(f"run_with: {failed}", file=sys.stderr)
            return 1
        return run(command, variables, control)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
