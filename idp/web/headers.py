"""The headers of every answer, and the content security policy of pages (ASVS 5.0 V3.4)."""

import re
import secrets
from collections.abc import Sequence
from urllib.parse import urlsplit

import flask

from idp.kernel.hosts import is_loopback
from idp.settings import Settings
from idp.surroundings.hints import ASKED_FOR

_EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
    "Content-Security-Policy": "default-src 'none'",
    "Cache-Control": "no-store",
}
_EVERYWHERE_TLS = _EVERYWHERE | {"Strict-Transport-Security": "max-age=63072000; includeSubDomains"}


def csp_nonce() -> str:
    """Return the nonce of this response's scripts."""
    if "csp_nonce" not in flask.g:
        flask.g.csp_nonce = secrets.token_urlsafe(16)
    return str(flask.g.csp_nonce)


def content_security_policy(
    form_target: str | None,
    images: Sequence[str] = (),
    frames: Sequence[str] = (),
    *,
    asks: bool = False,
) -> str:
    """Return the policy of a page whose forms may in the end lead to `form_target`.

    `images` are the origins of the operator's logos; nobody else's pictures are shown. `frames` are
    URLs of clients that are shown in frames; of other origins nothing is. Scripts speak to nobody,
    and to us only on a page that `asks` how long its session still has.

    Browsers apply form-action to the redirects that follow a form too: the way back to a client
    may go on over its own hosts, so any https is let through, never a script or a foreign http.
    """
    actions = ["'self'"]
    if form_target is not None:
        parts = urlsplit(form_target)
        actions.append("https:")
        if parts.scheme == "http" and is_loopback(parts.hostname):
            # A source can name neither an IPv6 address nor all of 127.0.0.0/8 (CSP3 §2.3.1).
            usual = parts.hostname in ("localhost", "127.0.0.1")
            actions += ["http://localhost:*", "http://127.0.0.1:*"] if usual else ["http:"]
        elif parts.scheme != "https":
            actions.append(f"{parts.scheme}:")
    return "; ".join(
        [
            "default-src 'none'",
            "style-src 'self'",
            " ".join(["img-src 'self' data:", *images]),
            f"script-src 'nonce-{csp_nonce()}'",
            f"form-action {' '.join(actions)}",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            *([" ".join(["frame-src", *sorted(set(map(_source, frames)))])] if frames else []),
            *(["connect-src 'self'"] if asks else []),
        ]
    )


def _source(url: str) -> str:
    """Return the source of a URL: its origin, or its scheme where an origin cannot be named."""
    parts = urlsplit(url)
    if not re.fullmatch(r"[A-Za-z0-9.-]+", parts.hostname or ""):
        return f"{parts.scheme}:"
    port = "" if parts.port is None else f":{parts.port}"
    return f"{parts.scheme}://{parts.hostname}{port}"


def put_headers(response: flask.Response, settings: Settings) -> None:
    """Add what every answer carries, leaving what the answer itself has set."""
    present = {name.lower() for name, _ in response.headers}
    wanted = _EVERYWHERE if settings.plain_http else _EVERYWHERE_TLS
    if response.mimetype == "text/html":
        # One hint more with what follows: nobody waits for it, as `Critical-CH` would make them.
        wanted = wanted | {"Accept-CH": ASKED_FOR}
    response.headers.extend(
        [(name, value) for name, value in wanted.items() if name.lower() not in present]
    )
