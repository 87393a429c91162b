"""Statements on grants: one row from the authorization code to the last token."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    and_,
    bindparam,
    case,
    exists,
    false,
    func,
    insert,
    or_,
    select,
    update,
)

from idp.store import users as user_rows
from idp.store.clients import NOT_REVOKED
from idp.store.database import Transaction
from idp.store.noted import Note, NotedChange
from idp.store.prepared import Prepared
from idp.store.purge import remove_older
from idp.store.schema import consents, grants, sessions, users
from idp.store.sessions import GOOD
from idp.store.users import User


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What one user lets one client have: out of one session, or standing without it.

    `generation` is that of its refresh token, 0 while there is none; `retries` says how often
    this generation was given again. Nothing of it is of use after `idle_until`.
    """

    id: str
    client_id: str
    user_id: str
    sid: str
    scope: tuple[str, ...]
    resource: tuple[str, ...] = ()
    offline: bool = False
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
    dpop_jkt: str | None = None
    generation: int = 0
    retries: int = 0
    refreshed_at: datetime | None = None
    idle_until: datetime
    absolute_until: datetime
    ended_at: datetime | None = None
    end_reason: str | None = None


_NAMES = tuple(Grant.__dataclass_fields__)
_LISTS = ("scope", "resource", "amr")
COLUMNS = [grants.c[name] for name in _NAMES]

# Building a statement costs more than running it: those of every request are built once.

# Whoever ends a session ends afterwards what stands without it. So a grant is inserted while its
# session is held, or waits for the end and finds it over: none is overlooked (I3). And whoever
# gives it a new secret is waited for as well, and then the old one opens nothing (I6).
_WITH_ITS_SESSION = (
    select(*(bindparam(column.name, type_=column.type) for column in COLUMNS))
    .select_from(sessions)
    .where(
        sessions.c.sid == bindparam("sid"),
        sessions.c.secret_hash == bindparam("shown_secret_hash"),
        GOOD,
    )
    .with_for_update(read=True)
)
_ADD = NotedChange(
    insert(grants)
    .from_select(list(_NAMES), _WITH_ITS_SESSION)
    .returning(grants.c.user_id, grants.c.client_id, grants.c.sid)
)
# A consent that was taken back while its grant was being opened leaves a grant worth nothing.
AGREED = or_(
    grants.c.consented.is_(False),
    exists(
        select(consents.c.user_id).where(
            consents.c.user_id == grants.c.user_id, consents.c.client_id == grants.c.client_id
        )
    ),
)
# The user of a grant may sign in; its session lives, or is not needed.
USER_STANDS = exists(
    select(users.c.id).where(users.c.id == grants.c.user_id, users.c.disabled_at.is_(None))
)
SESSION_LIVES = exists(select(sessions.c.sid).where(sessions.c.sid == grants.c.sid, GOOD))

_FIND_LIVE = Prepared(
    select(*COLUMNS, *user_rows.COLUMNS)
    .select_from(
        grants.join(users, users.c.id == grants.c.user_id).outerjoin(
            sessions, and_(sessions.c.sid == grants.c.sid, GOOD)
        )
    )
    .where(
        grants.c.id == bindparam("wanted_id"),
        grants.c.ended_at.is_(None),
        users.c.disabled_at.is_(None),
        or_(grants.c.offline, sessions.c.sid.is_not(None)),
        AGREED,
        NOT_REVOKED,
    )
)


def from_row(row: Sequence[Any]) -> Grant:
    """Return the grant that a row begins with."""
    values = dict(zip(_NAMES, row, strict=False))
    return Grant(**{**values, **{name: tuple(values[name]) for name in _LISTS}})


def add(db: Transaction, grant: Grant, secret_hash: bytes, now: datetime, note: Note) -> bool:
    """Insert a grant whose code can be redeemed once; without its answer it is of no use.

    False when its session is over or challenged, or has another secret by now.
    """
    values = {name: getattr(grant, name) for name in _NAMES}
    values |= {"now": now, "shown_secret_hash": secret_hash}
    values |= {name: list(values[name]) for name in _LISTS}
    return _ADD.write(db, values, note, at_once=True) is not None


def find(db: Transaction, grant_id: str) -> Grant | None:
    """Return a grant, alive or not, to say why it was refused."""
    row = db.read(select(*COLUMNS).where(grants.c.id == grant_id)).first()
    return from_row(row) if row else None


def find_live(db: Transaction, grant_id: str, jti: str, now: datetime) -> tuple[Grant, User] | None:
    """Return a grant and its user while nothing of all that it rests on is over: one statement.

    With the `jti` of an access token: while that was not revoked either.
    """
    row = db.read(_FIND_LIVE, {"wanted_id": grant_id, "jti": jti, "now": now}).first()
    if row is None:
        return None
    return from_row(row), user_rows.from_row(row[len(COLUMNS) :])


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """Which grants are meant: those that fit everything that is said."""

    user_id: str | None = None
    client_id: str | None = None
    sid: str | None = None
    opened_before: datetime | None = None
    offline: bool | None = None
    consented: bool | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return it in SQL; nothing said is nothing meant."""
        said: list[ColumnElement[bool]] = [
            grants.c[name] == value
            for name in ("user_id", "client_id", "sid", "offline", "consented")
            if (value := getattr(self, name)) is not None
        ]
        if self.opened_before is not None:
            said.append(grants.c.opened_at < self.opened_before)
        return said or [false()]


def end(db: Transaction, grant_id: str, now: datetime, reason: str) -> Grant | None:
    """End a grant; return it when this call ended it."""
    return next(iter(_end(db, [grants.c.id == grant_id], now, reason)), None)


def end_all(db: Transaction, which: Which, now: datetime, reason: str) -> list[Grant]:
    """End many grants; return those that this call ended."""
    return _end(db, which.conditions(), now, reason)


def _end(
    db: Transaction, which: list[ColumnElement[bool]], now: datetime, reason: str
) -> list[Grant]:
    statement = (
        update(grants)
        .where(*which, grants.c.ended_at.is_(None))
        .values(**ending(now, reason))
        .returning(*COLUMNS)
    )
    return [from_row(row) for row in db.write(statement)]


def ending(
    now: datetime | ColumnElement[datetime], reason: str | ColumnElement[str]
) -> dict[str, Any]:
    """Return the columns that end a grant, with their values."""
    over = case((grants.c.idle_until < now, grants.c.idle_until), else_=now)
    return {"ended_at": now, "end_reason": reason, "idle_until": over}


@dataclass(frozen=True, slots=True)
class Use:
    """That a client was used in a session: since when, when last, and whether by consent.

    `offline_until` says until when it may stay connected without the session.
    """

    client_id: str
    sid: str
    first_at: datetime
    last_at: datetime
    consented: bool
    offline_until: datetime | None


def list_uses(db: Transaction, user_id: str) -> list[Use]:
    """Return which clients a user used in which sessions, the latest use first."""
    last = func.max(func.coalesce(grants.c.refreshed_at, grants.c.opened_at)).label("last_at")
    query = (
        select(
            grants.c.client_id,
            grants.c.sid,
            func.min(grants.c.opened_at).label("first_at"),
            last,
            func.count().filter(grants.c.consented).label("consented"),
            func.max(grants.c.idle_until)
            .filter(grants.c.offline, grants.c.ended_at.is_(None))
            .label("offline_until"),
        )
        .where(grants.c.user_id == user_id, grants.c.code_redeemed_at.is_not(None))
        .group_by(grants.c.client_id, grants.c.sid)
        .order_by(last.desc(), grants.c.client_id)
    )
    return [
        Use(
            client_id=row.client_id,
            sid=row.sid,
            first_at=row.first_at,
            last_at=row.last_at,
            consented=bool(row.consented),
            offline_until=row.offline_until,
        )
        for row in db.read(query)
    ]


def purge_idle(db: Transaction, before: datetime) -> int:
    """Remove a batch of grants that were of no use any more by then; return how many."""
    return remove_older(db, grants.c.idle_until, before)


def purge_ended(db: Transaction, before: datetime) -> int:
    """Remove a batch of grants that were ended by then; return how many."""
    return remove_older(db, grants.c.ended_at, before)
