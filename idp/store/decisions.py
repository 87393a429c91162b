"""Statements on decisions: what was seen, what was said, by which rule of which policy."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, case, func, insert, select, update

from idp.store.database import Transaction
from idp.store.prepared import Prepared
from idp.store.purge import BATCH, among, remove_older
from idp.store.schema import decisions as table

# What a user says to “Was this you?”.
ME, NOT_ME = "me", "not_me"
# The outcomes that ask somebody for something.
ASKING = ("ask_factor", "ask_again")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One decision about one user.

    `facts` are those of `policy.facts.Facts` as JSON, so that another policy can judge them;
    `contributions` are what moved the score, the strongest first. `draft` is what a draft policy
    would have said. `teaches` is how much it taught the user's habits; negative once it is counted
    in those of all users as well.
    `answer` is what the user said to “Was this you?”: `me` or `not_me`.
    """

    id: str
    at: datetime
    moment: str
    outcome: str
    rule: str
    policy_version: str
    level: str
    score: float
    user_id: str
    sid: str | None = None
    client_id: str | None = None
    device_id: str | None = None
    address: str = ""
    user_agent: str = ""
    reference: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    limits: dict[str, Any] = field(default_factory=dict)
    contributions: list[Any] = field(default_factory=list)
    features: dict[str, Any] = field(default_factory=dict)
    draft: dict[str, Any] | None = None
    teaches: float = 0.0
    answer: str | None = None
    answered_at: datetime | None = None

    @property
    def unfinished(self) -> bool:
        """Whether a sign-in was asked for more and has not gone on from there (`store.prompts`)."""
        return self.moment == "sign_in" and self.sid is None and self.outcome in ASKING


_NAMES = tuple(Recorded.__dataclass_fields__)
_COLUMNS = [table.c[name] for name in _NAMES]
_ADD = Prepared(insert(table).values({name: bindparam(name) for name in _NAMES}).inline())


def add(db: Transaction, decision: Recorded) -> None:
    """Insert a decision."""
    db.write(_ADD, {name: getattr(decision, name) for name in _NAMES})


def find(db: Transaction, decision_id: str) -> Recorded | None:
    """Return a decision."""
    row = db.read(select(*_COLUMNS).where(table.c.id == decision_id)).mappings().first()
    return Recorded(**row) if row else None


def list_of_session(db: Transaction, sid: str) -> list[Recorded]:
    """Return what was decided about a session, the newest first."""
    query = select(*_COLUMNS).where(table.c.sid == sid)
    rows = db.read(query.order_by(table.c.at.desc(), table.c.id)).mappings()
    return [Recorded(**row) for row in rows]


def list_of_user(db: Transaction, user_id: str, limit: int) -> list[Recorded]:
    """Return what was decided about a user, the newest first."""
    query = select(*_COLUMNS).where(table.c.user_id == user_id)
    rows = db.read(query.order_by(table.c.at.desc(), table.c.id).limit(limit)).mappings()
    return [Recorded(**row) for row in rows]


def list_answered(db: Transaction, user_id: str, said: str, since: datetime) -> list[Recorded]:
    """Return those of a user's decisions since then to which they said this, the newest first."""
    query = select(*_COLUMNS).where(
        table.c.user_id == user_id, table.c.at >= since, table.c.answer == said
    )
    rows = db.read(query.order_by(table.c.at.desc(), table.c.id)).mappings()
    return [Recorded(**row) for row in rows]


def list_between(
    db: Transaction, user_id: str, since: datetime | None, before: datetime | None, limit: int
) -> list[Recorded]:
    """Return a user's decisions from `since` on and `before` then, the newest first."""
    query = select(*_COLUMNS).where(table.c.user_id == user_id)
    if since is not None:
        query = query.where(table.c.at >= since)
    if before is not None:
        query = query.where(table.c.at < before)
    rows = db.read(query.order_by(table.c.at.desc(), table.c.id).limit(limit)).mappings()
    return [Recorded(**row) for row in rows]


@dataclass(frozen=True, slots=True)
class PolicyUse:
    """When a version of the policy was judged by, in the span that was asked for."""

    version: str
    first_at: datetime
    last_at: datetime


def policies_since(db: Transaction, since: datetime) -> list[PolicyUse]:
    """Return which policies were judged by since then, the one that came first first."""
    version, first = table.c.policy_version.label("version"), func.min(table.c.at)
    query = select(version, first.label("first_at"), func.max(table.c.at).label("last_at"))
    rows = db.read(query.where(table.c.at >= since).group_by(version).order_by(first)).mappings()
    return [PolicyUse(**row) for row in rows]


def answer(db: Transaction, decision_id: str, user_id: str, said: str, now: datetime) -> bool:
    """Note what the user says to it, once; False when it was answered or is not theirs.

    A `me` may be taken back, for somebody else may have said it; a `not_me` may not.
    """
    unanswered: ColumnElement[bool] = table.c.answer.is_(None)
    if said == NOT_ME:
        unanswered |= table.c.answer == ME
    change = update(table).where(table.c.id == decision_id, table.c.user_id == user_id, unanswered)
    return db.write(change.values(answer=said, answered_at=now)).rowcount == 1


def teach(db: Transaction, decision_id: str, more: float) -> None:
    """Let a decision teach more than it did at once; what is counted already is not again."""
    pending = case((table.c.teaches > 0, table.c.teaches), else_=0.0)
    db.write(update(table).where(table.c.id == decision_id).values(teaches=pending + more))


def teach_nothing(db: Transaction, decision_id: str) -> None:
    """Let all users' habits learn nothing from a decision that they have not learned from yet."""
    pending = update(table).where(table.c.id == decision_id, table.c.teaches > 0)
    db.write(pending.values(teaches=0.0))


def take_lessons(db: Transaction) -> list[tuple[dict[str, Any], float]]:
    """Return the features of a batch that nobody has counted over all users, and their weights.

    Whoever takes them counts them in the same transaction; another node passes them over.
    """
    batch = select(table.c.id).where(table.c.teaches > 0).limit(BATCH)
    taking = update(table).where(among(db, table.c.id, batch)).values(teaches=-table.c.teaches)
    taken = db.write(taking.returning(table.c.features, table.c.teaches)).mappings()
    return [(row["features"], -row["teaches"]) for row in taken]


def purge(db: Transaction, before: datetime) -> int:
    """Remove a batch of decisions that were made by then; return how many."""
    return remove_older(db, table.c.at, before)
