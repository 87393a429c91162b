"""Statements on signing keys: next (already published) → active → retired → gone."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, or_, select, text, update

from idp.store.database import Transaction
from idp.store.schema import signing_keys as table


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRow:
    """A signing key as it is kept; the private half is sealed under the master key."""

    kid: str
    algorithm: str
    state: str
    private_sealed: bytes
    created_at: datetime
    activated_at: datetime | None = None
    retired_at: datetime | None = None
    published_until: datetime | None = None


_COLUMNS = [table.c[name] for name in KeyRow.__dataclass_fields__]


def add(db: Transaction, row: KeyRow) -> None:
    """Insert a key."""
    db.write(insert(table).values(**{c.name: getattr(row, c.name) for c in _COLUMNS}))


def lock(db: Transaction) -> None:
    """Wait until nobody else changes keys, and keep it so until the transaction ends.

    Readers go on. On SQLite a transaction that writes is alone anyway.
    """
    alone = "LOCK TABLE signing_keys IN SHARE ROW EXCLUSIVE MODE"
    db.write(text("SELECT 1" if db.dialect == "sqlite" else alone))


def list_published(db: Transaction, now: datetime) -> list[KeyRow]:
    """Return every key that verifies: next, active, and retired ones still published."""
    statement = (
        select(*_COLUMNS)
        .where(or_(table.c.published_until.is_(None), table.c.published_until > now))
        .order_by(table.c.algorithm, table.c.state, table.c.created_at, table.c.kid)
    )
    return [KeyRow(**row) for row in db.read(statement).mappings()]


def retire_active(
    db: Transaction, algorithm: str, now: datetime, published_until: datetime
) -> str | None:
    """Stop the active key from signing; return its kid when this call did it."""
    statement = (
        update(table)
        .where(table.c.algorithm == algorithm, table.c.state == "active")
        .values(state="retired", retired_at=now, published_until=published_until)
        .returning(table.c.kid)
    )
    return db.write(statement).scalar()


def activate(db: Transaction, kid: str, now: datetime) -> bool:
    """Let a next key sign; True for the one call that wins."""
    statement = (
        update(table)
        .where(table.c.kid == kid, table.c.state == "next")
        .values(state="active", activated_at=now)
    )
    return db.write(statement).rowcount == 1


def remove(db: Transaction, kid: str) -> KeyRow | None:
    """Remove a key, whatever its state; return it when this call did."""
    statement = delete(table).where(table.c.kid == kid).returning(*_COLUMNS)
    row = db.write(statement).mappings().one_or_none()
    return KeyRow(**row) if row else None


def remove_unpublished(db: Transaction, now: datetime) -> list[tuple[str, str]]:
    """Remove retired keys whose last token has expired; return kid and algorithm of each."""
    statement = (
        delete(table)
        .where(table.c.published_until <= now)
        .returning(table.c.kid, table.c.algorithm)
    )
    return [(row.kid, row.algorithm) for row in db.write(statement)]
