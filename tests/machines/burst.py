"""Many requests at one instant: every one is sent up to its last byte, then all last bytes go."""

import asyncio
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask.testing import FlaskClient

ANSWER_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for one request; `status` is 0 when the connection broke."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def header(self, name: str) -> str:
        """Return the first header of this name, empty when there is none."""
        return next((v for n, v in self.headers if n.lower() == name.lower()), "")

    def cookie(self, name: str) -> str:
        """Return the value that the answer gives a cookie, empty when it gives none."""
        found = [v for n, v in self.headers if n.lower() == "set-cookie" and v.startswith(name)]
        return found[-1].partition("=")[2].partition(";")[0] if found else ""

    def json(self) -> dict[str, Any]:
        """Return the body as JSON."""
        return dict(json.loads(self.body))


def cookies_of(browser: FlaskClient) -> str:
    """Return the Cookie header that a browser would send."""
    jar = browser._cookies.values()
    return "; ".join(f"{cookie.key}={cookie.value}" for cookie in jar)


def get(path: str, *, cookies: str = "", **headers: str) -> bytes:
    """Return a GET request on the wire."""
    return _wire("GET", path, headers | ({"Cookie": cookies} if cookies else {}), b"")


def post(path: str, form: dict[str, str], *, cookies: str = "", **headers: str) -> bytes:
    """Return a POST request on the wire."""
    headers |= {"Content-Type": "application/x-www-form-urlencoded"}
    if cookies:
        headers["Cookie"] = cookies
    return _wire("POST", path, headers, urlencode(form).encode())


def post_json(path: str, value: object, **headers: str) -> bytes:
    """Return a POST request with a JSON body on the wire."""
    headers |= {"Content-Type": "application/json"}
    return _wire("POST", path, headers, json.dumps(value).encode())


def _wire(method: str, path: str, headers: dict[str, str], body: bytes) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if method == "POST":
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def burst(port: int, requests: Sequence[bytes]) -> list[Answer]:
    """Send all requests at once; return their answers in the same order."""
    # A thread of its own: a browser test before this one leaves its loop running in this thread.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, _burst(port, requests)).result()


def send(port: int, request: bytes) -> Answer:
    """Send one request."""
    return burst(port, [request])[0]


async def _burst(port: int, requests: Sequence[bytes]) -> list[Answer]:
    ready = asyncio.Barrier(len(requests))
    exchanges = (_exchange(port, request, ready) for request in requests)
    return await asyncio.wait_for(asyncio.gather(*exchanges), ANSWER_SECONDS)


async def _exchange(port: int, request: bytes, ready: asyncio.Barrier) -> Answer:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request[:-1])
        await writer.drain()
        await ready.wait()
        writer.write(request[-1:])
        return _parsed(await reader.read(-1))
    except ConnectionError:
        return Answer(0)
    finally:
        writer.close()


def _parsed(raw: bytes) -> Answer:
    if not raw:
        return Answer(0)
    head, _, body = raw.partition(b"\r\n\r\n")
    status, *lines = head.decode("latin-1").split("\r\n")
    headers = tuple((n, v.strip()) for n, _, v in (line.partition(":") for line in lines))
    return Answer(int(status.split()[1]), headers, body)
