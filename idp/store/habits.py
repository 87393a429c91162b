"""Statements on what is usual: a row of counters per user, and a row per value over all users."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, literal, or_, select, update

from idp.store.database import Transaction
from idp.store.prepared import Prepared
from idp.store.schema import common_values, habits

Pair = tuple[str, str]
# The row whose value is empty is the sum over all values of its feature.
SUM = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """The counters of a user; version 0 is nobody's row yet."""

    counters: dict[str, Any] = field(default_factory=dict)
    version: int = 0


_FIND = Prepared(
    select(habits.c.counters, habits.c.version).where(habits.c.user_id == bindparam("whose"))
)
# One statement per set of features that is asked for; there are as many as features can be unknown.
_COMMON: dict[tuple[str, ...], Prepared] = {}


def find(db: Transaction, user_id: str) -> Habits:
    """Return what is usual for the user."""
    row = db.read(_FIND, {"whose": user_id}).first()
    return Habits(counters=row[0], version=row[1]) if row else Habits()


def save(
    db: Transaction,
    user_id: str,
    before: Habits,
    after: Mapping[str, Any],
    *,
    learned: float,
    now: datetime,
) -> bool:
    """Replace the counters; False when somebody else has done so since `before` was read."""
    values = {"counters": after, "learned": learned, "updated_at": now}
    if not before.version:
        adding = db.insert_or_ignore(habits).values(user_id=user_id, version=1, **values)
        return db.write(adding.returning(habits.c.version)).one_or_none() is not None
    change = update(habits).where(habits.c.user_id == user_id, habits.c.version == before.version)
    return db.write(change.values(version=before.version + 1, **values)).rowcount == 1


def common(db: Transaction, pairs: Sequence[Pair]) -> dict[Pair, tuple[float, int]]:
    """Return weight and kinds of these values over all users, and of the sums of their features."""
    if not pairs:
        return {}
    asked = tuple(feature for feature, _ in pairs)
    statement = _COMMON.get(asked)
    if statement is None:
        statement = _COMMON[asked] = Prepared(
            select(
                common_values.c.feature,
                common_values.c.value,
                common_values.c.weight,
                common_values.c.kinds,
            ).where(or_(*(_either(feature) for feature in asked)))
        )
    rows = db.read(statement, dict(pairs)).all()
    return {(feature, value): (weight, kinds) for feature, value, weight, kinds in rows}


def _either(feature: str) -> ColumnElement[bool]:
    # Both columns of the key in one condition: what the planner knows of a table may be old.
    wanted = common_values.c.value.in_([literal(SUM), bindparam(feature)])
    return and_(common_values.c.feature == feature, wanted)


def add_common(db: Transaction, weights: Mapping[Pair, float]) -> None:
    """Count these values over all users.

    The sums come first and all values in one order, so that two nodes wait for each other and never
    both.
    """
    sums: dict[str, float] = {}
    for (feature, _), weight in weights.items():
        sums[feature] = sums.get(feature, 0.0) + weight
    rows = [((feature, SUM), weight) for feature, weight in sorted(sums.items())]
    rows += sorted(weights.items())
    if not rows:
        return
    new = _insert_missing(db, [pair for pair, _ in rows])
    db.write_all(
        update(common_values)
        .where(common_values.c.feature == bindparam("of"), common_values.c.value == bindparam("is"))
        .values(
            weight=common_values.c.weight + bindparam("more"),
            kinds=common_values.c.kinds + bindparam("new"),
        ),
        [
            {"of": feature, "is": value, "more": weight, "new": 0 if value else new.get(feature, 0)}
            for (feature, value), weight in rows
        ],
    )


def _insert_missing(db: Transaction, pairs: Sequence[Pair]) -> dict[str, int]:
    """Insert the rows that are not there; return how many values are new, by feature."""
    missing = db.insert_or_ignore(common_values).values(
        [
            {"feature": feature, "value": value, "weight": 0.0, "kinds": 0}
            for feature, value in pairs
        ]
    )
    inserting = missing.returning(common_values.c.feature, common_values.c.value)
    new: dict[str, int] = {}
    for row in db.write(inserting).mappings():
        if row["value"]:
            new[row["feature"]] = new.get(row["feature"], 0) + 1
    return new
