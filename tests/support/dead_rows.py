"""Rows that are over, any number of them, as years of use would leave them without a purge."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Table, cast, insert, literal, select
from sqlalchemy.sql.expression import ColumnElement
from sqlalchemy.types import LargeBinary, String

from idp.store.database import Transaction
from idp.store.schema import (
    authorization_requests,
    grants,
    known_devices,
    outbox,
    revoked_tokens,
    sessions,
    spent,
    throttles,
)

SHARES = {
    grants: 0.4,
    sessions: 0.2,
    spent: 0.1,
    outbox: 0.1,
    revoked_tokens: 0.05,
    throttles: 0.05,
    authorization_requests: 0.05,
    known_devices: 0.05,
}


def add_dead_rows(
    db: Transaction, count: int, over_at: datetime, *, user_id: str, client_id: str
) -> None:
    """Insert about `count` rows that were all over by `over_at`, a second after one another."""
    for table, share in SHARES.items():
        add_to(db, table, round(count * share), over_at, user_id=user_id, client_id=client_id)


def add_to(
    db: Transaction, table: Table, count: int, over_at: datetime, *, user_id: str, client_id: str
) -> None:
    """Insert `count` dead rows into one table."""
    if not count:
        return
    first = select(literal(1).label("i")).cte("n", recursive=True)
    numbers = first.union_all(select(first.c.i + 1).where(first.c.i < count))
    name = literal("dead") + cast(numbers.c.i, String)
    values = _values(table, over_at) | {"user_id": user_id, "client_id": client_id}
    row: dict[str, ColumnElement[Any]] = {}
    for column in table.columns:
        if (column.primary_key and column.name not in ("user_id", "id")) or column.name == "id":
            row[column.name] = name
        elif column.name in values:
            row[column.name] = literal(values[column.name], column.type)
    if table is outbox:
        del row["id"]
    for key in ("secret_hash", "key"):
        if key in table.columns:
            row[key] = cast(name, LargeBinary)
    db.write(insert(table).from_select(list(row), select(*row.values()).select_from(numbers)))


def _values(table: Table, over_at: datetime) -> dict[str, Any]:
    began = over_at - timedelta(hours=1)
    instants = {c.name: over_at for c in table.columns if c.name.endswith(("_until", "expires_at"))}
    instants |= dict.fromkeys(("last_seen_at", "finished_at"), over_at)
    began_at = ("opened_at", "authenticated_at", "first_seen_at", "created_at", "auth_time")
    instants |= dict.fromkeys((*began_at, "not_before", "code_redeemed_at"), began)
    texts = dict.fromkeys(("address", "user_agent", "redirect_uri", "subject"), "dead")
    others = {
        "acr": "sfa",
        "amr": ["pwd"],
        "scope": ["openid"],
        "claims": {},
        "resource": [],
        "parameters": {},
        "consented": False,
        "offline": False,
        "generation": 3,
        "retries": 0,
        "idle_seconds": 3600,
        "sid": "dead",
        "kind": "mail",
        "state": "delivered",
        "attempts": 1,
    }
    never = ("leased_until", "trusted_until", "ended_at")
    return {k: v for k, v in (instants | texts | others).items() if k not in never}
