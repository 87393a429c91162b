"""Ports for servers under test."""

import random
import socket

# Below the range the kernel takes outgoing ports from: a port stays free until its server binds it.
_RANGE = (20_000, 30_000)


def free_port() -> int:
    """Return a port of the loopback interface that nothing listens on, in IPv4 or IPv6."""
    for _ in range(200):
        port = random.SystemRandom().randrange(*_RANGE)
        if _is_free(port):
            return port
    message = "No free port found"
    raise RuntimeError(message)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    with socket.socket(socket.AF_INET6) if socket.has_ipv6 else socket.socket() as probe:
        try:
            probe.connect(("::1" if socket.has_ipv6 else "127.0.0.1", port))
        except OSError:
            return True
    return False
