"""Which clients were used in sessions, and what became of telling them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from idp.store.database import Transaction
from idp.store.schema import grants, outbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A client that is to be told of the end of a session, and how far that has come."""

    client_id: str
    sid: str
    state: str
    attempts: int
    leased_until: datetime | None


_NOTICE = [outbox.c[name] for name in Notice.__dataclass_fields__]


def used(db: Transaction, sids: Sequence[str]) -> set[tuple[str, str]]:
    """Return which clients were signed in to in which of these sessions: `(sid, client_id)`."""
    query = select(grants.c.sid, grants.c.client_id).where(
        grants.c.sid.in_(sids), grants.c.code_redeemed_at.is_not(None)
    )
    return {(row.sid, row.client_id) for row in db.read(query.distinct())}


def notices(db: Transaction, kind: str, sids: Sequence[str]) -> list[Notice]:
    """Return what is said to clients about these sessions."""
    query = select(*_NOTICE).where(outbox.c.sid.in_(sids), outbox.c.kind == kind)
    return [Notice(**row) for row in db.read(query.order_by(outbox.c.id)).mappings()]
