"""Statements on the outbox: what is to be said or worked out later, one row each.

A row waits until a worker leases it; whoever still holds the lease says what became of it. A later
row of the same kind and subject is not leased while an earlier one waits.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, insert, or_, select, update

from idp.store.database import Transaction
from idp.store.purge import remove_older
from idp.store.schema import outbox as table

_WAITING, _DELIVERED, _DEAD = "waiting", "delivered", "dead"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What is known about one row beside its payload."""

    id: int
    kind: str
    subject: str
    state: str
    attempts: int
    not_before: datetime
    leased_until: datetime | None
    last_error: str | None
    created_at: datetime
    finished_at: datetime | None
    sid: str | None
    client_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Leased:
    """A row that one worker holds until `leased_until`; `attempts` counts this one."""

    id: int
    kind: str
    subject: str
    sid: str | None
    client_id: str | None
    payload_sealed: bytes
    attempts: int
    created_at: datetime
    leased_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Retried:
    """A row that is to be tried again at once."""

    id: int
    kind: str
    sid: str | None
    client_id: str | None


_RETRIED = [table.c[name] for name in Retried.__dataclass_fields__]
_SHOWN = [table.c[name] for name in Delivery.__dataclass_fields__]
_LEASED = [table.c[name] for name in Leased.__dataclass_fields__]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What is written of one row; it is due as soon as it is committed."""

    kind: str
    subject: str
    payload_sealed: bytes
    sid: str | None = None
    client_id: str | None = None


def add(db: Transaction, written: Sequence[Written], now: datetime) -> None:
    """Insert rows."""
    fresh = {"state": _WAITING, "attempts": 0, "not_before": now, "created_at": now}
    db.write_all(insert(table), [asdict(each) | fresh for each in written])


def due(db: Transaction, now: datetime) -> set[tuple[str, str | None]]:
    """Return the kinds of which something can be leased, and for which client if for one."""
    rows = db.read(select(table.c.kind, table.c.client_id).where(_due(now)).distinct())
    return {(row.kind, row.client_id) for row in rows}


def lease(
    db: Transaction,
    kinds: Sequence[str],
    now: datetime,
    until: datetime,
    *,
    client_id: str | None = None,
    but: bool = False,
) -> Leased | None:
    """Take the oldest row of these kinds (or, with `but`, of all others) that is due.

    With a `client_id`: of what is for that client.
    """
    chosen: ColumnElement[bool] = table.c.kind.not_in(kinds) if but else table.c.kind.in_(kinds)
    if client_id is not None:
        chosen = and_(chosen, table.c.client_id == client_id)
    # Other workers step over a row that is being leased; on SQLite there is one writer at a time.
    oldest = (
        select(table.c.id)
        .where(chosen, _due(now))
        .order_by(table.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    taken = (
        update(table)
        .where(table.c.id == oldest, _free(now))
        .values(attempts=table.c.attempts + 1, leased_until=until)
        .returning(*_LEASED)
    )
    row = db.write(taken).mappings().first()
    return Leased(**row) if row else None


def _free(now: datetime) -> ColumnElement[bool]:
    return and_(
        table.c.state == _WAITING,
        table.c.not_before <= now,
        or_(table.c.leased_until.is_(None), table.c.leased_until <= now),
    )


def _due(now: datetime) -> ColumnElement[bool]:
    earlier = table.alias("earlier")
    # What waits is what is not finished. Asked by its state, of which PostgreSQL knows that next to
    # nothing waits, all of it was looked through for each row: a thousand made a million looks.
    before_it = exists().where(
        earlier.c.subject == table.c.subject,
        earlier.c.kind == table.c.kind,
        earlier.c.finished_at.is_(None),
        earlier.c.id < table.c.id,
    )
    return and_(_free(now), ~before_it)


def delivered(db: Transaction, held: Leased, now: datetime) -> bool:
    """Note that it is done and forget its payload; False when the lease is another's by now."""
    return _settle(
        db,
        held,
        state=_DELIVERED,
        payload_sealed=None,
        last_error=None,
        finished_at=now,
    )


def postponed(db: Transaction, held: Leased, until: datetime, reason: str) -> bool:
    """Let it wait for its next try; False when the lease is another's by now."""
    return _settle(db, held, not_before=until, last_error=reason)


def given_up(db: Transaction, held: Leased, reason: str, now: datetime, *, for_good: bool) -> bool:
    """Try it no more, and `for_good` forget its payload; False when the lease is another's."""
    values = {"payload_sealed": None} if for_good else {}
    return _settle(db, held, state=_DEAD, last_error=reason, finished_at=now, **values)


def _settle(db: Transaction, held: Leased, **values: object) -> bool:
    statement = update(table).where(
        table.c.id == held.id,
        table.c.state == _WAITING,
        table.c.attempts == held.attempts,
        table.c.leased_until == held.leased_until,
    )
    return db.write(statement.values(leased_until=None, **values)).rowcount == 1


def withdraw(db: Transaction, kind: str, subject: str, now: datetime) -> int:
    """Forget what waits for this subject; what a worker holds may still go out."""
    statement = update(table).where(
        table.c.subject == subject, table.c.kind == kind, table.c.state == _WAITING
    )
    gone = {"state": _DEAD, "payload_sealed": None, "leased_until": None, "finished_at": now}
    return db.write(statement.values(**gone, last_error="withdrawn")).rowcount


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Which rows are meant: those that fit everything that is said."""

    ids: Sequence[int] | None = None
    client_id: str | None = None
    sid: str | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return it in SQL; nothing said is everything meant."""
        said: list[ColumnElement[bool]] = [
            table.c[name] == value
            for name in ("client_id", "sid")
            if (value := getattr(self, name)) is not None
        ]
        return said if self.ids is None else [table.c.id.in_(self.ids), *said]


EVERYTHING = Chosen()


def retry(db: Transaction, which: Chosen, now: datetime) -> list[Retried]:
    """Make rows due at once, as if new; return those.

    Left out is what was delivered, what was given up for good, and what a worker holds.
    """
    statement = update(table).where(
        table.c.payload_sealed.is_not(None),
        or_(table.c.leased_until.is_(None), table.c.leased_until <= now),
    )
    anew = {"state": _WAITING, "attempts": 0, "leased_until": None, "finished_at": None}
    changed = statement.where(*which.conditions()).values(not_before=now, **anew)
    rows = db.write(changed.returning(*_RETRIED)).mappings()
    return sorted((Retried(**row) for row in rows), key=lambda each: each.id)


def list_newest(
    db: Transaction, states: Sequence[str], limit: int, which: Chosen = EVERYTHING
) -> list[Delivery]:
    """Return the newest rows in these states, the newest first."""
    wanted = [table.c.state.in_(states), *which.conditions()]
    newest = select(*_SHOWN).where(*wanted).order_by(table.c.id.desc())
    return [Delivery(**row) for row in db.read(newest.limit(limit)).mappings()]


def purge_delivered(db: Transaction, before: datetime) -> int:
    """Remove a batch of what was delivered that long ago; return how many."""
    return remove_older(db, table.c.finished_at, before, table.c.state == _DELIVERED)


def purge_dead(db: Transaction, before: datetime) -> int:
    """Remove a batch of what was given up that long ago; return how many."""
    return remove_older(db, table.c.finished_at, before, table.c.state == _DEAD)
