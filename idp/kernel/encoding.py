"""base64url without padding (RFC 7515 §2) and canonical JSON."""

import base64
import binascii
import json
import re

_COMPACT = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)
_BASE64URL = re.compile(r"[A-Za-z0-9_-]*\Z")


def b64url(raw: bytes) -> str:
    """Return base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unb64url(text: str) -> bytes:
    """Return the bytes behind an unpadded base64url text, accepting one spelling only.

    Raises:
        ValueError: other characters, or bits set behind the last byte.
    """
    if not _BASE64URL.match(text):
        raise ValueError("not base64url")
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error as error:
        raise ValueError("not base64url") from error
    if b64url(raw) != text:
        raise ValueError("not canonical base64url")
    return raw


def json_bytes(value: object) -> bytes:
    """Return compact JSON in UTF-8."""
    return _COMPACT.encode(value).encode()
