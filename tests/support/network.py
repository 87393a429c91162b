"""No test reaches further than the loopback interface."""

import ipaddress
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest


class OutsideWorldError(Exception):
    """A test tried to reach something outside this machine."""


def _check_loopback(host: object) -> None:
    if host in {None, "", "localhost", b"localhost"}:
        return
    name = host.decode() if isinstance(host, bytes) else str(host)
    try:
        outside = not ipaddress.ip_address(name.partition("%")[0]).is_loopback
    except ValueError:
        outside = not name.endswith(".localhost")
    if outside:
        message = f"a test tried to reach {name!r}; only the loopback interface is open"
        raise OutsideWorldError(message)


@contextmanager
def only_loopback() -> Iterator[None]:
    """Refuse connections and name look-ups that leave this machine."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex
    getaddrinfo = socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: Any) -> None:
        if self.family in {socket.AF_INET, socket.AF_INET6}:
            _check_loopback(address[0])
        return connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        if self.family in {socket.AF_INET, socket.AF_INET6}:
            _check_loopback(address[0])
        return connect_ex(self, address)

    def guarded_getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        _check_loopback(host)
        return getaddrinfo(host, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded_connect)
        patch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
        patch.setattr(socket, "getaddrinfo", guarded_getaddrinfo)
        yield
