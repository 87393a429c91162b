"""Statements on grants: one row from the authorization code to the last token."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, exists, func, insert, or_, select, update

from idp.store import users as user_rows
from idp.store.database import Transaction
from idp.store.schema import clients, consents, grants, sessions, users
from idp.store.sessions import ALIVE, NOW, alive_with_user
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
    consented: bool
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


_NAMES = tuple(Grant.__dataclass_fields__)
_COLUMNS = [grants.c[name] for name in _NAMES]

# Building a statement costs more than running it: those of every request are built once.

_ADD = insert(grants)
# A consent that was taken back while its grant was being opened leaves a grant worth nothing.
_AGREED = or_(
    grants.c.consented.is_(False),
    exists(
        select(consents.c.user_id).where(
            consents.c.user_id == grants.c.user_id, consents.c.client_id == grants.c.client_id
        )
    ),
)
_REDEEM = (
    update(grants)
    .where(
        grants.c.id == bindparam("presented_id"),
        grants.c.client_id == bindparam("presented_client"),
        grants.c.redirect_uri == bindparam("presented_uri"),
        grants.c.code_challenge.is_not_distinct_from(bindparam("presented_challenge")),
        grants.c.code_redeemed_at.is_(None),
        grants.c.code_expires_at > NOW,
        grants.c.ended_at.is_(None),
        alive_with_user(grants.c.sid),
        _AGREED,
        exists(
            select(clients.c.client_id).where(
                clients.c.client_id == bindparam("presented_client"),
                clients.c.version == bindparam("presented_version"),
            )
        ),
    )
    .values(code_redeemed_at=NOW)
    .returning(*_COLUMNS)
)
_FIND_LIVE = (
    select(*_COLUMNS, *user_rows.COLUMNS)
    .select_from(
        grants.join(users, users.c.id == grants.c.user_id).join(
            sessions, and_(sessions.c.sid == grants.c.sid, ALIVE)
        )
    )
    .where(
        grants.c.id == bindparam("wanted_id"),
        grants.c.ended_at.is_(None),
        users.c.disabled_at.is_(None),
        _AGREED,
    )
)


def _from_row(row: Sequence[Any]) -> Grant:
    values = dict(zip(_NAMES, row, strict=False))
    return Grant(**{**values, "scope": tuple(values["scope"]), "amr": tuple(values["amr"])})


def add(db: Transaction, grant: Grant) -> None:
    """Insert a grant whose code can be redeemed once."""
    values = {name: getattr(grant, name) for name in _NAMES}
    db.write(_ADD, {**values, "scope": list(grant.scope), "amr": list(grant.amr)})


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
    shown = {
        "presented_id": presented.grant_id,
        "presented_client": presented.client_id,
        "presented_version": presented.client_version,
        "presented_uri": presented.redirect_uri,
        "presented_challenge": presented.code_challenge,
        "now": now,
    }
    row = db.write(_REDEEM, shown).first()
    return _from_row(row) if row else None


def find(db: Transaction, grant_id: str) -> Grant | None:
    """Return a grant, alive or not, to say why it was refused."""
    row = db.read(select(*_COLUMNS).where(grants.c.id == grant_id)).first()
    return _from_row(row) if row else None


def find_live(db: Transaction, grant_id: str, now: datetime) -> tuple[Grant, User] | None:
    """Return a grant and its user while grant, session and user all live: one statement."""
    row = db.read(_FIND_LIVE, {"wanted_id": grant_id, "now": now}).first()
    if row is None:
        return None
    return _from_row(row), user_rows.from_row(row[len(_COLUMNS) :])


def end(db: Transaction, grant_id: str, now: datetime, reason: str) -> Grant | None:
    """End a grant; return it when this call ended it."""
    statement = (
        update(grants)
        .where(grants.c.id == grant_id, grants.c.ended_at.is_(None))
        .values(ended_at=now, end_reason=reason)
        .returning(*_COLUMNS)
    )
    row = db.write(statement).first()
    return _from_row(row) if row else None


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
    return [_from_row(row) for row in db.write(statement)]


@dataclass(frozen=True, slots=True)
class Use:
    """That a client was used in a session: since when, when last, and whether by consent."""

    client_id: str
    sid: str
    first_at: datetime
    last_at: datetime
    consented: bool


def list_uses(db: Transaction, user_id: str) -> list[Use]:
    """Return which clients a user used in which sessions, the latest use first."""
    last = func.max(grants.c.opened_at).label("last_at")
    query = (
        select(
            grants.c.client_id,
            grants.c.sid,
            func.min(grants.c.opened_at).label("first_at"),
            last,
            func.count().filter(grants.c.consented).label("consented"),
        )
        .where(grants.c.user_id == user_id, grants.c.code_redeemed_at.is_not(None))
        .group_by(grants.c.client_id, grants.c.sid)
        .order_by(last.desc(), grants.c.client_id)
    )
    return [
        Use(row.client_id, row.sid, row.first_at, row.last_at, bool(row.consented))
        for row in db.read(query)
    ]
