"""The one HTTP client that speaks to servers which others named (ASVS 5.0 §1.3.6).

Whoever registers a URL must not make us speak to what only we can reach. So a name is resolved
once, each address is judged, and the connection goes to a judged address and nowhere else. No
redirect is followed; a server may be slow only within a limit, and as talkative as it likes: of its
answer the head alone is read, up to h11's limit. Neither proxies nor cookies nor a `.netrc` of the
environment take part; certificates are verified.
"""

import ssl
import time
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlencode, urlsplit

import httpcore2

from idp.delivery.addresses import Guard
from idp.delivery.line import Line, NotReached, Resolve, resolved
from idp.kernel.hosts import in_ascii, is_loopback

__all__ = ["NotReached", "Outgoing"]

_PORTS = {"https": 443, "http": 80}


@dataclass
class Outgoing:
    """Speaks to other servers: `seconds` are all that one request may take.

    `resolve` is the seam where tests say what names mean.
    """

    guard: Guard
    seconds: float = 10
    resolve: Resolve = resolved

    def post_form(self, url: str, fields: dict[str, str]) -> int:
        """POST a form; return the status of the answer.

        Raises:
            NotReached: no answer within the limits, or an address that is not allowed.
        """
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.post(url, urlencode(fields).encode(), form)

    def post(self, url: str, content: bytes, headers: dict[str, str]) -> int:
        """POST what is already written; return the status of the answer.

        Raises:
            NotReached: no answer within the limits, or an address that is not allowed.
        """
        target = _target(url)
        head = _head(target, headers)
        # Reading all the authorities of the system takes longer than many an answer.
        tls = self._tls if target.scheme == b"https" else None
        until = time.monotonic() + self.seconds
        line = Line(self.guard, self.resolve, until)
        try:
            with (
                httpcore2.ConnectionPool(
                    ssl_context=tls, network_backend=line, max_keepalive_connections=0
                ) as pool,
                pool.stream("POST", target, headers=head, content=content) as answer,
            ):
                return answer.status
        # What went wrong is named by its class: the text may hold an address, or what was said.
        except (
            httpcore2.TimeoutException,
            httpcore2.NetworkError,
            httpcore2.ProtocolError,
        ) as error:
            raise NotReached(type(error).__name__) from None

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context()


def _target(url: str) -> httpcore2.URL:
    """Return a URL in its parts, split once: nobody downstream reads it in another way."""
    try:
        parts = urlsplit(url)
        port = _PORTS[parts.scheme] if parts.port is None else parts.port
        host = in_ascii(parts.hostname or "")
    except (ValueError, KeyError):
        raise NotReached("NoSuchUrl") from None
    if not host or parts.username is not None or not url.isprintable() or " " in url:
        raise NotReached("NoSuchUrl")
    if parts.scheme == "http" and not is_loopback(host):
        raise NotReached("NotEncrypted")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not path.isascii() or not port:
        raise NotReached("NoSuchUrl")
    return httpcore2.URL(scheme=parts.scheme, host=host, port=port, target=path)


def _head(target: httpcore2.URL, headers: dict[str, str]) -> list[tuple[str | bytes, str | bytes]]:
    """Return the headers of a request: nothing is added that we did not write."""
    host = target.host.decode()
    host = f"[{host}]" if ":" in host else host
    usual = target.port == _PORTS[target.scheme.decode()]
    return [
        ("Host", host if usual else f"{host}:{target.port}"),
        ("Accept-Encoding", "identity"),
        ("User-Agent", "idp"),
        *headers.items(),
    ]
