"""Statements on SSO sessions. `ended_at` is written once; a trigger forbids clearing it (I4)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, exists, insert, select, update

from idp.store import users as user_rows
from idp.store.database import Transaction
from idp.store.schema import consents, sessions, users
from idp.store.users import User


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One SSO session: who, how surely, since when, until when."""

    sid: str
    user_id: str
    device_id: str | None
    opened_at: datetime
    authenticated_at: datetime
    last_seen_at: datetime
    idle_seconds: int
    idle_until: datetime
    absolute_until: datetime
    acr: str
    amr: tuple[str, ...]
    address: str
    user_agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Who stands before us: the live session, its user and what a client may already have."""

    session: Session
    user: User
    scope: frozenset[str]
    claims: frozenset[str]


_COLUMNS = [sessions.c[name] for name in Session.__dataclass_fields__]


def _from_row(row: Row[Any]) -> Session:
    values = {c.name: row._mapping[c] for c in _COLUMNS}  # noqa: SLF001 - its public name
    return Session(**{**values, "amr": tuple(values["amr"])})


def alive(now: datetime) -> ColumnElement[bool]:
    """Say in SQL that a session row is neither ended nor past one of its limits (I5)."""
    return and_(
        sessions.c.ended_at.is_(None),
        sessions.c.idle_until > now,
        sessions.c.absolute_until > now,
    )


def alive_with_user(sid: ColumnElement[str], now: datetime) -> ColumnElement[bool]:
    """Say in SQL that the session `sid` lives and its user may sign in."""
    joined = sessions.join(users, users.c.id == sessions.c.user_id)
    return exists(
        select(sessions.c.sid)
        .select_from(joined)
        .where(sessions.c.sid == sid, alive(now), users.c.disabled_at.is_(None))
    )


def add(db: Transaction, session: Session, secret_hash: bytes) -> None:
    """Insert a session with the hash of its cookie secret."""
    values = {c.name: getattr(session, c.name) for c in _COLUMNS}
    db.write(
        insert(sessions).values(**{**values, "amr": list(session.amr)}, secret_hash=secret_hash)
    )


def find_live(
    db: Transaction, secret_hash: bytes, now: datetime, client_id: str
) -> Standing | None:
    """Return the live session of this secret, its user, and the user's consent for a client."""
    source = sessions.join(users, users.c.id == sessions.c.user_id).outerjoin(
        consents,
        and_(consents.c.user_id == sessions.c.user_id, consents.c.client_id == client_id),
    )
    statement = (
        select(*_COLUMNS, *user_rows.COLUMNS, consents.c.scope, consents.c.claims)
        .select_from(source)
        .where(sessions.c.secret_hash == secret_hash, alive(now), users.c.disabled_at.is_(None))
    )
    row = db.read(statement).first()
    if row is None:
        return None
    values = row._mapping  # noqa: SLF001 - its public name
    return Standing(
        session=_from_row(row),
        user=user_rows.from_row(row),
        scope=frozenset(values[consents.c.scope] or ()),
        claims=frozenset(values[consents.c.claims] or ()),
    )


def touch(db: Transaction, session: Session, now: datetime, idle_until: datetime) -> None:
    """Note activity: idle moves, absolute never does."""
    statement = update(sessions).where(sessions.c.sid == session.sid, alive(now))
    db.write(statement.values(last_seen_at=now, idle_until=idle_until))


def prove(db: Transaction, session: Session, old_hash: bytes, new_hash: bytes) -> bool:
    """Write a new proof with a new secret, if the old secret is still the current one (I6)."""
    statement = (
        update(sessions)
        .where(
            sessions.c.sid == session.sid,
            sessions.c.secret_hash == old_hash,
            alive(session.last_seen_at),
        )
        .values(
            secret_hash=new_hash,
            authenticated_at=session.authenticated_at,
            last_seen_at=session.last_seen_at,
            idle_until=session.idle_until,
            acr=session.acr,
            amr=list(session.amr),
            device_id=session.device_id,
        )
    )
    return db.write(statement).rowcount == 1


def end(db: Transaction, sid: str, now: datetime, reason: str) -> str | None:
    """End a session; return its user when this call ended it, None when it was over already."""
    statement = (
        update(sessions)
        .where(sessions.c.sid == sid, sessions.c.ended_at.is_(None))
        .values(ended_at=now, end_reason=reason)
        .returning(sessions.c.user_id)
    )
    return db.write(statement).scalar()


def end_all_of_user(db: Transaction, user_id: str, now: datetime, reason: str) -> list[str]:
    """End every session of a user; return those that this call ended."""
    statement = (
        update(sessions)
        .where(sessions.c.user_id == user_id, sessions.c.ended_at.is_(None))
        .values(ended_at=now, end_reason=reason)
        .returning(sessions.c.sid)
    )
    return list(db.write(statement).scalars())
