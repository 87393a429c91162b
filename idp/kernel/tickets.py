"""Signed tickets: how one step hands over to the next without knowing it.

A ticket is good for one purpose and for a while; it holds nothing secret. One-time-ness is the
affair of the row that it names.
"""

import json
import zlib
from datetime import datetime
from typing import Any

from idp.kernel.clock import epoch
from idp.kernel.encoding import b64url, json_bytes, unb64url
from idp.kernel.secrets import MasterKey, same

_MAC_BYTES = 16
MAX_LENGTH = 8000


def issue(master: MasterKey, purpose: str, content: dict[str, Any], until: datetime) -> str:
    """Return a ticket for one purpose."""
    body = zlib.compress(json_bytes({**content, "exp": epoch(until)}))
    return f"{b64url(body)}.{b64url(_mac(master, purpose, body))}"


def read(
    master: MasterKey, purpose: str, ticket: str | None, now: datetime
) -> dict[str, Any] | None:
    """Return what a ticket holds; None for another purpose, a forgery, or an old one."""
    if not ticket or len(ticket) > MAX_LENGTH:
        return None
    body_text, _, mac_text = ticket.partition(".")
    try:
        body, mac = unb64url(body_text), unb64url(mac_text)
    except ValueError:
        return None
    if not same(mac, _mac(master, purpose, body)):
        return None
    # Ours by now, so it is as small as we made it.
    content: dict[str, Any] = json.loads(zlib.decompress(body))
    return content if content["exp"] > epoch(now) else None


def _mac(master: MasterKey, purpose: str, body: bytes) -> bytes:
    return master.mac(f"ticket:{purpose}", body)[:_MAC_BYTES]
