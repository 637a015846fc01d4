"""A TCP gate between a client and a server, which cuts, stalls and delays."""
import selectors
import socket
import threading
import time

PIECE = 65536


class Gate:
    """Listens on a loopback port, a free one or `at`, and passes everything on to (host, port).
    Context manager.

    One thread moves all bytes; the methods may be called on any other.
    """

    def __init__(self, port: int, host: str = "127.0.0.1", at: int = 0):
        self.to = (host, port)
        self.delay = 0.0         # seconds before each piece goes on
        self._stalled = threading.Event()
        self._refusing = False
        self._lock = threading.Lock()
        self._pairs = {}         # socket -> its other end
        self._selector = selectors.DefaultSelector()
        self._listener = socket.create_server(("127.0.0.1", at))
        self.port = self._listener.getsockname()[1]
        self._over = False
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._over = True
        self._thread.join(5)
        self.cut()
        self._listener.close()
        self._selector.close()

    def cut(self):
        """Ends every connection that is open now, with a reset."""
        with self._lock:
            for one in list(self._pairs):
                self._drop(one)

    def refuse(self, refusing: bool = True):
        """From now on new connections are ended at once; those that are open too."""
        self._refusing = refusing
        if refusing:
            self.cut()

    def stall(self):
        """Nothing goes through any more, and nobody is told."""
        self._stalled.set()

    def flow(self):
        self._stalled.clear()

    # --- the gate's thread ------------------------------------------------------------------------
    def _run(self):
        while not self._over:
            if self._stalled.is_set():
                time.sleep(0.005)
                continue
            for key, _ in self._selector.select(0.05):
                with self._lock:
                    if key.fileobj is self._listener:
                        self._accept()
                    elif key.fileobj in self._pairs:
                        self._pass_on(key.fileobj)

    def _accept(self):
        client, _ = self._listener.accept()
        try:
            if self._refusing:
                raise OSError
            server = socket.create_connection(self.to, 2)
        except OSError:
            client.close()
            return
        for one, other in ((client, server), (server, client)):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._pairs[one] = other
            self._selector.register(one, selectors.EVENT_READ)

    def _pass_on(self, source):
        try:
            piece = source.recv(PIECE)
            if piece and self.delay:
                time.sleep(self.delay)
            if piece:
                self._pairs[source].sendall(piece)
                return
        except OSError:
            pass
        self._drop(source)

    def _drop(self, one):
        for end in (one, self._pairs.get(one)):
            if end is not None and end in self._pairs:
                self._selector.unregister(end)
                del self._pairs[end]
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                end.close()
