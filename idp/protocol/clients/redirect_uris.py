"""Redirect URIs: which may be registered, and which of them a request names.

Compared as strings, exactly (RFC 9700 §4.1.3); only the port of a loopback address may vary
(RFC 8252 §7.3).
"""

import re
from collections.abc import Iterable
from urllib.parse import SplitResult, urlsplit

from idp.kernel.hosts import is_loopback

MAX_LENGTH = 2000
_PRINTABLE = re.compile(r"[!#$%&'()*+,\-./0-9:;=?@A-Z\[\]_a-z~]+\Z")
_PRIVATE_SCHEME = re.compile(r"[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+\Z")
_LOOPBACK_PORT = re.compile(r"(http://(?:127\.0\.0\.1|\[::1\]|localhost)):(\d{1,5})(?=[/?]|\Z)")


def fault_of(uri: str) -> str | None:
    """Return why a URI cannot be registered; None when it can."""
    if len(uri) > MAX_LENGTH or not _PRINTABLE.match(uri) or "#" in uri:
        return "is too long, has a fragment, or characters that a URI cannot have"
    try:
        parts = urlsplit(uri)
        _ = parts.port
    except ValueError:
        return "is no URI"
    if parts.scheme in ("http", "https"):
        return _fault_of_web(parts)
    if not _PRIVATE_SCHEME.match(parts.scheme):
        return "is neither https nor a private scheme with a dot in it (RFC 8252 §7.1)"
    return None


def _fault_of_web(parts: SplitResult) -> str | None:
    if not parts.hostname:
        return "has no host"
    if parts.username is not None:
        return "has a user name"
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        return "is http on another host than this machine"
    return None


def origin_of(uri: str) -> tuple[str, str | None, int | None]:
    """Return scheme, host and port of a URI that can be registered."""
    parts = urlsplit(uri)
    usual = {"https": 443, "http": 80}.get(parts.scheme)
    return parts.scheme, parts.hostname, parts.port or usual


def allows(registered: Iterable[str], uri: str) -> bool:
    """Tell whether a request's redirect URI is one of those registered."""
    exact = list(registered)
    if uri in exact:
        return True
    bare = _without_loopback_port(uri)
    return bare is not None and any(_without_loopback_port(r) == bare for r in exact)


def _without_loopback_port(uri: str) -> str | None:
    """Return a loopback address without its port; None for every other URI."""
    if not _PRINTABLE.match(uri):
        return None
    match = _LOOPBACK_PORT.match(uri)
    if match is not None:
        return match[1] + uri[match.end() :] if int(match[2]) <= 65535 else None
    bare = re.match(r"http://(?:127\.0\.0\.1|\[::1\]|localhost)(?=[/?]|\Z)", uri)
    return uri if bare else None
