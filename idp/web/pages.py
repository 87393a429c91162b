"""Render a hosted page."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import flask
from flask_babel import get_locale

from idp.web import csrf
from idp.web.brand import Brand
from idp.web.context import request_context
from idp.web.headers import content_security_policy, csp_nonce

STATIC = Path(__file__).parent / "static"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCard:
    """What pages show of the client that asks."""

    name: str
    host: str | None = None
    logo_url: str | None = None
    policy_url: str | None = None
    terms_url: str | None = None
    home_url: str | None = None


@lru_cache
def static_url(name: str) -> str:
    """Return the URL of a static file, which changes when the file does."""
    version = sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={version}"


def page(
    template: str,
    *,
    status: int = 200,
    form_target: str | None = None,
    frames: Sequence[str] = (),
    asks: bool = False,
    **values: Any,
) -> flask.Response:
    """Return a page.

    `form_target` is where its forms may in the end redirect to, `frames` what it shows of others;
    `asks` says that a script of the page asks us about the session.
    """
    ctx = request_context()
    brand: Brand = flask.current_app.extensions["idp_brand"]
    locale = get_locale()
    body = flask.render_template(
        f"pages/{template}.html",
        brand=brand,
        csrf_token=csrf.token(),
        csp_nonce=csp_nonce(),
        locale=str(locale or "en").replace("_", "-"),
        text_direction=locale.text_direction if locale else "ltr",
        reference=ctx.reference,
        static_url=static_url,
        **values,
    )
    response = flask.Response(body, status)
    policy = content_security_policy(form_target, brand.image_origins, frames, asks=asks)
    response.headers["Content-Security-Policy"] = policy
    csrf.keep_browser_cookie(response)
    return response


def redirect(location: str) -> flask.Response:
    """Send the browser on with GET: 303, never 307 (RFC 9700 §4.12)."""
    return flask.Response(status=303, headers={"Location": location})
