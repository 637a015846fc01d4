"""Loopback ports for servers of tests, none of them given out twice.

A port is taken from below the range of outgoing connections, where there is room: a connection of
another test can then not sit on it between two starts of a server, and a client that tries again
and again while the server is down never connects to itself. An abstract socket per port keeps test programs that run at the same time apart; it goes with the process.
"""
import random
import socket
from pathlib import Path

_LOWEST = 15000
_TRIES = 200
_held = []


def _highest() -> int:
    limits = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()
    return int(limits[0])


def _lock(port: int) -> bool:
    lock = socket.socket(socket.AF_UNIX)
    try:
        lock.bind(f"\0spawn-test-port-{port}")
    except OSError:
        lock.close()
        return False
    _held.append(lock)
    return True


def free_port() -> int:
    """A port nobody listens on, this process's until it ends. OSError after many tries."""
    highest = _highest()
    for _ in range(_TRIES):
        port = random.SystemRandom().randrange(_LOWEST, highest) if highest > _LOWEST + 1000 else 0
        try:
            with socket.create_server(("127.0.0.1", port)) as probe:
                port = probe.getsockname()[1]
        except OSError:
            continue
        if _lock(port):
            return port
    raise OSError(f"no free loopback port found in {_TRIES} tries")
