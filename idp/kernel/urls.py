"""Whether two URLs name one thing (RFC 3986 §6.2.2, §6.2.3)."""

import re
from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}
# What may stand in a URL at all; Python's parser drops line ends and tabs without a word.
_CLEAN = re.compile(r"[\x21-\x7E]+\Z")
_ENCODED = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]")


def same_target(one: str, other: str) -> bool:
    """Tell whether two URLs differ at most in spelling, in query or in fragment."""
    if one == other:
        return True
    first = _normalised(one)
    return first is not None and first == _normalised(other)


def _normalised(url: str) -> tuple[str, str, int | None, str] | None:
    """Return scheme, host, port and path in one spelling; None for what is no plain URL."""
    if not _CLEAN.match(url):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.hostname is None or parts.username is not None or parts.password is not None:
        return None
    path = _without_dots(_ENCODED.sub(_decoded, parts.path)) or "/"
    return parts.scheme, parts.hostname, port or _PORTS.get(parts.scheme), path


def _decoded(found: re.Match[str]) -> str:
    """Return the character where it needs no encoding, and the code in capitals elsewhere."""
    character = chr(int(found[1], 16))
    return character if _UNRESERVED.match(character) else found[0].upper()


def _without_dots(path: str) -> str:
    """Return a path without `.` and `..` (RFC 3986 §5.2.4)."""
    kept: list[str] = []
    segments = path.split("/")
    for segment in segments:
        if segment == "..":
            kept = kept[:-1] if len(kept) > 1 else kept
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in (".", ".."):
        kept.append("")
    return "/".join(kept)
