"""Prebuilt documents, answered before Flask routing: bytes with an ETag."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Protocol

from idp.kernel.errors import Unavailable

StartResponse = Callable[[str, list[tuple[str, str]]], Any]
Environ = dict[str, Any]
WsgiApp = Callable[[Environ, StartResponse], Iterable[bytes]]


@dataclass(frozen=True, slots=True)
class Document:
    """A body, its type and what its headers say."""

    body: bytes
    headers: list[tuple[str, str]]
    etag: str


def document(body: bytes, content_type: str, max_age: int) -> Document:
    """Return a document that any origin may read and caches may keep for `max_age` seconds."""
    etag = f'"{sha256(body).hexdigest()[:24]}"'
    headers = [
        ("Content-Type", content_type),
        ("Content-Length", str(len(body))),
        ("ETag", etag),
        ("Cache-Control", f"public, max-age={max_age}"),
        ("Access-Control-Allow-Origin", "*"),
        ("X-Content-Type-Options", "nosniff"),
    ]
    return Document(body, headers, etag)


class Library(Protocol):
    """Where documents come from; asked at each request, so it must be quick."""

    def __call__(self, path: str) -> Document | None:
        """Return the document at `path`."""


class DocumentFront:
    """Answers GET and HEAD of prebuilt documents; everything else goes on to the application."""

    def __init__(self, app: WsgiApp, library: Library) -> None:
        self._app = app
        self._library = library

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request (PEP 3333)."""
        method = environ["REQUEST_METHOD"]
        try:
            path = environ.get("PATH_INFO", "")
            found = self._library(path) if method in ("GET", "HEAD") else None
        except Unavailable:
            start_response("503 Service Unavailable", [("Retry-After", "5")])
            return []
        if found is None:
            return self._app(environ, start_response)
        if found.etag in environ.get("HTTP_IF_NONE_MATCH", ""):
            kept = [h for h in found.headers if h[0] not in ("Content-Length", "Content-Type")]
            start_response("304 Not Modified", kept)
            return []
        start_response("200 OK", found.headers)
        return [] if method == "HEAD" else [found.body]
