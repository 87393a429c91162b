"""The ratio of Freeman et al., level by level: how likely a value is of anybody, and of this user.

Where the paper interpolates between the levels, each has a ratio of its own here, and the user's
share is smoothed by everybody's (a Dirichlet prior whose mean is what all users do). Then a value
that the user never came with makes the ratio one or more, whatever share it has among all: what is
new never lowers the score, and what is rare among all lowers it only for who came with it before.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log

from idp.policy.risk.features import Features, Level
from idp.policy.risk.usual import Count, Usual

# So many sign-ins of all users weigh as much as what is taken for granted without any.
PRIOR_STRENGTH = 20.0

# What risky successes of one day teach is no habit yet: whoever got in once would else be at home.
NO_HABIT = 0.65


@dataclass(frozen=True, slots=True)
class Step:
    """What one level says: the logarithm of anybody's odds against this user's.

    `new` tells that the user never came with the value; `share` is its share among all.
    """

    level: str
    value: str
    weight: float
    share: float
    new: bool


def steps(hierarchy: Sequence[Level], features: Features, usual: Usual) -> Iterator[Step]:
    """Yield what each known level says, from coarse to fine."""
    for level in hierarchy:
        if value := getattr(features, level.name):
            count = usual.of(level.name)
            share = share_of_all(level.share, count) if level.common else level.share
            yield Step(level.name, value, _weight(level, count, share), share, new=count.own <= 0)


def _weight(level: Level, count: Count, share: float) -> float:
    own_all = max(count.own, count.own_all)
    habit = max(count.own - NO_HABIT, 0.0)
    weight = log((own_all + level.doubt) / (habit / share + level.doubt))
    return weight * level.novelty if weight > 0 else max(weight, -level.familiar)


def share_of_all(guess: float, count: Count) -> float:
    """Return the share of a value among all sign-ins of all users."""
    if count.kinds:
        guess = min(guess, 1 / (count.kinds + 1))
    everything = max(count.common, count.common_all)
    return (count.common + PRIOR_STRENGTH * guess) / (everything + PRIOR_STRENGTH)


def together(said: Sequence[Step]) -> float:
    """Return what the levels of one hierarchy say together.

    What is new on one level is new on each finer one: only the most unusual counts. What is usual
    on one need not be on a finer one: that adds up.
    """
    unusual = max((step.weight for step in said), default=0.0)
    return max(unusual, 0.0) + sum(min(step.weight, 0.0) for step in said)
