"""A host program written with a published SDK, and the kernel it works with.

The program says "ready" once it has registered; from then on every line it is sent is a command,
and it answers each with one line. Its standard error is kept for the message of a failed test.
"""
import contextlib
import os
import queue
import socket
import subprocess
import threading

import pytest

from harness.kernel import Kernel, free_port
from harness.mesh import eventually

READY_SECONDS = 30.0
ANSWER_SECONDS = 20.0


def skip(reason: str):
    print(f"SDK conformance skipped: {reason}")
    pytest.skip(reason)


class SdkHost:
    """Owns the process. One command is under way at a time."""

    def __init__(self, command, environment):
        self.process = subprocess.Popen(
            [str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, bufsize=1, env=os.environ | environment)
        self.log = []
        self._answers = queue.Queue()
        for read in (self._read_answers, self._read_log):
            threading.Thread(target=read, daemon=True).start()

    def wait_ready(self):
        line = self._answer(READY_SECONDS, "its start")
        assert line == "ready", f"{line}\n{self.tail()}"

    def say(self, command: str) -> str:
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        return self._answer(ANSWER_SECONDS, command)

    def close(self):
        self.process.kill()
        self.process.wait(5)

    def tail(self) -> str:
        return "".join(self.log[-40:])

    def _answer(self, seconds, to):
        try:
            line = self._answers.get(timeout=seconds)
        except queue.Empty:
            line = ""
        assert line, f"the host has no answer to {to!r}:\n{self.tail()}"
        return line.strip()

    def _read_answers(self):
        for line in self.process.stdout:
            self._answers.put(line)
        self._answers.put("")  # the end: nobody needs to wait for the deadline

    def _read_log(self):
        self.log.extend(self.process.stderr)


@contextlib.contextmanager
def running(command, environment):
    """(kernel, host), both ready; environment(kernel_port, host_port) is the program's."""
    host_port = free_port()
    kernel = Kernel(host_port)
    host = None
    try:
        kernel.start()
        host = SdkHost(command, environment(kernel.port, host_port))
        host.wait_ready()

        def listens():
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", host_port)) == 0

        eventually(listens, 10, "the host to listen")
        yield kernel, host
        assert host.process.poll() is None, f"the host ended by itself:\n{host.tail()}"
    finally:
        if host is not None:
            host.close()
        kernel.dispose()


def metric(kernel, name: str) -> float:
    """Sum over all labels of one metric."""
    text = kernel.client.get("/metrics").plain.decode()
    return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines()
               if line.split("{")[0].split(" ")[0] == name)


def passivated(kernel, host, command: str) -> str:
    """Says the command, then waits until an actor has been passivated. Returns the answer."""
    before = metric(kernel, "spawn_passivations_total")
    answer = host.say(command)
    eventually(lambda: metric(kernel, "spawn_passivations_total") > before, 10, "passivation")
    return answer
