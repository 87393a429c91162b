"""Statements on clients."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, true, update

from idp.store.database import Transaction
from idp.store.schema import clients


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRow:
    """A registered client as it is kept."""

    client_id: str
    secret_hash: bytes | None
    metadata: dict[str, Any]
    version: int
    created_at: datetime
    updated_at: datetime


_COLUMNS = [clients.c[name] for name in ClientRow.__dataclass_fields__]


def add(db: Transaction, row: ClientRow) -> None:
    """Insert a client."""
    db.write(insert(clients).values(**{c.name: getattr(row, c.name) for c in _COLUMNS}))


def find(db: Transaction, client_id: str) -> ClientRow | None:
    """Return a client."""
    row = db.read(select(*_COLUMNS).where(clients.c.client_id == client_id)).mappings().first()
    return ClientRow(**row) if row else None


def list_all(db: Transaction) -> list[ClientRow]:
    """Return every client, the oldest first."""
    rows = db.read(select(*_COLUMNS).order_by(clients.c.created_at, clients.c.client_id))
    return [ClientRow(**row) for row in rows.mappings()]


def change(
    db: Transaction,
    client_id: str,
    now: datetime,
    *,
    version: int | None = None,
    **values: object,
) -> bool:
    """Set columns and raise the version, by which cached copies notice.

    With a `version`, nothing is set if the client has another one by now.
    """
    current = clients.c.version == version if version is not None else true()
    statement = (
        update(clients)
        .where(clients.c.client_id == client_id, current)
        .values(updated_at=now, version=clients.c.version + 1, **values)
    )
    return db.write(statement).rowcount == 1


def remove(db: Transaction, client_id: str) -> bool:
    """Delete a client with its consents and grants."""
    return db.write(delete(clients).where(clients.c.client_id == client_id)).rowcount == 1
