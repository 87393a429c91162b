"""Our cookies: `__Host-`, HttpOnly, Lax; on an http loopback issuer without prefix and `Secure`.

Safari refuses both on plain http, even on loopback (RFC 6265bis §4.1.3).
"""

import flask

from idp.settings import Settings

SESSION = "idp_session"
BROWSER = "idp_browser"
DEVICE = "idp_device"
TURN = "idp_turn"
YEAR = 365 * 24 * 3600


def cookie_name(settings: Settings, name: str) -> str:
    """Return the name under which the browser keeps a cookie."""
    return name if settings.plain_http else f"__Host-{name}"


def read(settings: Settings, name: str) -> str | None:
    """Return what the browser sent."""
    return flask.request.cookies.get(cookie_name(settings, name))


def write(
    response: flask.Response,
    settings: Settings,
    name: str,
    value: str,
    *,
    max_age: int | None = None,
) -> None:
    """Set a cookie; without `max_age` (seconds) it goes when the browser closes."""
    response.set_cookie(
        cookie_name(settings, name),
        value,
        max_age=max_age,
        path="/",
        secure=not settings.plain_http,
        httponly=True,
        samesite="Lax",
    )


def clear(response: flask.Response, settings: Settings, name: str) -> None:
    """Remove a cookie."""
    response.delete_cookie(
        cookie_name(settings, name),
        path="/",
        secure=not settings.plain_http,
        httponly=True,
        samesite="Lax",
    )
