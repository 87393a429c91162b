"""Resource indicators (RFC 8707): for which API an access token is."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from idp.protocol import scopes
from idp.protocol.errors import InvalidTarget

MAX_LENGTH = 1024


def fault_of(uri: str) -> str | None:
    """Return why something is no resource indicator (§2): an absolute URI without fragment."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return "is no URI"
    if not parts.scheme or not (parts.netloc or parts.path):
        return "must be an absolute URI"
    if "#" in uri:
        return "must have no fragment"
    if not uri.isascii() or not uri.isprintable() or " " in uri or len(uri) > MAX_LENGTH:
        return "has characters that no URI has, or too many"
    return None


def check(wanted: str | None, allowed: Iterable[str], issuer: str) -> None:
    """Let pass what may be asked for, and the provider itself, whose UserInfo is for everybody.

    Raises:
        InvalidTarget: something else is in it.
    """
    if not set(scopes.split(wanted)) <= {*allowed, issuer}:
        raise InvalidTarget


def narrowed(wanted: str | None, granted: tuple[str, ...]) -> tuple[str, ...]:
    """Return what one access token is for: all that was granted, or the part asked for (§2.2)."""
    return granted if wanted is None else scopes.split(wanted)
