"""What happens to a session that stands: it is used, proved again, seen elsewhere, judged anew.

Each is a compare-and-set on what was read: of two that come at once, one is asked to look again.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import case, select, update

from idp.store.database import Transaction
from idp.store.schema import sessions
from idp.store.sessions import ALIVE, COLUMNS, GOOD, NOW, Session, from_row


def touch(db: Transaction, session: Session, now: datetime, idle_until: datetime) -> None:
    """Note activity: idle moves, absolute never does; nothing, where limits changed meanwhile."""
    mine = (sessions.c.sid == session.sid, sessions.c.idle_seconds == session.idle_seconds)
    statement = update(sessions).where(*mine, GOOD)
    db.write(statement.values(last_seen_at=now, idle_until=idle_until), {"now": now})


def note_use(
    db: Transaction, sid: str, idle_seconds: int, now: datetime, idle_until: datetime
) -> bool:
    """Note that a client used the session; False when somebody else is writing to it just now.

    Nobody waits for the note: it is a rough one, and who waited could come to wait for each other.
    """
    mine = select(sessions.c.sid).where(
        sessions.c.sid == sid,
        GOOD,
        sessions.c.last_seen_at < NOW,
        sessions.c.idle_seconds == idle_seconds,
    )
    until = case(
        (sessions.c.absolute_until < idle_until, sessions.c.absolute_until), else_=idle_until
    )
    statement = (
        update(sessions)
        .where(sessions.c.sid.in_(mine.with_for_update(skip_locked=True)))
        .values(last_seen_at=NOW, idle_until=until)
    )
    return db.write(statement, {"now": now}).rowcount == 1


def prove(
    db: Transaction, session: Session, old_hash: bytes, new_hash: bytes, *, anew: bool = False
) -> bool:
    """Write a new proof with a new secret, if the old secret is still the current one (I6).

    Only who proved everything `anew` answers a challenge; what was shown besides, or had been
    shown before, leaves it where it is, and is not written.
    """
    statement = (
        update(sessions)
        .where(
            sessions.c.sid == session.sid,
            sessions.c.secret_hash == old_hash,
            sessions.c.idle_seconds == session.idle_seconds,
            ALIVE if anew else GOOD,
        )
        .values(
            secret_hash=new_hash,
            authenticated_at=session.authenticated_at,
            last_seen_at=session.last_seen_at,
            idle_until=session.idle_until,
            acr=session.acr,
            amr=list(session.amr),
            device_id=session.device_id,
            seen_address=session.seen_address,
            seen_user_agent=session.seen_user_agent,
            seen_at=session.seen_at,
            before_address=None,
            before_user_agent=None,
            challenged_at=None,
            challenge=None,
            turn=session.turn,
            turned_at=session.turned_at,
            turn_kept=session.turn_kept,
        )
    )
    return db.write(statement, {"now": session.last_seen_at}).rowcount == 1


_TURN = ("turn", "turned_at", "turn_kept")


def move_turn(
    db: Transaction, read: Session, moved: Session, secret_hash: bytes, now: datetime
) -> bool:
    """Let a session's cookies go on to another turn; False when another request was faster."""
    return _change(db, read, moved, secret_hash, now, made_of=_TURN, written=_TURN)


# What a judgement writes, and what it was made of: where one of these differs, it is void.
_JUDGED = (
    "idle_seconds",
    "idle_until",
    "absolute_until",
    "risk",
    "policy_version",
    "limited_by",
    "device_id",
    "seen_address",
    "seen_user_agent",
    "seen_at",
    "before_address",
    "before_user_agent",
    "challenged_at",
    "challenge",
)
_READ = (
    "authenticated_at",
    "device_id",
    "idle_seconds",
    "absolute_until",
    "risk",
    "policy_version",
    "seen_address",
    "seen_user_agent",
    "seen_at",
)


def judge_anew(
    db: Transaction, read: Session, judged: Session, secret_hash: bytes, now: datetime
) -> bool:
    """Write what a session is from now on; False where it is not as it was read any more.

    So no challenge is written over a newer proof, and of two places that use one secret at once,
    the later sees the earlier (I4, I5).
    """
    return _change(db, read, judged, secret_hash, now, made_of=_READ, written=_JUDGED)


def _change(
    db: Transaction,
    read: Session,
    after: Session,
    secret_hash: bytes,
    now: datetime,
    *,
    made_of: tuple[str, ...],
    written: tuple[str, ...],
) -> bool:
    """Write these columns where those that it is `made_of` are as they were read."""
    statement = (
        update(sessions)
        .where(
            sessions.c.sid == read.sid,
            sessions.c.secret_hash == secret_hash,
            GOOD,
            *(sessions.c[name].is_not_distinct_from(getattr(read, name)) for name in made_of),
        )
        .values({name: getattr(after, name) for name in written})
    )
    return db.write(statement, {"now": now}).rowcount == 1


def find_good(db: Transaction, sid: str, now: datetime) -> tuple[Session, bytes] | None:
    """Return a session that is good for something, with its secret's hash."""
    query = select(*COLUMNS, sessions.c.secret_hash).where(sessions.c.sid == sid, GOOD)
    row: Any = db.read(query, {"now": now}).first()
    return (from_row(row), row[-1]) if row is not None else None


def list_by_another_policy(
    db: Transaction, version: str, now: datetime, limit: int
) -> list[tuple[Session, bytes]]:
    """Return some good sessions whose limits are of another policy, with their secrets' hashes.

    Before and behind `version` in the index of versions: those that are of it are not looked at.
    """
    its = sessions.c.policy_version
    rows: list[Any] = []
    for another in (its < version, its > version):
        query = select(*COLUMNS, sessions.c.secret_hash).where(GOOD, another)
        some = query.order_by(its, sessions.c.sid).limit(limit - len(rows))
        rows += db.read(some, {"now": now}).all()
    return [(from_row(row), row[-1]) for row in rows]


def retire(
    db: Transaction, session: Session, old_hash: bytes, new_hash: bytes, now: datetime
) -> bool:
    """Give a session that idled out a secret that nobody has; True for the call that did."""
    statement = (
        update(sessions)
        .where(
            sessions.c.sid == session.sid,
            sessions.c.secret_hash == old_hash,
            sessions.c.idle_until <= now,
        )
        .values(secret_hash=new_hash)
    )
    return db.write(statement).rowcount == 1
