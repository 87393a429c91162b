"""One thing to deliver: what a row of the outbox holds once it is opened."""

import json
from dataclasses import dataclass
from datetime import datetime

from idp.kernel.encoding import b64url, json_bytes
from idp.kernel.secrets import MasterKey
from idp.store.outbox import Leased

MAIL = "mail"
TEXT = "text"
BACKCHANNEL_LOGOUT = "backchannel_logout"
# What is sent; everything else is worked out.
SENT = frozenset({MAIL, TEXT, BACKCHANNEL_LOGOUT})
# A name that no caller's payload has.
_GOOD_UNTIL = "\0good_until"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """What is delivered. Its `key` is the same at each try, so a receiver can tell a repetition."""

    held: Leased
    key: str
    payload: dict[str, str]
    good_until: datetime | None

    def expired(self, at: datetime) -> bool:
        """Tell whether it would come too late then."""
        return self.good_until is not None and at >= self.good_until


def sealed(
    master: MasterKey,
    payload: dict[str, str],
    *,
    kind: str,
    subject: str,
    created_at: datetime,
    good_until: datetime | None,
) -> bytes:
    """Return the payload as it is kept: it may hold live links and codes."""
    until = {} if good_until is None else {_GOOD_UNTIL: good_until.isoformat()}
    return master.seal(json_bytes({**payload, **until}), _context(kind, subject, created_at))


def opened(master: MasterKey, held: Leased) -> Parcel:
    """Return the parcel in a row.

    Raises:
        ValueError: the payload is not what this provider sealed for this row.
    """
    clear = master.open(held.payload_sealed, _context(held.kind, held.subject, held.created_at))
    payload = json.loads(clear)
    until = payload.pop(_GOOD_UNTIL, None)
    return Parcel(
        held=held,
        key=b64url(master.mac("outbox", f"{held.id}:{held.created_at.isoformat()}".encode())[:18]),
        payload=payload,
        good_until=None if until is None else datetime.fromisoformat(until),
    )


def _context(kind: str, subject: str, created_at: datetime) -> str:
    """Return what the seal is bound to: the row's number is not known before it is written."""
    return f"outbox:{kind}:{subject}:{created_at.isoformat()}"
