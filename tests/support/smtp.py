"""A mail server of the test's own: it keeps what it is sent, or fails as it is told to.

with smtp_server() as server:
    provider = make_provider(url, folder, smtp_url=server.url, mail_from="id@example.test")
    ...
    (mail,) = server.wait_for(1)
    assert mail.to == ["ada@example.test"]
"""

import base64
import re
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import cast
from urllib.parse import quote

from tests.support.authority import Certificates, certificates

_LONG_SECONDS = 60


@dataclass(frozen=True)
class Received:
    """A mail as it came in; `recipients` are those of the envelope."""

    sender: str
    recipients: list[str]
    raw: bytes
    tls: str | None = None  # the version of TLS it came in by

    @property
    def message(self) -> EmailMessage:
        return cast("EmailMessage", message_from_bytes(self.raw, policy=policy.default))

    @property
    def to(self) -> list[str]:
        return [address.addr_spec for address in self.message["To"].addresses]

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    @property
    def text(self) -> str:
        return str(self.message.get_content()).replace("\r\n", "\n")

    @property
    def links(self) -> list[str]:
        return re.findall(r"https?://[^\s>]+", self.text)

    @property
    def code(self) -> str:
        """The code of eight digits in the text."""
        return re.findall(r"\b[0-9]{8}\b", self.text)[0]


@dataclass
class SmtpServer:
    """What the server has been sent, and how it is to fail."""

    port: int
    login: tuple[str, str] | None
    certificates: Certificates | None
    direct_tls: bool
    messages: list[Received] = field(default_factory=list)
    connections: int = 0
    logins: list[str | None] = field(default_factory=list)  # the version of TLS at each AUTH
    _refused: dict[str, list[int]] = field(default_factory=dict)
    _hanging: str | None = None
    _dropping: int = 0
    _arrived: threading.Condition = field(default_factory=threading.Condition)
    _released: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        scheme = "smtps" if self.direct_tls else "smtp"
        who = ":".join(quote(part, safe="") for part in self.login) + "@" if self.login else ""
        return f"{scheme}://{who}127.0.0.1:{self.port}"

    def wait_for(self, count: int, seconds: float = 20) -> list[Received]:
        """Return the messages once there are so many."""
        with self._arrived:
            if not self._arrived.wait_for(lambda: len(self.messages) >= count, seconds):
                raise AssertionError(f"{len(self.messages)} messages instead of {count}")
            return list(self.messages)

    def refuse(self, command: str, code: int, times: int = 1_000_000) -> None:
        """Answer MAIL, RCPT, DATA, AUTH, EHLO or `message` (behind DATA) with this code."""
        self._refused[command] = [code, times]

    def hang_at(self, command: str) -> None:
        """Say nothing any more at this command."""
        self._hanging = command

    def drop_after_data(self, times: int = 1) -> None:
        """Take the message, then hang up without a word."""
        self._dropping = times

    def heal(self) -> None:
        """Behave again."""
        self._refused.clear()
        self._hanging, self._dropping = None, 0
        self._released.set()

    def keep(self, received: Received) -> None:
        with self._arrived:
            self.messages.append(received)
            self._arrived.notify_all()

    def drops(self) -> bool:
        self._dropping -= 1
        return self._dropping >= 0

    def answer_to(self, command: str, otherwise: int) -> int:
        """Return the code to answer with; hang where that was asked for."""
        if self._hanging == command:
            self._released.wait(_LONG_SECONDS)
        code, left = self._refused.get(command, [otherwise, 1])
        if left <= 0:
            return otherwise
        if command in self._refused:
            self._refused[command][1] -= 1
        return code


class _Talk(socketserver.StreamRequestHandler):
    """One connection (RFC 5321 §4.1)."""

    house: SmtpServer
    context: ssl.SSLContext | None

    def setup(self) -> None:
        self.house.connections += 1
        self.encrypted = self.house.direct_tls
        if self.house.direct_tls:
            self._encrypt()
        super().setup()

    def _encrypt(self) -> None:
        assert self.context is not None
        self.request = self.context.wrap_socket(self.request, server_side=True)

    def _tls(self) -> str | None:
        return self.request.version() if isinstance(self.request, ssl.SSLSocket) else None

    def finish(self) -> None:
        super().finish()
        if self.encrypted:
            self.request.close()

    def handle(self) -> None:
        with suppress(OSError):
            self._say(220)
            self.sender, self.recipients = "", []
            while line := self.rfile.readline():
                command, _, rest = line.decode().strip().partition(" ")
                if not self._act(command.upper(), rest):
                    return

    def _say(self, code: int, text: str = "ok") -> None:
        lines = text.split("\n")
        for line in lines[:-1]:
            self.wfile.write(f"{code}-{line}\r\n".encode())
        self.wfile.write(f"{code} {lines[-1]}\r\n".encode())

    def _act(self, command: str, rest: str) -> bool:
        """Answer one command; False ends the talk."""
        if command == "EHLO":
            self._say(self.house.answer_to("EHLO", 250), self._extensions())
        elif command == "STARTTLS":
            self._say(220)
            self.encrypted = True
            self._encrypt()
            self.rfile = self.request.makefile("rb", self.rbufsize)
            self.wfile = socketserver._SocketWriter(self.request)  # type: ignore[attr-defined]
        elif command == "AUTH":
            self.house.logins.append(self._tls())
            self._say(self.house.answer_to("AUTH", 235 if self._knows(rest) else 535))
        elif command in ("MAIL", "RCPT"):
            self._envelope(command, rest)
        elif command == "DATA":
            return self._data()
        else:
            self._say(self.house.answer_to(command, 221 if command == "QUIT" else 250))
        return command != "QUIT"

    def _extensions(self) -> str:
        found = ["test server", "SMTPUTF8", "8BITMIME"]
        if self.context is not None and not self.encrypted:
            found.append("STARTTLS")
        if self.house.login is not None:
            found.append("AUTH PLAIN")
        return "\n".join(found)

    def _knows(self, rest: str) -> bool:
        _, _, given = rest.partition(" ")
        return tuple(base64.b64decode(given).decode().split("\0")[1:]) == self.house.login

    def _envelope(self, command: str, rest: str) -> None:
        code = self.house.answer_to(command, 250)
        found = re.search(r"<(.*)>", rest)
        address = found[1] if found else ""
        if command == "MAIL":
            self.sender, self.recipients = address, []
        elif code == 250:
            self.recipients.append(address)
        self._say(code)

    def _data(self) -> bool:
        code = self.house.answer_to("DATA", 354)
        self._say(code)
        if code != 354:
            return True
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                return False
            lines.append(line[1:] if line.startswith(b".") else line)
        code = self.house.answer_to("message", 250)
        if code == 250:
            raw = b"".join(lines)
            self.house.keep(Received(self.sender, self.recipients, raw, self._tls()))
        if self.house.drops():
            with suppress(OSError):
                self.request.shutdown(socket.SHUT_RDWR)
            return False
        self._say(code)
        return True


class _Server(socketserver.ThreadingTCPServer):
    """A thread per connection, each ended with the test."""

    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Stay quiet about a client that went away or did not trust us."""


@contextmanager
def smtp_server(
    *, tls: str | None = None, login: tuple[str, str] | None = None
) -> Iterator[SmtpServer]:
    """Give a mail server on the loopback interface.

    Args:
        tls: `starttls` or `direct`; then `server.certificates.ca_file` is who vouches for it.
        login: user and password, where it asks for them.
    """
    with certificates("127.0.0.1") as made, _Server(("127.0.0.1", 0), _Talk) as tcp:
        house = SmtpServer(
            port=tcp.server_address[1],
            login=login,
            certificates=made,
            direct_tls=tls == "direct",
        )
        tcp.RequestHandlerClass = type(
            "_TalkHere", (_Talk,), {"house": house, "context": made.context if tls else None}
        )
        thread = threading.Thread(target=tcp.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield house
        finally:
            house.heal()
            tcp.shutdown()
            thread.join()
