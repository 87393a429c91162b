"""One request over a socket of its own, sent as honest, slow and broken clients send it."""

import socket
import time
from contextlib import suppress
from enum import Enum

from tests.machines.burst import Answer, _parsed

CONNECT_SECONDS = 2.0
_PIECES = 24


class Manner(Enum):
    """How a client behaves on the wire."""

    PLAIN = "plain"
    DRIP = "drip"  # a few bytes at a time, with pauses
    HANG_UP = "hang_up"  # sends all and goes without reading
    TWICE = "twice"  # on two connections at once


class NotSentError(Exception):
    """Nobody took the connection: the request had no effect."""


def exchange(
    port: int, request: bytes, manner: Manner = Manner.PLAIN, *, seconds: float = 30.0
) -> Answer:
    """Return the answer; status 0 when none came, whatever became of the request.

    Raises:
        NotSentError: nothing of the request left this machine.
    """
    with _connected(port, seconds) as connection:
        try:
            _send(connection, request, manner)
            return Answer(0) if manner is Manner.HANG_UP else _answer(connection)
        except (OSError, ValueError):
            return Answer(0)


def exchange_twice(ports: tuple[int, int], request: bytes, *, seconds: float) -> list[Answer]:
    """Send one request at one instant on two connections; return both answers.

    Raises:
        NotSentError: nothing of the request left this machine.
    """
    with _connected(ports[0], seconds) as one, _connected(ports[1], seconds) as other:
        for connection in (one, other):
            with suppress(OSError):
                _send(connection, request, Manner.PLAIN)
        answers = []
        for connection in (one, other):
            try:
                answers.append(_answer(connection))
            except (OSError, ValueError):
                answers.append(Answer(0))
        return answers


def _connected(port: int, seconds: float) -> socket.socket:
    try:
        connection = socket.create_connection(("127.0.0.1", port), timeout=CONNECT_SECONDS)
    except OSError as error:
        raise NotSentError from error
    connection.settimeout(seconds)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _send(connection: socket.socket, request: bytes, manner: Manner) -> None:
    if manner is not Manner.DRIP:
        connection.sendall(request)
        return
    length = max(1, len(request) // _PIECES)
    for start in range(0, len(request), length):
        connection.sendall(request[start : start + length])
        time.sleep(0.02)


def _answer(connection: socket.socket) -> Answer:
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    answer = _parsed(b"".join(parts))
    length = answer.header("Content-Length")
    # Half an answer is none.
    return answer if not length or int(length) == len(answer.body) else Answer(0)
