"""Statements on SSO sessions. `ended_at` is written once; a trigger forbids clearing it (I4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, insert, or_, select, update

from idp.store import users as user_rows
from idp.store.database import Transaction
from idp.store.prepared import Prepared
from idp.store.purge import remove_older
from idp.store.schema import consents, sessions, users
from idp.store.types import Instant
from idp.store.users import User


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One SSO session: who, how surely, since when, until when.

    `address` and `user_agent` are where it was opened, `seen_…` where it is now, since `seen_at`,
    and `before_…` where it was just before that. While it has a `challenge`, the name of the rule
    that wants it, it is good for nothing until it is proved again. Its cookies show `turn`, given
    out at `turned_at`; that is `turn_kept` once they did (policy.turns).
    """

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
    risk: str = "low"
    policy_version: str = ""
    limited_by: str = ""
    decision_id: str | None = None
    client_id: str | None = None
    seen_address: str = ""
    seen_user_agent: str = ""
    seen_at: datetime | None = None
    before_address: str | None = None
    before_user_agent: str | None = None
    challenged_at: datetime | None = None
    challenge: str | None = None
    remembered: bool = False
    turn: int = 0
    turned_at: datetime | None = None
    turn_kept: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Who stands before us: the session, its user and what a client may already have.

    `secret_hash` is that of the secret that was shown, which may be an old one by now.
    """

    secret_hash: bytes
    session: Session
    user: User
    scope: frozenset[str]
    claims: frozenset[str]


_NAMES = tuple(Session.__dataclass_fields__)
COLUMNS = [sessions.c[name] for name in _NAMES]

# Building a statement costs more than running it: those of every request are built once.

NOW = bindparam("now", type_=Instant())
# A session row is neither ended nor past one of its limits (I5).
ALIVE = and_(
    sessions.c.ended_at.is_(None), sessions.c.idle_until > NOW, sessions.c.absolute_until > NOW
)
# Besides, nobody asks for a new proof: only such a session gives anything, and is kept by its use.
GOOD = and_(ALIVE, sessions.c.challenged_at.is_(None))

_ADD = insert(sessions)
_FIND_STANDING = Prepared(
    select(*COLUMNS, *user_rows.COLUMNS, consents.c.scope, consents.c.claims)
    .select_from(
        sessions.join(users, users.c.id == sessions.c.user_id).outerjoin(
            consents,
            and_(
                consents.c.user_id == sessions.c.user_id,
                consents.c.client_id == bindparam("for_client"),
            ),
        )
    )
    .where(
        sessions.c.secret_hash == bindparam("presented_hash"),
        ALIVE,
        users.c.disabled_at.is_(None),
    )
)


def from_row(row: Sequence[Any]) -> Session:
    """Return the session that a row begins with."""
    values = dict(zip(_NAMES, row, strict=False))
    return Session(**{**values, "amr": tuple(values["amr"])})


def add(db: Transaction, session: Session, secret_hash: bytes) -> None:
    """Insert a session with the hash of its cookie secret."""
    values = {name: getattr(session, name) for name in _NAMES}
    db.write(_ADD, {**values, "amr": list(session.amr), "secret_hash": secret_hash})


def find_standing(
    db: Transaction, secret_hash: bytes, now: datetime, client_id: str
) -> Standing | None:
    """Return the session of this secret, challenged or not, its user, and a client's consent."""
    asked = {"presented_hash": secret_hash, "now": now, "for_client": client_id}
    row: Sequence[Any] | None = db.read(_FIND_STANDING, asked).first()
    if row is None:
        return None
    *_, scope, claims = row
    return Standing(
        secret_hash=secret_hash,
        session=from_row(row),
        user=user_rows.from_row(row[len(COLUMNS) :]),
        scope=frozenset(scope or ()),
        claims=frozenset(claims or ()),
    )


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


def end_others_of_user(
    db: Transaction, user_id: str, sid: str, now: datetime, reason: str
) -> list[str]:
    """End every session of a user but one; return those that this call ended."""
    statement = (
        update(sessions)
        .where(sessions.c.user_id == user_id, sessions.c.sid != sid, sessions.c.ended_at.is_(None))
        .values(ended_at=now, end_reason=reason)
        .returning(sessions.c.sid)
    )
    return list(db.write(statement).scalars())


def list_live_of_user(db: Transaction, user_id: str, now: datetime) -> list[Session]:
    """Return a user's sessions that are not over, challenged or not, the one used last first."""
    query = (
        select(*COLUMNS)
        .where(sessions.c.user_id == user_id, ALIVE)
        .order_by(sessions.c.last_seen_at.desc(), sessions.c.sid)
    )
    return [from_row(row) for row in db.read(query, {"now": now})]


@dataclass(frozen=True, slots=True)
class Past:
    """A session with how it ended, if it has."""

    session: Session
    ended_at: datetime | None
    end_reason: str | None


def find(db: Transaction, sid: str) -> Past | None:
    """Return a session, over or not."""
    query = select(*COLUMNS, sessions.c.ended_at, sessions.c.end_reason)
    row = db.read(query.where(sessions.c.sid == sid)).first()
    return Past(from_row(row), row.ended_at, row.end_reason) if row else None


def find_by_secret(db: Transaction, secret_hash: bytes) -> Past | None:
    """Return the session that has this secret now, over or not."""
    query = select(*COLUMNS, sessions.c.ended_at, sessions.c.end_reason)
    row = db.read(query.where(sessions.c.secret_hash == secret_hash)).first()
    return Past(from_row(row), row.ended_at, row.end_reason) if row else None


def list_of_user(db: Transaction, user_id: str, limit: int) -> list[Past]:
    """Return a user's sessions, over or not, the newest first."""
    query = (
        select(*COLUMNS, sessions.c.ended_at, sessions.c.end_reason)
        .where(sessions.c.user_id == user_id)
        .order_by(sessions.c.opened_at.desc(), sessions.c.sid)
        .limit(limit)
    )
    return [Past(from_row(row), row.ended_at, row.end_reason) for row in db.read(query)]


@dataclass(frozen=True, slots=True)
class LastSeen:
    """Where a user was last, and when."""

    address: str
    at: datetime


# What was not the user's says nothing of where they are.
_SEEN_LAST = Prepared(
    select(sessions.c.seen_address, sessions.c.last_seen_at)
    .where(
        sessions.c.user_id == bindparam("whose"),
        or_(sessions.c.end_reason.is_(None), sessions.c.end_reason != "not_me"),
    )
    .order_by(sessions.c.last_seen_at.desc())
    .limit(1)
)


def seen_last(db: Transaction, user_id: str) -> LastSeen | None:
    """Return where a user was last, by the sessions that are kept."""
    row = db.read(_SEEN_LAST, {"whose": user_id}).first()
    return LastSeen(*row) if row else None


def find_before(db: Transaction, session: Session) -> Session | None:
    """Return the session that the user opened last before this one."""
    query = (
        select(*COLUMNS)
        .where(
            sessions.c.user_id == session.user_id,
            sessions.c.sid != session.sid,
            sessions.c.opened_at <= session.opened_at,
        )
        .order_by(sessions.c.opened_at.desc(), sessions.c.sid)
        .limit(1)
    )
    row = db.read(query).first()
    return from_row(row) if row else None


def purge(db: Transaction, before: datetime) -> int:
    """Remove a batch of sessions that reached their absolute limit before then; return how many.

    What ended or idled earlier stays for some hours more: `idle_until` has no index, for it moves
    with each use.
    """
    return remove_older(db, sessions.c.absolute_until, before)
