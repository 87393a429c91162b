"""Statements on authorization requests that wait for a person."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update

from idp.store.database import Transaction
from idp.store.purge import remove_older
from idp.store.schema import authorization_requests as table


def add(
    db: Transaction,
    request_id: str,
    parameters: dict[str, Any],
    now: datetime,
    lifetime: timedelta,
) -> None:
    """Keep the parameters of a checked request."""
    db.write(
        insert(table).values(
            id=request_id,
            client_id=parameters["client_id"],
            parameters=parameters,
            created_at=now,
            expires_at=now + lifetime,
        )
    )


def find(db: Transaction, request_id: str, now: datetime) -> dict[str, Any] | None:
    """Return the parameters of a request that is neither answered nor too old."""
    statement = select(table.c.parameters).where(
        table.c.id == request_id, table.c.completed_at.is_(None), table.c.expires_at > now
    )
    parameters = db.read(statement).scalar()
    return dict(parameters) if parameters is not None else None


def consume(db: Transaction, request_id: str, now: datetime) -> bool:
    """Mark a request as answered; True for the one call that wins (I8)."""
    statement = (
        update(table)
        .where(table.c.id == request_id, table.c.completed_at.is_(None), table.c.expires_at > now)
        .values(completed_at=now)
    )
    return db.write(statement).rowcount == 1


def purge(db: Transaction, now: datetime) -> int:
    """Remove a batch of what is too old; return how many."""
    return remove_older(db, table.c.expires_at, now)
