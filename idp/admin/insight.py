"""What goes on, in figures: the one value behind `idp insight`, operators' pages and metrics."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from idp.context import RequestContext
from idp.login.service import ATTEMPT_LIFETIME
from idp.store.decisions import ASKING
from idp.store.insight import decided, lives, people
from idp.store.insight.decided import Answered, Daily
from idp.store.insight.lives import Alive, Length
from idp.store.insight.people import Strength

SIGN_IN = "sign_in"
_REFUSING = ("refuse", "end")


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One day: `failures` are wrong proofs; the rest are decisions.

    `sign_ins` were let in, `refusals` were not; `prompts` are sign-ins that the policy asked a
    second step of, and `given_up` those of them that nobody went on from: neither let in nor
    refused. A prompt that can still be answered is neither, yet. `step_ups` are sessions in which
    the policy asked, and `ended` are those that a decision ended.
    """

    day: str
    sign_ins: int = 0
    failures: int = 0
    refusals: int = 0
    prompts: int = 0
    given_up: int = 0
    step_ups: int = 0
    ended: int = 0
    low: int = 0
    elevated: int = 0
    high: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarms:
    """What people said to “Was this you?” where somebody had been asked for something.

    Each `me` was a false alarm. Who does not answer says nothing: it is the share of the answers,
    not of all prompts.
    """

    me: int
    not_me: int

    @property
    def false_share(self) -> float | None:
        """The share of false alarms among the prompts that people said something to."""
        said = self.me + self.not_me
        return self.me / said if said else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Insight:
    """Everything at once; nothing in it names a person."""

    since: datetime
    until: datetime
    days: tuple[Day, ...]
    lengths: tuple[Length, ...]
    prompts_per_week: Mapping[int, int]
    answers: tuple[Answered, ...]
    strengths: tuple[Strength, ...]
    alive: tuple[Alive, ...]
    alive_by_client: Mapping[str, int]
    alive_by_country: Mapping[str, int]

    @property
    def alarms(self) -> Alarms:
        """How many of the prompts that people said something to were false alarms."""
        return alarms_of(self.answers)


def alarms_of(answers: Iterable[Answered]) -> Alarms:
    """Return what was answered where somebody had been asked for something."""
    said = Counter[str]()
    for each in answers:
        if each.asked:
            said[each.answer] += each.count
    return Alarms(me=said["me"], not_me=said["not_me"])


def insight(ctx: RequestContext, since: datetime) -> Insight:
    """Return the figures from then until now."""
    db, now = ctx.db, ctx.now
    return Insight(
        since=since,
        until=now,
        days=tuple(
            _days(decided.daily(db, since, now - ATTEMPT_LIFETIME), decided.failures(db, since))
        ),
        lengths=tuple(lives.lengths(db, since, now)),
        prompts_per_week=decided.prompts_per_week(db, since),
        answers=tuple(decided.answers(db, since)),
        strengths=tuple(people.strengths(db)),
        alive=tuple(lives.alive(db, now)),
        alive_by_client=lives.alive_by_client(db, now),
        alive_by_country=lives.alive_by_country(db, now),
    )


def _days(rows: Iterable[Daily], failures: Mapping[str, int]) -> list[Day]:
    days: dict[str, Counter[str]] = {day: Counter() for day in failures}
    for row in rows:
        counts = days.setdefault(row.day, Counter())
        counts[_kind(row)] += row.count
        if row.moment == SIGN_IN:
            counts[row.level] += row.count
            if row.outcome in ASKING:
                counts["prompts"] += row.count
    return [
        Day(day=day, failures=failures.get(day, 0), **{k: v for k, v in counts.items() if k})
        for day, counts in sorted(days.items())
    ]


def _kind(row: Daily) -> str:
    """Return what a decision counts as; a session's that changed nothing counts as nothing."""
    if row.unfinished:
        return "given_up" if row.given_up else ""
    if row.moment == SIGN_IN:
        return "refusals" if row.outcome in _REFUSING else "sign_ins"
    if row.outcome in _REFUSING:
        return "ended" if row.outcome == "end" else "refusals"
    return "step_ups" if row.outcome in ASKING else ""


def per_week(distribution: Mapping[int, int], share: float) -> int | None:
    """Return how many prompts a week that share of the users' weeks does not exceed."""
    total, seen = sum(distribution.values()), 0
    for prompts, weeks in sorted(distribution.items()):
        seen += weeks
        if seen >= total * share:
            return prompts
    return None
