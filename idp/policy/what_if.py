"""What another policy would have said of what was decided, and how far that is from what was done.

It is exact about one decision, and silent about what would have come of it: who is asked more or
less often behaves in other ways afterwards.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import lru_cache

from idp.policy.acr import LEVELS, satisfies
from idp.policy.at_sign_in import settled
from idp.policy.book import Judgement, Limits, Policy
from idp.policy.facts import Facts
from idp.policy.judge import judge, level_of
from idp.policy.terms import Moment, Outcome, RiskLevel

ASKING = frozenset({Outcome.ASK_FACTOR, Outcome.ASK_AGAIN})
REFUSING = frozenset({Outcome.REFUSE, Outcome.END})
LIVES = ("idle", "absolute")
_REMEMBERED = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What a policy said, or would have said, in the end."""

    outcome: Outcome
    rule: str
    limits: Limits | None = None
    acr: str | None = None

    @property
    def asks(self) -> bool:
        """Whether somebody is asked for something."""
        return self.outcome in ASKING

    @property
    def refuses(self) -> bool:
        """Whether nothing that could be shown helps."""
        return self.outcome in REFUSING


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """One decision as it was made; `opened` says that a session opened by it."""

    facts: Facts
    score: float
    opened: bool
    done: Word


class Replay:
    """Judges by one policy what was decided; the same facts, which come often, only once."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._judged = lru_cache(maxsize=_REMEMBERED)(self._judge)

    def word(self, past: Past) -> Word:
        """Return what the policy says of the facts, at the level that it makes of the score."""
        return self._judged(past.facts, level_of(self._policy, past.score))

    def _judge(self, facts: Facts, level: RiskLevel) -> Word:
        judgement = judge(self._policy, replace(facts, risk=level))
        if facts.moment is Moment.SIGN_IN and not facts.second_step_owned:
            # Who has nothing more to show cannot be asked for it.
            shown = facts.acr != LEVELS[0]
            judgement = settled(judgement, self._policy.defaults, shown=shown)
        return word_of(judgement)


def word_of(judgement: Judgement) -> Word:
    """Return a judgement as what was said."""
    return Word(
        outcome=judgement.outcome,
        rule=judgement.rule,
        limits=judgement.limits,
        acr=judgement.acr,
    )


@dataclass(slots=True)
class Moved:
    """Limits that come out otherwise: how many, and by how much."""

    count: int = 0
    total: timedelta = timedelta(0)
    most: timedelta = timedelta(0)

    def add(self, by: timedelta) -> None:
        """Count one."""
        self.count += 1
        self.total += by
        self.most = max(self.most, by)

    @property
    def mean(self) -> timedelta:
        """By how much in the mean."""
        return self.total / self.count if self.count else timedelta(0)


@dataclass(frozen=True, slots=True)
class Difference:
    """How far one decision is from what was done: what it counts as, and which limits moved."""

    kinds: tuple[str, ...]
    moved: tuple[tuple[str, timedelta], ...] = ()


@dataclass(slots=True)
class Tally:
    """How far what one policy says is from what was done, over many decisions.

    `counts` has: decisions; prompts_done, prompts_then; prompts_added and prompts_removed;
    demands_met (what would be asked for had been shown anyway); refusals_added and
    refusals_removed; ends_added and ends_removed (of sessions that live); out_of_reach (asked for
    a level that the user has nothing to show for: they set something up, or are refused); sessions
    (that opened), and of them shortened and lengthened.
    """

    counts: Counter[str] = field(default_factory=Counter)
    moved: dict[str, Moved] = field(default_factory=dict)

    def add(self, difference: Difference) -> None:
        """Count one decision."""
        for kind in difference.kinds:
            self.counts[kind] += 1
        for name, by in difference.moved:
            self.moved.setdefault(name, Moved()).add(by)


def difference(past: Past, then: Word) -> Difference:
    """Compare what was done with what would have been."""
    kinds = ("decisions", *_differences(past, then))
    done, limits = past.done.limits, then.limits
    if not past.opened or then.refuses or done is None or limits is None:
        return Difference(kinds)
    moved = tuple(_moved(done, limits))
    ways = {name.split("_")[1] for name, _ in moved}
    # One that idles out sooner and lasts longer is both.
    lives = [kind for way, kind in _WAYS if way in ways]
    return Difference((*kinds, "sessions", *lives), moved)


_WAYS = (("shorter", "shortened"), ("longer", "lengthened"))


def _moved(done: Limits, then: Limits) -> Iterator[tuple[str, timedelta]]:
    for name in LIVES:
        by = getattr(then, name) - getattr(done, name)
        if by:
            yield f"{name}_{'longer' if by > timedelta(0) else 'shorter'}", abs(by)


def _differences(past: Past, then: Word) -> Iterator[str]:
    done, facts = past.done, past.facts
    if done.asks:
        yield "prompts_done"
    if then.asks:
        yield "prompts_then"
    if done.asks and not then.asks:
        yield "prompts_removed"
    if then.asks and not done.asks:
        met = facts.moment is Moment.SIGN_IN and _met(then, facts)
        yield "demands_met" if met else "prompts_added"
    if then.acr is not None and not facts.second_step_owned and not _met(then, facts):
        yield "out_of_reach"
    before, after = _stopped(done.outcome, facts.moment), _stopped(then.outcome, facts.moment)
    if before != after:
        yield from [f"{after}_added"] if after else []
        yield from [f"{before}_removed"] if before else []


def _met(then: Word, facts: Facts) -> bool:
    """Tell whether what is asked for had been shown: in a sign-in, more than one factor."""
    return facts.acr != LEVELS[0] if then.acr is None else satisfies(facts.acr, then.acr)


def _stopped(outcome: Outcome, moment: Moment) -> str:
    """Return what came to nothing: a session that lives, or what somebody wanted; or nothing."""
    if outcome is Outcome.END and moment is not Moment.SIGN_IN:
        return "ends"
    return "refusals" if outcome in REFUSING else ""
