"""Authorization codes are derived, not stored: the grant's id under a MAC.

Garbage is refused without touching the database, and a code that was redeemed long ago is still
recognised as ours. It has 256 bits of MAC over 128 random bits (RFC 6749 §10.10).
"""

from idp.kernel.encoding import b64url, unb64url
from idp.kernel.secrets import MasterKey, same

PREFIX = "idp_ac_"
_ID_LENGTH = 22


def code_of(master: MasterKey, grant_id: str) -> str:
    """Return the authorization code of a grant."""
    return PREFIX + grant_id + b64url(_mac(master, grant_id))


def grant_of(master: MasterKey, code: str | None) -> str | None:
    """Return the grant that a code belongs to; None when we never made this code."""
    if code is None or not code.startswith(PREFIX):
        return None
    body = code.removeprefix(PREFIX)
    grant_id, mac_text = body[:_ID_LENGTH], body[_ID_LENGTH:]
    try:
        mac = unb64url(mac_text)
    except ValueError:
        return None
    return grant_id if same(mac, _mac(master, grant_id)) else None


def _mac(master: MasterKey, grant_id: str) -> bytes:
    return master.mac("authorization_code", grant_id.encode("utf-8", "replace"))
