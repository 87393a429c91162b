"""A server of somebody else's: it keeps what is posted to it, or misbehaves as it is told to.

with site() as shop:
    client = provider.add_client(backchannel_logout_uri=shop.url)
    ...
    (posted,) = shop.wait_for(1)
    assert set(posted.form) == {"logout_token"}
"""

import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

_LONG_SECONDS = 60


@dataclass(frozen=True)
class Posted:
    """A request as it came in."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), strict_parsing=True))


@dataclass
class Site:
    """What came in, and how it is answered."""

    scheme: str = "http"
    host: str = "127.0.0.1"
    port: int = 0
    posts: list[Posted] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    manner: str = "plain"
    tls: ssl.SSLContext | None = None
    _server: ThreadingHTTPServer | None = None
    _arrived: threading.Condition = field(default_factory=threading.Condition)
    _released: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}/told"

    def wait_for(self, count: int, seconds: float = 20) -> list[Posted]:
        """Return what came in once it is so much."""
        with self._arrived:
            if not self._arrived.wait_for(lambda: len(self.posts) >= count, seconds):
                raise AssertionError(f"{len(self.posts)} requests instead of {count}")
            return list(self.posts)

    def take(self, posted: Posted) -> None:
        with self._arrived:
            self.posts.append(posted)
            self._arrived.notify_all()
        if self.manner == "silent":
            self._released.wait(_LONG_SECONDS)

    def start(self) -> None:
        """Serve, on the same port as before if there was one."""
        handler = type("_AnsweringHere", (_Answering,), {"site": self})
        self._released.clear()
        self._server = _Server(("127.0.0.1", self.port), handler)
        if self.tls is not None:
            self._server.socket = self.tls.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        serving = {"poll_interval": 0.02}
        threading.Thread(target=self._server.serve_forever, kwargs=serving, daemon=True).start()

    def stop(self) -> None:
        """Be away: nobody listens on the port."""
        self._released.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def released(self) -> bool:
        return self._released.is_set()


class _Answering(BaseHTTPRequestHandler):
    site: Site

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.site.take(Posted(self.command, self.path, headers, self.rfile.read(length)))
        with suppress(OSError):
            if self.site.manner == "drip":
                self._drip()
            self.send_response(
                self.site.statuses.pop(0) if self.site.statuses else self.site.status
            )
            for name, value in self.site.headers.items():
                self.send_header(name, value)
            self.end_headers()
            while self.site.manner == "endless" and not self.site.released():
                self.wfile.write(b"x" * 65_536)

    def do_GET(self) -> None:
        self.do_POST()

    def _drip(self) -> None:
        """Say a little now and then, and never an end."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not self.site.released():
            self.wfile.write(b"x")
            time.sleep(0.05)

    def log_message(self, *_: object) -> None:
        """Stay quiet."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Stay quiet about a client that went away."""


@contextmanager
def site(tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> Iterator[Site]:
    """Give a server on the loopback interface."""
    made = Site(scheme="https" if tls else "http", host=host, tls=tls)
    made.start()
    try:
        yield made
    finally:
        made.stop()
