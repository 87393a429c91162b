"""Statements that end a great many rows, some of them at a time.

They never wait for a row that another request holds: who waits while holding a thousand others
comes to be waited for. What was held is listed afterwards, to be ended one by one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CTE,
    Column,
    ColumnElement,
    LargeBinary,
    and_,
    case,
    cast,
    false,
    func,
    or_,
    select,
    update,
)

from idp.store.database import Transaction
from idp.store.grants import Which, ending
from idp.store.schema import clients, grants, login_attempts, sessions


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedGrant:
    """A grant that was ended now."""

    id: str
    user_id: str
    client_id: str
    sid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedSession:
    """A session that was ended now, and why."""

    sid: str
    user_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """A client that was used in a session and wants to be told of its end."""

    sid: str
    user_id: str
    client_id: str


_ENDED_SESSION = (sessions.c.sid, sessions.c.user_id, sessions.c.end_reason.label("reason"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """Which sessions or half-done sign-ins are meant: of a user, begun before an instant."""

    user_id: str | None = None
    before: datetime | None = None

    def conditions(
        self, user_id: Column[str], begun_at: Column[datetime]
    ) -> list[ColumnElement[bool]]:
        """Return it in SQL; nothing said is nothing meant."""
        said: list[ColumnElement[bool]] = []
        if self.user_id is not None:
            said.append(user_id == self.user_id)
        if self.before is not None:
            said.append(begun_at < self.before)
        return said or [false()]


def end_grants(
    db: Transaction, which: Which, now: datetime, reason: str, *, since: datetime, limit: int
) -> list[EndedGrant]:
    """End some of the grants that were of use since an instant; return those."""
    some = _some(grants.c.id, _open_grants(which, since), limit)
    statement = (
        update(grants)
        .where(grants.c.id.in_(select(some.c.id)))
        .values(**ending(now, reason))
        .returning(grants.c.id, grants.c.user_id, grants.c.client_id, grants.c.sid)
    )
    return [EndedGrant(**row) for row in db.write(statement).mappings()]


def open_grants(db: Transaction, which: Which, *, since: datetime) -> Sequence[str]:
    """Return the grants that are still open."""
    return db.read(select(grants.c.id).where(*_open_grants(which, since))).scalars().all()


def end_sessions(
    db: Transaction, which: Begun, now: datetime, reason: str, *, since: datetime, limit: int
) -> list[EndedSession]:
    """End some of the sessions that were alive since an instant; return those."""
    some = _some(sessions.c.sid, _open_sessions(which, since), limit)
    statement = (
        update(sessions)
        .where(sessions.c.sid.in_(select(some.c.sid)))
        .values(ended_at=now, end_reason=reason)
        .returning(*_ENDED_SESSION)
    )
    return [EndedSession(**row) for row in db.write(statement).mappings()]


def end_expired(db: Transaction, now: datetime, *, limit: int) -> list[EndedSession]:
    """End some of the sessions that are past a limit, at that instant; return those.

    `idle_until` is never later than `absolute_until`, so it alone says when.
    """
    over = [sessions.c.ended_at.is_(None), sessions.c.idle_until <= now]
    some = _some(sessions.c.sid, over, limit, first=sessions.c.idle_until)
    idled = sessions.c.idle_until < sessions.c.absolute_until
    statement = (
        update(sessions)
        .where(sessions.c.sid.in_(select(some.c.sid)))
        .values(
            ended_at=sessions.c.idle_until,
            end_reason=case((idled, "idle_timeout"), else_="absolute_timeout"),
        )
        .returning(*_ENDED_SESSION)
    )
    return [EndedSession(**row) for row in db.write(statement).mappings()]


def forget_secrets(
    db: Transaction, which: Begun, now: datetime, because: str, *, limit: int
) -> int:
    """Let nobody come back to some of the sessions that ended so; return to how many.

    Their secret is one from then on that no hash comes to.
    """
    nobodys = cast(sessions.c.sid, LargeBinary)
    left = [
        or_(sessions.c.end_reason.is_(None), sessions.c.end_reason == because),
        sessions.c.idle_until <= now,
        sessions.c.absolute_until > now,
        sessions.c.secret_hash != nobodys,
    ]
    meant = which.conditions(sessions.c.user_id, sessions.c.opened_at)
    some = _some(sessions.c.sid, [*meant, *left], limit)
    chosen = sessions.c.sid.in_(select(some.c.sid))
    return db.write(update(sessions).where(chosen).values(secret_hash=nobodys)).rowcount


def listening(db: Transaction, sids: Sequence[str], now: datetime) -> list[Listening]:
    """Return which clients were signed in to in these sessions and want to know of their end.

    A code that is still good may just be being traded, which cannot be seen from here: its client
    counts as signed in to, and whoever tells it looks again.
    """
    signed_in = or_(
        grants.c.code_redeemed_at.is_not(None),
        and_(grants.c.ended_at.is_(None), grants.c.code_expires_at > now),
    )
    uri = clients.c.metadata["backchannel_logout_uri"].as_string()
    query = (
        select(grants.c.sid, grants.c.user_id, grants.c.client_id)
        .join(clients, clients.c.client_id == grants.c.client_id)
        .where(grants.c.sid.in_(sids), signed_in, uri.is_not(None))
        .distinct()
        .order_by(grants.c.sid, grants.c.client_id)
    )
    return [Listening(**row) for row in db.read(query).mappings()]


def was_never_used(db: Transaction, sid: str, client_id: str) -> bool:
    """Tell whether a client had codes in a session and traded none of them."""
    traded, opened = func.count(grants.c.code_redeemed_at), func.count(grants.c.id)
    of_both = [grants.c.sid == sid, grants.c.client_id == client_id]
    row = db.read(select(traded.label("traded"), opened.label("opened")).where(*of_both)).one()
    return bool(row.opened) and not row.traded


def open_sessions(db: Transaction, which: Begun, *, since: datetime) -> Sequence[str]:
    """Return the sessions that are still open."""
    return db.read(select(sessions.c.sid).where(*_open_sessions(which, since))).scalars().all()


def end_sign_ins(db: Transaction, which: Begun, now: datetime, *, limit: int) -> int:
    """Let nobody go on with some of the half-done sign-ins; return with how many."""
    some = _some(login_attempts.c.id, _open_sign_ins(which, now), limit)
    chosen = login_attempts.c.id.in_(select(some.c.id))
    return db.write(update(login_attempts).where(chosen).values(finished_at=now)).rowcount


def open_sign_ins(db: Transaction, which: Begun, now: datetime) -> Sequence[str]:
    """Return the half-done sign-ins that can still be gone on with."""
    query = select(login_attempts.c.id).where(*_open_sign_ins(which, now))
    return db.read(query).scalars().all()


def _some(
    key: Column[str],
    wanted: list[ColumnElement[bool]],
    limit: int,
    first: Column[Any] | None = None,
) -> CTE:
    """Return some rows, locked; as a CTE it is evaluated once, whatever is joined to it."""
    rows: Any = select(key).where(*wanted).order_by(first).limit(limit)
    chosen: CTE = rows.with_for_update(skip_locked=True, key_share=True).cte("some")
    return chosen


def _open_grants(which: Which, since: datetime) -> list[ColumnElement[bool]]:
    return [*which.conditions(), grants.c.ended_at.is_(None), grants.c.idle_until > since]


def _open_sessions(which: Begun, since: datetime) -> list[ColumnElement[bool]]:
    meant = which.conditions(sessions.c.user_id, sessions.c.opened_at)
    alive = [sessions.c.idle_until > since, sessions.c.absolute_until > since]
    return [*meant, sessions.c.ended_at.is_(None), *alive]


def _open_sign_ins(which: Begun, now: datetime) -> list[ColumnElement[bool]]:
    meant = which.conditions(login_attempts.c.user_id, login_attempts.c.created_at)
    return [*meant, login_attempts.c.finished_at.is_(None), login_attempts.c.expires_at > now]
