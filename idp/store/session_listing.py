"""Statements that show sessions to operators: which live, and what hangs on one of them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, select

from idp.store.database import Transaction
from idp.store.grants import COLUMNS as GRANT_COLUMNS
from idp.store.grants import Grant
from idp.store.grants import from_row as grant_from_row
from idp.store.schema import grants, outbox, sessions, users
from idp.store.sessions import ALIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A live session in one line; while it has a `challenge` it is good for nothing."""

    sid: str
    username: str
    acr: str
    risk: str
    opened_at: datetime
    last_seen_at: datetime
    idle_until: datetime
    absolute_until: datetime
    address: str
    user_agent: str
    client_id: str | None
    limited_by: str
    challenge: str | None


_OF_SESSIONS = [name for name in Listed.__dataclass_fields__ if name in sessions.c]


def list_live(
    db: Transaction,
    now: datetime,
    *,
    user_id: str | None = None,
    client_id: str | None = None,
    risk: str | None = None,
    limit: int,
) -> list[Listed]:
    """Return live sessions, the one that lasts longest unused first.

    With a `client_id`: those in which the client has something that is not over.
    """
    query = (
        select(*(sessions.c[name] for name in _OF_SESSIONS), users.c.username)
        .join(users, users.c.id == sessions.c.user_id)
        .where(ALIVE)
    )
    if user_id is not None:
        query = query.where(sessions.c.user_id == user_id)
    if client_id is not None:
        of_client = (
            grants.c.sid == sessions.c.sid,
            grants.c.client_id == client_id,
            grants.c.code_redeemed_at.is_not(None),
            grants.c.ended_at.is_(None),
        )
        query = query.where(exists(select(grants.c.id).where(*of_client)))
    if risk is not None:
        query = query.where(sessions.c.risk == risk)
    # The index on `idle_until` holds what has not ended: the first rows cost no more than they are.
    query = query.order_by(sessions.c.idle_until.desc(), sessions.c.sid).limit(limit)
    return [Listed(**row) for row in db.read(query, {"now": now}).mappings()]


def grants_of_session(db: Transaction, sid: str) -> list[Grant]:
    """Return what clients got out of a session, over or not, the newest first."""
    query = select(*GRANT_COLUMNS).where(grants.c.sid == sid)
    rows = db.read(query.order_by(grants.c.opened_at.desc(), grants.c.id))
    return [grant_from_row(row) for row in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """That somebody is, or was, to be told of a session; nothing of what is said."""

    id: int
    kind: str
    client_id: str | None
    state: str
    attempts: int
    created_at: datetime
    finished_at: datetime | None
    last_error: str | None


def told_of_session(db: Transaction, sid: str) -> list[Told]:
    """Return who was to be told of a session, the newest first."""
    columns = [outbox.c[name] for name in Told.__dataclass_fields__]
    query = select(*columns).where(outbox.c.sid == sid).order_by(outbox.c.id.desc())
    return [Told(**row) for row in db.read(query).mappings()]
