"""A connection to a judged address, on which nothing lasts beyond one instant.

The name is resolved here, once, and what is connected to is the address that was judged: a name
that means something else a moment later (DNS rebinding) leads nowhere.
"""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from typing import Any

import httpcore2

from idp.delivery.addresses import Guard

Resolve = Callable[[str, int], Sequence[str]]
_MOST_TRIED = 4


class NotReached(Exception):
    """There was no answer that could be used; `reason` names a class, never an address."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def resolved(host: str, port: int) -> Sequence[str]:
    """Return the addresses of a host, as the system knows them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(each[4][0]) for each in found]


class Line(httpcore2.NetworkBackend):
    """Connects to judged addresses only, and lets nothing last beyond an instant."""

    def __init__(self, guard: Guard, resolve: Resolve, until: float) -> None:
        self._guard = guard
        self._resolve = resolve
        self._until = until
        self._plain = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        """Connect to the first address that may be spoken to and answers."""
        del timeout, local_address, socket_options
        found = self._found(host, port)
        allowed = list(dict.fromkeys(each for each in found if self._guard.allows(host, each)))
        if not allowed:
            raise NotReached("AddressNotAllowed")
        *others, last = allowed[:_MOST_TRIED]
        for address in others:
            try:
                return self._connect(address, port, share=2)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                continue
        return self._connect(last, port)

    def _found(self, host: str, port: int) -> Sequence[str]:
        """Return the addresses of a host, if they are known in time.

        The system's resolver takes as long as it likes, or as whoever answers it: it is left alone
        then, and its thread ends when it does.
        """
        found: Future[Sequence[str]] = Future()

        def resolve() -> None:
            try:
                found.set_result(self._resolve(host, port))
            except Exception as error:  # noqa: BLE001 - it is raised where it is waited for
                found.set_exception(error)

        asking = threading.Thread(target=resolve, name="resolver", daemon=True)
        asking.start()
        asking.join(_left(self._until, httpcore2.ConnectTimeout))
        if not found.done():
            raise httpcore2.ConnectTimeout
        try:
            return found.result()
        except OSError:
            raise NotReached("NameNotFound") from None

    def _connect(self, address: str, port: int, share: int = 1) -> httpcore2.NetworkStream:
        wait = _left(self._until, httpcore2.ConnectTimeout) / share
        return _Stream(self._plain.connect_tcp(address, port, wait), self._until)


class _Stream(httpcore2.NetworkStream):
    """A stream on which every wait ends at one instant: a drop now and then earns no more time."""

    def __init__(self, stream: httpcore2.NetworkStream, until: float) -> None:
        self._stream = stream
        self._until = until

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what comes in time."""
        del timeout
        return self._stream.read(max_bytes, _left(self._until, httpcore2.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write what is taken in time."""
        del timeout
        self._stream.write(buffer, _left(self._until, httpcore2.WriteTimeout))

    def close(self) -> None:
        """Hang up."""
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        """Encrypt, if the certificate is that of the name that was asked for."""
        del timeout
        left = _left(self._until, httpcore2.ConnectTimeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left), self._until)

    def get_extra_info(self, info: str) -> Any:
        """Say what the stream below knows."""
        return self._stream.get_extra_info(info)


def _left(until: float, otherwise: type[Exception]) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise otherwise
    return left
