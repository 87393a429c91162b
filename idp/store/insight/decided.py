"""Sign-ins, prompts and answers in figures: what the decisions say."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, literal, select

from idp.store.database import Transaction
from idp.store.decisions import ASKING
from idp.store.insight.parts import day, seconds_between, whole
from idp.store.prompts import UNFINISHED
from idp.store.schema import audit_events, decisions
from idp.store.types import Instant

_WEEK = timedelta(days=7).total_seconds()


@dataclass(frozen=True, slots=True, kw_only=True)
class Daily:
    """How many decisions of one kind a day had.

    `unfinished` are prompts of sign-ins that nobody has gone on from; of them, `given_up` are those
    that nobody can go on from any more.
    """

    day: str
    moment: str
    level: str
    outcome: str
    count: int
    unfinished: bool = False
    given_up: bool = False


def daily(db: Transaction, since: datetime, over: datetime) -> list[Daily]:
    """Return how many decisions there were, by day and kind.

    What was asked in a sign-in by the instant `over` is answered by now, or never will be.
    """
    table = decisions.c
    by: list[Any] = [
        day(db, table.at).label("day"),
        table.moment,
        table.level,
        table.outcome,
        UNFINISHED.label("unfinished"),
        and_(UNFINISHED, table.at <= over).label("given_up"),
    ]
    query = (
        select(*by, func.count().label("count"))
        .where(table.at >= since)
        .group_by(*by)
        .order_by(*by)
    )
    return [
        Daily(**{**row, "unfinished": bool(row["unfinished"]), "given_up": bool(row["given_up"])})
        for row in db.read(query).mappings()
    ]


def failures(db: Transaction, since: datetime) -> dict[str, int]:
    """Return how many proofs were wrong, by day."""
    table = audit_events.c
    on = day(db, table.at).label("day")
    which = (table.name == "login.failed", table.at >= since)
    query = select(on, func.count().label("count")).where(*which).group_by(on).order_by(on)
    return {row["day"]: row["count"] for row in db.read(query).mappings()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """How often “Was this you?” was answered so, of decisions of one kind."""

    level: str
    asked: bool
    answer: str
    count: int


def answers(db: Transaction, since: datetime) -> list[Answered]:
    """Return what people said to decisions about them, by level and by whether they were asked."""
    table = decisions.c
    asked = table.outcome.in_(ASKING)
    by: list[Any] = [table.level, asked.label("asked"), table.answer]
    query = (
        select(*by, func.count().label("count"))
        .where(table.at >= since, table.answer.is_not(None))
        .group_by(*by)
        .order_by(*by)
    )
    rows = db.read(query).mappings()
    return [Answered(**{**row, "asked": bool(row["asked"])}) for row in rows]


def prompts_per_week(db: Transaction, since: datetime) -> Mapping[int, int]:
    """Return in how many weeks of how many users there were so many prompts.

    A user's week counts in which anything was decided about them; weeks begin at `since`.
    """
    table = decisions.c
    start = literal(since, Instant())
    week = whole(seconds_between(db, start, table.at) / _WEEK).label("week")
    prompts = func.count().filter(table.outcome.in_(ASKING)).label("prompts")
    weeks = (
        select(table.user_id, week, prompts)
        .where(table.at >= since)
        .group_by(table.user_id, week)
        .subquery()
    )
    query = select(weeks.c.prompts, func.count().label("count")).group_by(weeks.c.prompts)
    rows = db.read(query.order_by(weeks.c.prompts)).mappings()
    return {row["prompts"]: row["count"] for row in rows}


def high_without_second_step(db: Transaction, since: datetime) -> int:
    """Return how many sign-ins at high risk opened a session by one factor."""
    return _count(
        db,
        since,
        decisions.c.moment == "sign_in",
        decisions.c.level == "high",
        decisions.c.sid.is_not(None),
        decisions.c.facts["acr"].as_string() == "sfa",
    )


def _count(db: Transaction, since: datetime, *which: ColumnElement[bool]) -> int:
    query = select(func.count()).where(and_(decisions.c.at >= since, *which))
    return int(db.read(query).scalar_one())
