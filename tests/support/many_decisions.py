"""A great many decisions, one every few minutes, made by the database itself."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import String, cast, func, insert, literal, literal_column, select, text

from idp.store.database import Transaction
from idp.store.schema import decisions
from tests.support.judged import a_decision


def add_many(
    db: Transaction,
    user_ids: list[str],
    count: int,
    until: datetime,
    span: timedelta,
    **traits: Any,
) -> None:
    """Insert `count` decisions of these users in turn, evenly over a span that ends then."""
    one = a_decision(user_ids[0], until, **traits)
    first = select(literal(1).label("i")).cte("n", recursive=True)
    numbers = first.union_all(select(first.c.i + 1).where(first.c.i < count))
    seconds = span.total_seconds() / count
    if db.dialect == "sqlite":
        ago = func.printf(literal_column("'-%f seconds'"), numbers.c.i * seconds)
        at: Any = func.strftime("%Y-%m-%d %H:%M:%f000", f"{until:%Y-%m-%d %H:%M:%S}", ago)
    else:
        at = literal(until) - numbers.c.i * literal_column(f"interval '{seconds:f} seconds'")
    row: dict[str, Any] = {
        name: literal(getattr(one, name), decisions.c[name].type)
        for name in type(one).__dataclass_fields__
    }
    number = cast(numbers.c.i, String)
    row |= {"id": literal("d") + number, "sid": literal("s") + number, "at": at}
    for turn, user_id in enumerate(user_ids):
        row["user_id"] = literal(user_id)
        mine = select(*row.values()).select_from(numbers)
        mine = mine.where(numbers.c.i % len(user_ids) == turn)
        db.write(insert(decisions).from_select(list(row), mine))
    db.write(text("ANALYZE"))
