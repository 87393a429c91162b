"""Statements on grants: one row from the authorization code to the last token."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, exists, insert, select, update

from idp.store import users as user_rows
from idp.store.database import Transaction
from idp.store.schema import clients, grants, sessions, users
from idp.store.sessions import alive, alive_with_user
from idp.store.users import User


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What one user lets one client have, out of one session."""

    id: str
    client_id: str
    user_id: str
    sid: str
    scope: tuple[str, ...]
    claims: dict[str, Any]
    redirect_uri: str
    code_challenge: str | None
    nonce: str | None
    auth_time: datetime
    acr: str
    amr: tuple[str, ...]
    opened_at: datetime
    code_expires_at: datetime
    code_redeemed_at: datetime | None = None
    ended_at: datetime | None = None
    end_reason: str | None = None


_COLUMNS = [grants.c[name] for name in Grant.__dataclass_fields__]


def _from_mapping(row: Any) -> Grant:
    return Grant(**{**row, "scope": tuple(row["scope"]), "amr": tuple(row["amr"])})


def add(db: Transaction, grant: Grant) -> None:
    """Insert a grant whose code can be redeemed once."""
    values = {c.name: getattr(grant, c.name) for c in _COLUMNS}
    db.write(
        insert(grants).values(**{**values, "scope": list(grant.scope), "amr": list(grant.amr)})
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """What a client shows with a code; all of it stands in the compare-and-set."""

    grant_id: str
    client_id: str
    client_version: int
    redirect_uri: str
    code_challenge: str | None


def redeem(db: Transaction, presented: Presented, now: datetime) -> Grant | None:
    """Turn the code into a grant in use; the row decides who wins, a mistake burns nothing (I1)."""
    current = exists(
        select(clients.c.client_id).where(
            clients.c.client_id == presented.client_id,
            clients.c.version == presented.client_version,
        )
    )
    statement = (
        update(grants)
        .where(
            grants.c.id == presented.grant_id,
            grants.c.client_id == presented.client_id,
            grants.c.redirect_uri == presented.redirect_uri,
            grants.c.code_challenge.is_not_distinct_from(presented.code_challenge),
            grants.c.code_redeemed_at.is_(None),
            grants.c.code_expires_at > now,
            grants.c.ended_at.is_(None),
            alive_with_user(grants.c.sid, now),
            current,
        )
        .values(code_redeemed_at=now)
        .returning(*_COLUMNS)
    )
    row = db.write(statement).mappings().first()
    return _from_mapping(row) if row else None


def find(db: Transaction, grant_id: str) -> Grant | None:
    """Return a grant, alive or not, to say why it was refused."""
    row = db.read(select(*_COLUMNS).where(grants.c.id == grant_id)).mappings().first()
    return _from_mapping(row) if row else None


def find_live(db: Transaction, grant_id: str, now: datetime) -> tuple[Grant, User] | None:
    """Return a grant and its user while grant, session and user all live: one statement."""
    source = grants.join(users, users.c.id == grants.c.user_id).join(
        sessions, and_(sessions.c.sid == grants.c.sid, alive(now))
    )
    statement = (
        select(*_COLUMNS, *(c.label(f"its_user_{c.name}") for c in user_rows.COLUMNS))
        .select_from(source)
        .where(grants.c.id == grant_id, grants.c.ended_at.is_(None), users.c.disabled_at.is_(None))
    )
    row = db.read(statement).mappings().first()
    if row is None:
        return None
    grant = _from_mapping({c.name: row[c] for c in _COLUMNS})
    return grant, User(**{c.name: row[f"its_user_{c.name}"] for c in user_rows.COLUMNS})


def end(db: Transaction, grant_id: str, now: datetime, reason: str) -> Grant | None:
    """End a grant; return it when this call ended it."""
    statement = (
        update(grants)
        .where(grants.c.id == grant_id, grants.c.ended_at.is_(None))
        .values(ended_at=now, end_reason=reason)
        .returning(*_COLUMNS)
    )
    row = db.write(statement).mappings().first()
    return _from_mapping(row) if row else None


def end_all_of(
    db: Transaction, user_id: str, client_id: str, now: datetime, reason: str
) -> list[Grant]:
    """End all grants of a user at a client; return those that this call ended."""
    statement = (
        update(grants)
        .where(
            grants.c.user_id == user_id,
            grants.c.client_id == client_id,
            grants.c.ended_at.is_(None),
        )
        .values(ended_at=now, end_reason=reason)
        .returning(*_COLUMNS)
    )
    return [_from_mapping(row) for row in db.write(statement).mappings()]
