"""A text gateway of the test's own: it keeps what is posted to it, or fails as it is told to.

with text_gateway() as gateway:
    provider = make_provider(url, folder, text_gateway_url=gateway.url)
    ...
    (message,) = gateway.wait_for(1)
    assert message.to == "+4930901820"
"""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_LONG_SECONDS = 60
_CHUNK = b"x" * 65_536


@dataclass(frozen=True)
class Posted:
    """A text message as it came in."""

    to: str
    message: str
    key: str
    authorization: str | None
    path: str

    @property
    def code(self) -> str:
        """The code of eight digits in the message."""
        return re.findall(r"\b[0-9]{8}\b", self.message)[0]


@dataclass
class TextGateway:
    """What the gateway took, and how it is to answer; `asked` holds every request's key."""

    port: int
    messages: list[Posted] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    _status: int = 202
    _left: int = 0
    _headers: dict[str, str] = field(default_factory=dict)
    _hanging: bool = False
    _endless: bool = False
    _arrived: threading.Condition = field(default_factory=threading.Condition)
    _released: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/messages"

    def wait_for(self, count: int, seconds: float = 20) -> list[Posted]:
        """Return the messages once there are so many."""
        with self._arrived:
            if not self._arrived.wait_for(lambda: len(self.messages) >= count, seconds):
                raise AssertionError(f"{len(self.messages)} messages instead of {count}")
            return list(self.messages)

    def answer(self, status: int, times: int = 1_000_000, **headers: str) -> None:
        """Answer so for a while; only a 2xx keeps the message."""
        self._status, self._left, self._headers = status, times, headers

    def hang(self) -> None:
        """Say nothing any more."""
        self._hanging = True

    def never_stop_talking(self) -> None:
        """Answer 2xx with a body that does not end."""
        self._endless = True

    def heal(self) -> None:
        """Behave again."""
        self._left, self._hanging, self._endless = 0, False, False
        self._released.set()

    def take(self, posted: Posted) -> tuple[int, dict[str, str]]:
        """Keep a message, and return how to answer."""
        if self._hanging:
            self._released.wait(_LONG_SECONDS)
        status, headers = 202, {}
        if self._left > 0:
            self._left -= 1
            status, headers = self._status, self._headers
        with self._arrived:
            self.asked.append(posted.key)
            if status // 100 == 2:
                self.messages.append(posted)
            self._arrived.notify_all()
        return status, headers

    @property
    def endless(self) -> bool:
        return self._endless


class _Answering(BaseHTTPRequestHandler):
    house: TextGateway

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        posted = Posted(
            to=body["to"],
            message=body["message"],
            key=self.headers["Idempotency-Key"],
            authorization=self.headers["Authorization"],
            path=self.path,
        )
        status, headers = self.house.take(posted)
        with suppress(OSError):
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            while self.house.endless:
                self.wfile.write(_CHUNK)

    def log_message(self, *_: object) -> None:
        """Stay quiet."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Stay quiet about a client that went away."""


@contextmanager
def text_gateway() -> Iterator[TextGateway]:
    """Give a text gateway on the loopback interface."""
    with _Server(("127.0.0.1", 0), _Answering) as http:
        house = TextGateway(port=http.server_address[1])
        http.RequestHandlerClass = type("_AnsweringHere", (_Answering,), {"house": house})
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield house
        finally:
            house.heal()
            http.shutdown()
            thread.join()
