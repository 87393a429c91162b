"""Attempt counters: one statement admits an attempt, counts it and dates the next one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, bindparam, case, delete, func, literal, select, update

from idp.store.database import Transaction
from idp.store.prepared import Prepared
from idp.store.purge import remove_older
from idp.store.schema import throttles
from idp.store.types import Instant

Waits = Sequence[tuple[int, datetime]]
# Without a wait the next attempt may come at once, and "at once" is a little before `now` for a
# request that was read a moment earlier, or by a node whose clock is behind.
AT_ONCE = timedelta(hours=-1)


def admit(
    db: Transaction, key: bytes, *, now: datetime, waits: Waits, forgotten_at: datetime
) -> bool:
    """Admit and count an attempt; False, and not counted, while its time has not come.

    Args:
        db: the transaction.
        key: which counter.
        now: the instant of the attempt.
        waits: from how many attempts on the next one is not before which instant, falling.
        forgotten_at: when the counter is forgotten if nothing more happens.
    """
    attempts = case((throttles.c.expires_at <= now, 1), else_=throttles.c.attempts + 1)
    first = db.upsert(throttles).values(
        key=key, attempts=1, not_before=now + AT_ONCE, expires_at=forgotten_at
    )
    admitted = db.write(
        first.on_conflict_do_update(
            index_elements=[throttles.c.key],
            set_={
                "attempts": attempts,
                "not_before": _next_attempt(attempts, waits),
                "expires_at": forgotten_at,
            },
            where=throttles.c.not_before <= now,
        ).returning(throttles.c.attempts)
    )
    return admitted.one_or_none() is not None


def _next_attempt(attempts: ColumnElement[int], waits: Waits) -> ColumnElement[datetime]:
    steps = [(attempts >= count, literal(instant, Instant())) for count, instant in waits]
    return case(*steps, else_=throttles.c.not_before)


def next_attempt(db: Transaction, keys: Sequence[bytes], now: datetime) -> datetime | None:
    """Return when all of these counters will admit an attempt; None when they do now."""
    latest = select(func.max(throttles.c.not_before)).where(
        throttles.c.key.in_(keys), throttles.c.not_before > now
    )
    instant: datetime | None = db.read(latest).scalar_one()
    return instant


def give_back(db: Transaction, key: bytes, now: datetime) -> None:
    """Uncount the attempt that was admitted just now, and its wait."""
    db.write(
        update(throttles)
        .where(throttles.c.key == key, throttles.c.attempts > 0)
        .values(attempts=throttles.c.attempts - 1, not_before=now + AT_ONCE)
    )


def reset(db: Transaction, key: bytes) -> int:
    """Start a counter anew; return what it had counted."""
    counted = delete(throttles).where(throttles.c.key == key).returning(throttles.c.attempts)
    return db.write(counted).scalar() or 0


def note(db: Transaction, key: bytes, count: int, now: datetime, *, until: datetime) -> None:
    """Keep a number that makes nobody wait."""
    values = {"attempts": count, "not_before": now + AT_ONCE, "expires_at": until}
    noted = db.upsert(throttles).values(key=key, **values)
    db.write(noted.on_conflict_do_update(index_elements=[throttles.c.key], set_=values))


@dataclass(frozen=True, slots=True)
class Counted:
    """What a counter says, and when it will be forgotten."""

    key: bytes
    attempts: int
    expires_at: datetime


# One statement per number of counters that is asked for; there are a few.
_COUNTED: dict[int, Prepared] = {}


def counted(db: Transaction, keys: Sequence[bytes], now: datetime) -> list[Counted]:
    """Return those of these counters that are not forgotten yet; nothing is counted by looking."""
    names = [f"key{number}" for number in range(len(keys))]
    statement = _COUNTED.get(len(keys))
    if statement is None:
        statement = _COUNTED[len(keys)] = Prepared(
            select(throttles.c.key, throttles.c.attempts, throttles.c.expires_at).where(
                throttles.c.key.in_([bindparam(name) for name in names]),
                throttles.c.expires_at > bindparam("now", type_=Instant()),
            )
        )
    rows = db.read(statement, {**dict(zip(names, keys, strict=True)), "now": now})
    return [Counted(*row) for row in rows.all()]


def purge(db: Transaction, now: datetime) -> int:
    """Remove a batch of what is too old; return how many."""
    return remove_older(db, throttles.c.expires_at, now)
