"""Statements on what is usual: a row of counters per user, and a row per value over all users."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Float,
    String,
    and_,
    bindparam,
    cast,
    delete,
    false,
    literal,
    literal_column,
    null,
    or_,
    select,
    union_all,
    update,
)

from idp.store.database import Transaction
from idp.store.prepared import Prepared
from idp.store.purge import BATCH, among, place
from idp.store.schema import common_values, habits

Pair = tuple[str, str]
# The row whose value is empty is the sum over all values of its feature.
SUM = ""
# No feature is called so: the row is the user's own.
_OWN = ""
_COLUMNS = common_values.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """The counters of a user; version 0 is nobody's row yet."""

    counters: dict[str, Any] = field(default_factory=dict)
    version: int = 0


_FIND = Prepared(
    select(habits.c.counters, habits.c.version).where(habits.c.user_id == bindparam("whose"))
)
# One statement per set of features that is asked for; there are as many as features can be unknown.
_USUAL: dict[tuple[str, ...], Prepared] = {}


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


def usual(
    db: Transaction, user_id: str, pairs: Sequence[Pair]
) -> tuple[Habits, dict[Pair, tuple[float, int]]]:
    """Return what is usual for the user and, for these values, for all users.

    The latter is weight and kinds of each value, and of the sum of its feature. One statement reads
    both, for every decision about a sign-in does.
    """
    asked = tuple(feature for feature, _ in pairs)
    statement = _USUAL.get(asked)
    if statement is None:
        statement = _USUAL[asked] = Prepared(_reading(asked))
    own, common = Habits(), {}
    for feature, value, weight, kinds, counters in db.read(
        statement, {"whose": user_id, **dict(pairs)}
    ).all():
        if feature == _OWN:
            own = Habits(counters=counters, version=kinds)
        else:
            common[feature, value] = (weight, kinds)
    return own, common


def _reading(features: Sequence[str]) -> CompoundSelect[Any]:
    own = select(
        literal_column(f"'{_OWN}'", String).label("feature"),
        literal_column("''", String).label("value"),
        literal_column("0.0", Float).label("weight"),
        habits.c.version.label("kinds"),
        habits.c.counters,
    ).where(habits.c.user_id == bindparam("whose"))
    of_all = select(
        _COLUMNS.feature,
        _COLUMNS.value,
        _COLUMNS.weight,
        _COLUMNS.kinds,
        cast(null(), habits.c.counters.type),
    ).where(or_(false(), *(_either(feature) for feature in features)))
    return union_all(own, of_all)


def _either(feature: str) -> ColumnElement[bool]:
    # Both columns of the key in one condition: what the planner knows of a table may be old.
    return and_(_COLUMNS.feature == feature, _COLUMNS.value.in_([literal(SUM), bindparam(feature)]))


def add_common(db: Transaction, weights: Mapping[Pair, float]) -> None:
    """Count these values over all users.

    Whoever changes values holds the sums of their features first, all in one order: two nodes wait
    for each other and never both, and what one is about to count no other removes.
    """
    if not weights:
        return
    sums: dict[Pair, float] = {}
    for (feature, _), weight in weights.items():
        sums[feature, SUM] = sums.get((feature, SUM), 0.0) + weight
    _add(db, [_row(pair, weight) for pair, weight in sorted(sums.items())])
    rows = [_row(pair, weight) for pair, weight in sorted(weights.items())]
    new = _insert_missing(db, rows)
    _add(db, [row for row in rows if (row["feature"], row["value"]) not in new])
    kinds = Counter(feature for feature, _ in new)
    _add(db, [_row((feature, SUM), kinds=count) for feature, count in kinds.items()])


def forget_common(db: Transaction, below: float) -> int:
    """Remove a batch of the values that weigh less; return how many.

    The sums are those of what is left. Only the features concerned are held, and none for nothing.
    """
    light = and_(_COLUMNS.value != SUM, _COLUMNS.weight < below)
    found = db.read(select(_COLUMNS.feature).where(light).limit(BATCH)).scalars()
    features = sorted(set(found))
    if not features:
        return 0
    sums = and_(_COLUMNS.feature.in_(features), _COLUMNS.value == SUM)
    holding = select(_COLUMNS.feature).where(sums).order_by(_COLUMNS.feature)
    db.write(holding.with_for_update())
    where = place(db)
    some = select(where).select_from(common_values).where(light, _COLUMNS.feature.in_(features))
    removing = delete(common_values).where(among(db, where, some.limit(BATCH)))
    gone = db.write(removing.returning(_COLUMNS.feature, _COLUMNS.weight)).mappings().all()
    kinds, lost = Counter(row["feature"] for row in gone), dict.fromkeys(features, 0.0)
    for row in gone:
        lost[row["feature"]] += row["weight"]
    _add(db, [_row((each, SUM), -lost[each], kinds=-kinds[each]) for each in features])
    db.write(delete(common_values).where(sums, _COLUMNS.kinds <= 0))
    return len(gone)


def _row(pair: Pair, weight: float = 0.0, *, kinds: int = 0) -> dict[str, Any]:
    feature, value = pair
    return {"feature": feature, "value": value, "weight": weight, "kinds": kinds}


def _insert_missing(db: Transaction, rows: list[dict[str, Any]]) -> set[Pair]:
    """Insert the rows that are not there; return which."""
    key = [_COLUMNS.feature, _COLUMNS.value]
    missing = db.insert_or_ignore(common_values).returning(*key)
    return {(row["feature"], row["value"]) for row in db.write_all(missing, rows).mappings()}


def _add(db: Transaction, rows: list[dict[str, Any]]) -> None:
    """Add to what the rows say; those that are not there are inserted."""
    if not rows:
        return
    adding = db.upsert(common_values)
    more = {name: _COLUMNS[name] + adding.excluded[name] for name in ("weight", "kinds")}
    adding = adding.on_conflict_do_update(index_elements=["feature", "value"], set_=more)
    # What is to be answered is said in one statement for a thousand rows, not in one for each.
    db.write_all(adding.returning(_COLUMNS.feature), rows)
