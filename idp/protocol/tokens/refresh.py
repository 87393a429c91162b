"""Refresh tokens are derived, not stored: grant and generation under a MAC (RFC 6749 §1.5).

Garbage is refused without touching the database, and an old generation of a real family is still
recognised as what it is (RFC 9700 §4.14.2).
"""

from dataclasses import dataclass

from idp.kernel.encoding import b64url, unb64url
from idp.kernel.secrets import MasterKey, same

PREFIX = "idp_rt_"
_ID_LENGTH = 22
_GENERATION_BYTES = 4
_LENGTH = _ID_LENGTH + 48  # 4 bytes of generation and 32 of MAC in base64url


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """What a refresh token says: of which grant, and its place in the order."""

    grant_id: str
    generation: int


def refresh_token_of(master: MasterKey, grant_id: str, generation: int) -> str:
    """Return the refresh token of this generation of a grant; it is always the same."""
    counted = generation.to_bytes(_GENERATION_BYTES, "big")
    return PREFIX + grant_id + b64url(counted + _mac(master, grant_id, counted))


def read(master: MasterKey, token: str | None) -> RefreshToken | None:
    """Return what a refresh token says; None when we never made it."""
    if token is None or not token.startswith(PREFIX):
        return None
    body = token.removeprefix(PREFIX)
    if len(body) != _LENGTH:
        return None
    grant_id, rest = body[:_ID_LENGTH], body[_ID_LENGTH:]
    try:
        raw = unb64url(rest)
    except ValueError:
        return None
    counted, mac = raw[:_GENERATION_BYTES], raw[_GENERATION_BYTES:]
    if not same(mac, _mac(master, grant_id, counted)):
        return None
    return RefreshToken(grant_id, int.from_bytes(counted, "big"))


def _mac(master: MasterKey, grant_id: str, counted: bytes) -> bytes:
    return master.mac("refresh_token", grant_id.encode("utf-8", "replace") + counted)
