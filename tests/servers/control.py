"""Lets the command of run_with.py tell it what to do with the servers."""
import selectors
import socket

_PATIENCE_S = 10.0  # for a line of the command
_LINE_BYTES = 4096


class Control:
    """Listens on a free loopback port. A connection brings one line, "NAME VERB WORDS...", and gets
    "ok", or "failed: why", when it is done. Answers on the thread that calls serve()."""

    def __init__(self):
        self._known = {}  # (name, verb) -> what to call
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._listener.close()

    def add(self, server):
        for verb in server.remote:
            self._known[server.name, verb] = getattr(server, verb)

    def serve(self, until: int):
        """Returns when the file descriptor is readable."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            selector.register(until, selectors.EVENT_READ)
            while until not in [key.fd for key, _ in selector.select()]:
                self._answer()

    def _answer(self):
        connection, _ = self._listener.accept()
        with connection:
            connection.settimeout(_PATIENCE_S)
            try:
                line = connection.makefile("r").readline(_LINE_BYTES).split()
                told = self._do(line)
                connection.sendall(f"{told}\n".encode())
            except OSError:
                pass  # it did not wait for the answer

    def _do(self, line: list) -> str:
        call = self._known.get(tuple(line[:2]))
        if call is None:
            return f"failed: nobody knows {line[:2]}"
        try:
            call(*line[2:])
        except Exception as problem:  # whatever it is, the command has to hear of it
            return "failed: " + str(problem).replace("\n", " | ")
        return "ok"
