"""JSON documents of the provider: over https, of sane size, in sane time, from where we asked."""

import json
import ssl
import time
from typing import Any
from urllib.parse import urlsplit

import httpx2

from idp.kernel.hosts import is_loopback

TIMEOUT_SECONDS = 5.0
MAX_BYTES = 256 * 1024


class Unreachable(Exception):
    """The provider's keys cannot be had, so no token can be judged: answer 503."""

    status = 503


def check_url(url: str, *, plain: bool) -> None:
    """Let https through, and http to this machine where it is `plain`.

    Raises:
        ValueError: who can change the document on its way could sign tokens.
    """
    parts = urlsplit(url)
    https = parts.scheme == "https" and bool(parts.hostname)
    if not https and not (plain and parts.scheme == "http" and is_loopback(parts.hostname)):
        raise ValueError("https is needed, or http on this machine")


def new_client() -> httpx2.Client:
    """Return a client that follows nobody and takes no proxy from the environment."""
    return httpx2.Client(
        timeout=TIMEOUT_SECONDS,
        follow_redirects=False,
        trust_env=False,
        verify=ssl.create_default_context(),
    )


def fetch(client: httpx2.Client, url: str) -> dict[str, Any]:
    """Return the JSON object at `url`.

    Raises:
        Unreachable: no answer in time, or none that is of use.
    """
    try:
        value = json.loads(_body(client, url))
    except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, OSError) as error:
        raise Unreachable(f"{url}: {type(error).__name__}") from error
    except (ValueError, RecursionError) as error:
        raise Unreachable(f"{url}: no JSON") from error
    if not isinstance(value, dict):
        raise Unreachable(f"{url}: no JSON object")
    return value


def _body(client: httpx2.Client, url: str) -> bytes:
    """Return the body as it comes; one that trickles or swells is cut off."""
    until = time.monotonic() + 2 * TIMEOUT_SECONDS
    headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
    body = b""
    with client.stream("GET", url, headers=headers) as answer:
        if answer.status_code != 200:
            raise Unreachable(f"{url}: HTTP {answer.status_code}")
        for chunk in answer.iter_raw():
            body += chunk
            if len(body) > MAX_BYTES or time.monotonic() > until:
                raise Unreachable(f"{url}: too long")
    return body
