"""Removes rows that are over, a few at a time, so that nobody waits for it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Delete,
    Row,
    Select,
    any_,
    delete,
    func,
    literal_column,
    select,
)

from idp.store.database import Transaction

BATCH = 500


def place(db: Transaction) -> ColumnElement[Any]:
    """Return where a row lies: the shortest way to it for whoever has just found it."""
    return literal_column("rowid" if db.dialect == "sqlite" else "ctid")


def among(
    db: Transaction, which: ColumnElement[Any], few: Select[tuple[Any]]
) -> ColumnElement[bool]:
    """Return a condition: `which` is one of these few.

    They are found once, before anything is changed. On PostgreSQL a row that somebody holds is
    passed over; on SQLite the turn of the writers is short.
    """
    if db.dialect == "sqlite":
        return which.in_(few)
    locked = few.with_for_update(skip_locked=True).scalar_subquery()
    return which == any_(func.array(locked))


def remove_older(
    db: Transaction, over_at: Column[Any], than: datetime, *also: ColumnElement[bool]
) -> int:
    """Remove the first rows that were over by `than`, at most `BATCH`; return how many.

    `over_at` is indexed, so a batch costs what it removes, however large the table.
    """
    return db.write(_removal(db, over_at, than, *also)).rowcount


def take_older(
    db: Transaction, over_at: Column[Any], than: datetime, *columns: Column[Any]
) -> Sequence[Row[Any]]:
    """Remove as above; return these columns of what this call removed, and no other one did."""
    return db.write(_removal(db, over_at, than).returning(*columns)).all()


def _removal(
    db: Transaction, over_at: Column[Any], than: datetime, *also: ColumnElement[bool]
) -> Delete:
    table, where = over_at.table, place(db)
    over = select(where).select_from(table).where(over_at <= than, *also).order_by(over_at)
    return delete(table).where(among(db, where, over.limit(BATCH)))
