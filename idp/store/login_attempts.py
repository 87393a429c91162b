"""Statements on half-done sign-ins: a password was right, a factor is still missing."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, update

from idp.store.database import Transaction
from idp.store.purge import take_older
from idp.store.schema import login_attempts as table


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginAttempt:
    """A half-done sign-in of one browser; with a `sid` it adds to that session alone."""

    id: str
    user_id: str
    sid: str | None
    amr: tuple[str, ...]
    proved_at: datetime | None
    expires_at: datetime
    purpose: str = "sign_in"
    ticket_id: str | None = None


def add(db: Transaction, attempt: LoginAttempt, browser_hash: bytes, now: datetime) -> None:
    """Insert an attempt that only this browser can go on with."""
    db.write(
        insert(table).values(
            id=attempt.id,
            browser_hash=browser_hash,
            user_id=attempt.user_id,
            sid=attempt.sid,
            amr=list(attempt.amr),
            proved_at=attempt.proved_at,
            created_at=now,
            expires_at=attempt.expires_at,
            purpose=attempt.purpose,
            ticket_id=attempt.ticket_id,
        )
    )


def find(
    db: Transaction, attempt_id: str, browser_hash: bytes, now: datetime
) -> LoginAttempt | None:
    """Return the unfinished attempt of this browser."""
    columns = [table.c[name] for name in LoginAttempt.__dataclass_fields__]
    statement = select(*columns).where(
        table.c.id == attempt_id,
        table.c.browser_hash == browser_hash,
        table.c.finished_at.is_(None),
        table.c.expires_at > now,
    )
    row = db.read(statement).mappings().first()
    return LoginAttempt(**{**row, "amr": tuple(row["amr"])}) if row else None


def extend(db: Transaction, attempt: LoginAttempt, more: LoginAttempt, now: datetime) -> bool:
    """Note one more proof; False when the attempt is done, too old, or went on meanwhile."""
    statement = (
        update(table)
        .where(
            table.c.id == attempt.id,
            table.c.finished_at.is_(None),
            table.c.expires_at > now,
            table.c.amr == list(attempt.amr),
        )
        .values(amr=list(more.amr), proved_at=more.proved_at)
    )
    return db.write(statement).rowcount == 1


def finish(db: Transaction, attempt_id: str, now: datetime) -> bool:
    """Mark an attempt as done; True for the one call that wins (I8)."""
    statement = (
        update(table)
        .where(table.c.id == attempt_id, table.c.finished_at.is_(None), table.c.expires_at > now)
        .values(finished_at=now)
    )
    return db.write(statement).rowcount == 1


def end_all_of_user(db: Transaction, user_id: str, now: datetime) -> None:
    """Let nobody go on with what the user's old proofs began."""
    statement = update(table).where(table.c.user_id == user_id, table.c.finished_at.is_(None))
    db.write(statement.values(finished_at=now))


def remove_expired(db: Transaction, now: datetime) -> dict[str, tuple[str, ...]]:
    """Remove a batch of what is too old; return what was proved in each that this call removed."""
    removed = take_older(db, table.c.expires_at, now, table.c.id, table.c.amr)
    return {row.id: tuple(row.amr) for row in removed}
