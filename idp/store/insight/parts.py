"""What SQLite and PostgreSQL say differently."""

from typing import Any

from sqlalchemy import Column, ColumnElement, Date, Float, Integer, String, cast, extract, func

from idp.store.database import Transaction


def day(db: Transaction, instant: Column[Any]) -> ColumnElement[str]:
    """Return the day in UTC, such as `2030-01-01`."""
    if db.dialect == "sqlite":
        return func.date(instant)
    return cast(cast(func.timezone("UTC", instant), Date), String)


def seconds_between(
    db: Transaction, earlier: ColumnElement[Any], later: ColumnElement[Any]
) -> ColumnElement[float]:
    """Return how many seconds lie between two instants."""
    if db.dialect == "sqlite":
        return (func.julianday(later) - func.julianday(earlier)) * 86_400.0
    return cast(extract("epoch", later - earlier), Float)


def whole(number: ColumnElement[float]) -> ColumnElement[int]:
    """Return a number that is not negative without its fraction."""
    return cast(func.floor(number), Integer)
