"""Sessions in figures: those that are over, and those that live."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, String, and_, case, cast, func, literal, or_, select

from idp.store.database import Transaction
from idp.store.insight.parts import seconds_between
from idp.store.schema import decisions, grants, sessions
from idp.store.sessions import ALIVE
from idp.store.types import Instant

_TABLE = sessions.c
# An idle end counts from when it came, whenever somebody noted it.
_over_at = case((_TABLE.ended_at < _TABLE.idle_until, _TABLE.ended_at), else_=_TABLE.idle_until)
# What an operator wrote as a reason is no kind of end.
_REASON = case(
    (_TABLE.end_reason.like("admin:%"), literal("admin")),
    (_TABLE.end_reason.is_not(None), _TABLE.end_reason),
    (_TABLE.absolute_until <= _TABLE.idle_until, literal("absolute_timeout")),
    else_=literal("idle_timeout"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Length:
    """How long sessions lived that ended for one reason, in seconds."""

    reason: str
    count: int
    median: float
    p90: float


def lengths(db: Transaction, since: datetime, now: datetime) -> list[Length]:
    """Return how long the sessions lived that came to an end since, by the reason.

    None ends after its absolute limit, so the index on that finds them all.
    """
    over = (
        select(
            _REASON.label("reason"),
            seconds_between(db, _TABLE.opened_at, _over_at).label("length"),
        )
        .where(
            _TABLE.absolute_until >= since,
            _over_at >= since,
            or_(_TABLE.ended_at.is_not(None), _TABLE.idle_until <= now),
        )
        .subquery()
    )
    place = func.row_number().over(partition_by=over.c.reason, order_by=over.c.length)
    count = func.count().over(partition_by=over.c.reason)
    ranked = select(over, place.label("place"), count.label("count")).subquery()
    query = (
        select(
            ranked.c.reason,
            ranked.c["count"],
            _at_share(ranked.c.place, ranked.c["count"], ranked.c.length, 50).label("median"),
            _at_share(ranked.c.place, ranked.c["count"], ranked.c.length, 90).label("p90"),
        )
        .group_by(ranked.c.reason, ranked.c["count"])
        .order_by(ranked.c["count"].desc(), ranked.c.reason)
    )
    return [Length(**row) for row in db.read(query).mappings()]


def _at_share(
    place: ColumnElement[int], count: ColumnElement[int], value: ColumnElement[float], share: int
) -> ColumnElement[float]:
    """Return the smallest value that so many of a hundred do not exceed."""
    reached = place * 100 >= count * share
    return func.min(case((reached, value)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Alive:
    """How many sessions live, of one kind."""

    risk: str
    acr: str
    challenged: bool
    count: int


def alive(db: Transaction, now: datetime) -> list[Alive]:
    """Return how many sessions live, by risk and level, and by whether they must be proved anew."""
    challenged = _TABLE.challenged_at.is_not(None)
    by: list[Any] = [_TABLE.risk, _TABLE.acr, challenged.label("challenged")]
    query = select(*by, func.count().label("count")).where(ALIVE).group_by(*by).order_by(*by)
    rows = db.read(query, {"now": now}).mappings()
    return [Alive(**{**row, "challenged": bool(row["challenged"])}) for row in rows]


def alive_by_client(db: Transaction, now: datetime) -> dict[str, int]:
    """Return in how many live sessions each client has something that is not over."""
    count = func.count(grants.c.sid.distinct())
    query = (
        select(grants.c.client_id, count.label("count"))
        .join(sessions, sessions.c.sid == grants.c.sid)
        .where(ALIVE, grants.c.ended_at.is_(None), grants.c.code_redeemed_at.is_not(None))
        .group_by(grants.c.client_id)
        .order_by(count.desc(), grants.c.client_id)
    )
    rows = db.read(query, {"now": now}).mappings()
    return {row["client_id"]: row["count"] for row in rows}


def alive_by_country(db: Transaction, now: datetime) -> dict[str, int]:
    """Return how many live sessions were opened in each country; empty: nobody knows where."""
    country = func.coalesce(cast(decisions.c.facts["country"].as_string(), String), "")
    count = func.count()
    query = (
        select(country.label("country"), count.label("count"))
        .select_from(sessions.outerjoin(decisions, decisions.c.id == sessions.c.decision_id))
        .where(ALIVE)
        .group_by(country)
        .order_by(count.desc(), country)
    )
    rows = db.read(query, {"now": now}).mappings()
    return {row["country"]: row["count"] for row in rows}


@dataclass(frozen=True, slots=True, kw_only=True)
class TooLong:
    """How many live sessions may idle, or last, longer than they should."""

    live: int
    idle: int
    absolute: int


def too_long(db: Transaction, now: datetime, *, idle: float, absolute: float) -> TooLong:
    """Return how many live sessions have limits longer than these seconds."""
    lasting = seconds_between(db, _TABLE.opened_at, _TABLE.absolute_until)
    query = select(
        func.count().label("live"),
        func.count().filter(_TABLE.idle_seconds > idle).label("idle"),
        # A little more than nothing is what rounding leaves.
        func.count().filter(lasting > absolute + 1).label("absolute"),
    ).where(ALIVE)
    return TooLong(**db.read(query, {"now": now}).mappings().one())


def over_without_record(db: Transaction, before: datetime) -> int:
    """Return how many sessions came to a limit before then and have no end noted."""
    unnoted = and_(_TABLE.ended_at.is_(None), _TABLE.idle_until <= literal(before, Instant()))
    return int(db.read(select(func.count()).select_from(sessions).where(unnoted)).scalar_one())


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """How many users have a great many live sessions, and one of those users."""

    users: int = 0
    user_id: str | None = None


def crowd(db: Transaction, now: datetime, *, more_than: int) -> Crowd:
    """Return who has more live sessions than this."""
    many = (
        select(_TABLE.user_id)
        .where(ALIVE)
        .group_by(_TABLE.user_id)
        .having(func.count() > more_than)
        .subquery()
    )
    query = select(func.count().label("users"), func.min(many.c.user_id).label("user_id"))
    return Crowd(**db.read(query, {"now": now}).mappings().one())
