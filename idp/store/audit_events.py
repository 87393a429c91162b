"""Statements on the audit log: events are added, never changed (a trigger forbids it)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Text, bindparam, cast, exists, insert, null, or_, select, true

from idp.store.database import Transaction
from idp.store.prepared import Prepared
from idp.store.schema import audit_events, clients, sessions

_COLUMNS = [column for column in audit_events.c if column.name != "id"]
_ADD = Prepared(
    insert(audit_events)
    .values({column.name: bindparam(column.name) for column in _COLUMNS})
    .inline()
)
_ADD_ALL = insert(audit_events)
_ADD_WHILE_CLIENT_STANDS = Prepared(
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


def add_all(db: Transaction, rows: list[dict[str, Any]]) -> None:
    """Insert many events by one statement that is sent once, and its values for each of them.

    One that holds the values of all takes PostgreSQL ten times as long to read.
    """
    if len(rows) == 1:
        add(db, rows[0])
        return
    db.write_all(_ADD_ALL, rows)


def add_while_client_stands(db: Transaction, values: dict[str, Any], version: int) -> bool:
    """Insert an event about a client if it still is at this version: one statement, no race."""
    guard = {"standing_client": values["client_id"], "standing_version": version}
    return db.write_at_once(_ADD_WHILE_CLIENT_STANDS, values | guard).first() is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """An event as it was written, and the browser of its session if it has one."""

    id: int
    at: datetime
    name: str
    actor: str
    client_id: str | None
    sid: str | None
    address: str | None
    reference: str
    data: dict[str, Any]
    user_agent: str | None


_READ = [audit_events.c[name] for name in Recorded.__dataclass_fields__ if name != "user_agent"]


def list_of_user(
    db: Transaction,
    user_id: str,
    limit: int,
    *,
    before: int | None = None,
    without: Collection[str] = (),
) -> list[Recorded]:
    """Return what concerns a user, the newest first: what was written `before` an event.

    Events whose name is among those `without` are passed by.
    """
    query = (
        select(*_READ, sessions.c.user_agent)
        .select_from(
            audit_events.outerjoin(
                sessions,
                (sessions.c.sid == audit_events.c.sid)
                & (sessions.c.user_id == audit_events.c.user_id),
            )
        )
        .where(audit_events.c.user_id == user_id, audit_events.c.name.not_in(without))
    )
    if before is not None:
        query = query.where(audit_events.c.id < before)
    rows = db.read(query.order_by(audit_events.c.id.desc()).limit(limit)).mappings()
    return [Recorded(**row) for row in rows]


def list_about(
    db: Transaction, mark: str, limit: int, *, since: datetime | None = None
) -> list[Recorded]:
    """Return what speaks of a session, a grant, a token or a key by its id, the newest first.

    It reads whatever is younger than `since`: for operators, not for requests.
    """
    young = audit_events.c.at >= since if since is not None else true()
    said = cast(audit_events.c.data, Text).contains(mark, autoescape=True)
    query = (
        select(*_READ, null().label("user_agent"))
        .where(young, or_(audit_events.c.sid == mark, said))
        .order_by(audit_events.c.id.desc())
        .limit(limit)
    )
    return [Recorded(**row) for row in db.read(query).mappings()]
