"""A request as it stands on the wire: bytes in every place, nothing tidied on the way in."""

import io
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import flask

from tests.app import CALLBACK, ISSUER

HOST = ISSUER.removeprefix("https://")
FORM = "application/x-www-form-urlencoded"
# What an attacker plants to see it again; the second form would be markup.
MARK = "zQ9planted7w"
MARKUP = f"<b id='{MARK}\">"
_DESCRIPTION = re.compile(r"[\x20-\x21\x23-\x5B\x5D-\x7E]+\Z")
_CODE = re.compile(r"[a-z_]+\Z")


@dataclass
class Answer:
    """What came back, header names in lower case."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        return next((v for n, v in self.headers if n.lower() == name.lower()), None)

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def location(self) -> str:
        return self.header("Location") or ""

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def html(self) -> bool:
        return (self.header("Content-Type") or "").startswith("text/html")


def wire_text(value: bytes | str) -> str:
    """Bytes as PEP 3333 hands them to an application."""
    return value if isinstance(value, str) else value.decode("latin-1")


@dataclass
class Wire:
    """A browser, or anything else that can write to a socket."""

    app: flask.Flask
    jar: dict[str, str] = field(default_factory=dict)
    address: str = "192.0.2.9"

    def send(
        self,
        method: str,
        path: str | bytes,
        *,
        query: str | bytes = "",
        body: bytes = b"",
        content_type: str | bytes | None = FORM,
        headers: dict[str, str | bytes] | None = None,
        cookie: str | bytes | None = None,
        **environ: Any,
    ) -> Answer:
        made: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": wire_text(path),
            "QUERY_STRING": wire_text(query),
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "8000",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": self.address,
            "HTTP_HOST": HOST,
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "https",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": False,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        if body:
            made["CONTENT_LENGTH"] = str(len(body))
        if content_type is not None and method not in ("GET", "HEAD"):
            made["CONTENT_TYPE"] = wire_text(content_type)
        if cookie is None:
            cookie = "; ".join(f"{name}={value}" for name, value in self.jar.items())
        if cookie:
            made["HTTP_COOKIE"] = wire_text(cookie)
        for name, value in (headers or {}).items():
            made[f"HTTP_{name.upper().replace('-', '_')}"] = wire_text(value)
        return self._ran(made | environ)

    def _ran(self, environ: dict[str, Any]) -> Answer:
        got: dict[str, Any] = {}

        def start_response(status: str, headers: list[tuple[str, str]], _: Any = None) -> None:
            got.update(status=int(status[:3]), headers=list(headers))

        parts: Iterable[bytes] = self.app(environ, start_response)
        try:
            body = b"".join(parts)
        finally:
            getattr(parts, "close", lambda: None)()
        answer = Answer(got["status"], got["headers"], body)
        self._keep_cookies(answer)
        return answer

    def _keep_cookies(self, answer: Answer) -> None:
        for name, value in answer.headers:
            if name.lower() == "set-cookie":
                key, _, rest = value.partition("=")
                self.jar[key] = rest.partition(";")[0]
                if not self.jar[key]:
                    del self.jar[key]

    def get(self, path: str | bytes, **options: Any) -> Answer:
        return self.send("GET", path, **options)

    def post(self, path: str | bytes, body: bytes = b"", **options: Any) -> Answer:
        return self.send("POST", path, body=body, **options)

    def go(self, url: str) -> Answer:
        """Get a URL of ours."""
        parts = urlsplit(url)
        return self.get(parts.path, query=parts.query)

    def follow(self, answer: Answer) -> Answer:
        """Follow redirects while they stay with us."""
        for _ in range(10):
            if answer.status != 303 or not answer.location.startswith("/"):
                return answer
            answer = self.go(answer.location)
        raise AssertionError("a redirect loop")


def fields_on(answer: Answer) -> dict[str, str]:
    """The hidden fields of a page, as they stand."""
    found: dict[str, str] = {}
    for tag in re.findall(r"<input\b[^>]*>", answer.text):
        attributes = dict(re.findall(r'([a-z_-]+)="([^"]*)"', tag))
        if attributes.get("type") == "hidden" and "name" in attributes:
            found.setdefault(attributes["name"], unescape(attributes.get("value", "")))
    return found


def assert_sound(answer: Answer, *, registered: str = CALLBACK) -> None:
    """No crash, no echo, nowhere foreign; every page dressed against framing and keeping."""
    assert answer.status < 500, (answer.status, answer.body[:500])
    for name, value in answer.headers:
        assert not set("\r\n\0") & set(name + value), (name, value)
    _assert_place(answer, registered)
    if answer.status >= 400:
        assert MARK not in answer.text
        assert not any(MARK in value for _, value in answer.headers)
    # Whatever is shown of input, it is never markup.
    assert MARKUP not in answer.text
    assert f"<b id='{MARK}" not in answer.text
    if answer.html and answer.body:
        assert_dressed(answer)
    elif answer.status >= 400 and answer.body:
        assert_json_error(answer)


def _assert_place(answer: Answer, registered: str) -> None:
    location = answer.location
    if not location:
        assert answer.status not in (301, 302, 303, 307, 308)
        return
    assert answer.status == 303, "307 and 308 repeat a body (RFC 9700 §4.12)"
    if location.startswith("/"):
        assert not location.startswith(("//", "/\\")), location
        assert MARK not in location
        return
    assert location == registered or location.startswith((registered + "?", registered + "&")), (
        location
    )
    own = urlsplit(registered).query
    answered = urlsplit(location).query.removeprefix(own)
    for name, value in parse_qsl(answered, keep_blank_values=True):
        assert name in ("code", "error", "error_description", "state", "iss", ""), name
        assert name == "state" or MARK not in value


def assert_dressed(answer: Answer) -> None:
    """A page of ours carries what ASVS 5.0 V3.4 asks for, and nobody keeps it."""
    policy = answer.header("Content-Security-Policy") or ""
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "base-uri 'none'" in policy
    assert "unsafe" not in policy
    assert answer.header("X-Frame-Options") == "DENY"
    assert answer.header("X-Content-Type-Options") == "nosniff"
    assert answer.header("Cache-Control") == "no-store"
    assert (answer.header("Content-Type") or "") == "text/html; charset=utf-8"


def assert_json_error(answer: Answer) -> None:
    """RFC 6749 §5.2: these members, these characters."""
    assert answer.header("Content-Type") == "application/json"
    assert answer.header("Cache-Control") == "no-store"
    error = answer.json
    assert set(error) <= {"error", "error_description"}
    assert _CODE.match(error["error"])
    assert _DESCRIPTION.match(error.get("error_description", "x"))
