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


def check(wanted: str | None, allowed: Iterable[str]) -> None:
    """Let pass what may be asked for.

    Raises:
        InvalidTarget: something else is in it.
    """
    if not set(scopes.split(wanted)) <= set(allowed):
        raise InvalidTarget


def narrowed(wanted: str | None, granted: tuple[str, ...]) -> tuple[str, ...]:
    """Return the resources that one access token is for: all that was granted, or a part (§2.2).

    Raises:
        InvalidTarget: more than was granted.
    """
    if wanted is None:
        return granted
    check(wanted, granted)
    return scopes.split(wanted)
