"""Removes rows that are over, a few at a time, so that nobody waits for it."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, any_, delete, func, literal_column, select

from idp.store.database import Transaction

BATCH = 500


def remove_older(
    db: Transaction, over_at: Column[Any], than: datetime, *also: ColumnElement[bool]
) -> int:
    """Remove the first rows that were over by `than`, at most `BATCH`; return how many.

    `over_at` is indexed, so a batch costs what it removes, however large the table. On PostgreSQL
    a row that somebody holds is passed over; on SQLite the turn of the writers is short.
    """
    table = over_at.table
    place: ColumnElement[Any] = literal_column("rowid" if db.dialect == "sqlite" else "ctid")
    over = (
        select(place)
        .select_from(table)
        .where(over_at <= than, *also)
        .order_by(over_at)
        .limit(BATCH)
    )
    if db.dialect == "sqlite":
        chosen: ColumnElement[bool] = place.in_(over)
    else:
        locked = over.with_for_update(skip_locked=True).scalar_subquery()
        chosen = place == any_(func.array(locked))
    return db.write(delete(table).where(chosen)).rowcount
