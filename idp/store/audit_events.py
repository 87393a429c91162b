"""Statements on the audit log: events are added, never changed (a trigger forbids it)."""

from typing import Any

from sqlalchemy import bindparam, exists, insert, select

from idp.store.database import Transaction
from idp.store.schema import audit_events, clients

_COLUMNS = [column for column in audit_events.c if column.name != "id"]
_ADD = insert(audit_events)
_ADD_WHILE_CLIENT_STANDS = (
    insert(audit_events)
    .from_select(
        [column.name for column in _COLUMNS],
        select(*(bindparam(column.name, type_=column.type) for column in _COLUMNS)).where(
            exists(
                select(clients.c.client_id).where(
                    clients.c.client_id == bindparam("standing_client"),
                    clients.c.version == bindparam("standing_version"),
                )
            )
        ),
    )
    .returning(audit_events.c.id)
)


def add(db: Transaction, values: dict[str, Any]) -> None:
    """Insert an event."""
    db.write(_ADD, values)


def add_while_client_stands(db: Transaction, values: dict[str, Any], version: int) -> bool:
    """Insert an event about a client if it still is at this version: one statement, no race."""
    guard = {"standing_client": values["client_id"], "standing_version": version}
    return db.write(_ADD_WHILE_CLIENT_STANDS, values | guard).first() is not None
