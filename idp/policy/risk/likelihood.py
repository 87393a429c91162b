"""The ratio of Freeman et al., level by level: how likely a value is of anybody, and of this user.

Where the paper interpolates between the levels, each level here is smoothed by the one above it (a
Dirichlet prior whose mean is what all users do). Then a value that the user never came with makes
the ratio one or more, whatever share it has among all: what is new never lowers the score, and what
is rare among all lowers it only for who has been seen with it before.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log

from idp.policy.risk.features import Features, Level
from idp.policy.risk.usual import Count, Usual

# So many sign-ins of all users weigh as much as what is taken for granted without any.
PRIOR_STRENGTH = 20.0


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
    own_above = common_above = None
    share = 1.0
    for level in hierarchy:
        value = getattr(features, level.name)
        if not value:
            continue
        count = usual.of(level.name)
        own, common = count.own, count.common
        # Counted apart, a finer value can have more than the coarser one that it belongs to.
        own_all = max(own, count.own_all if own_above is None else own_above)
        common_all = max(common, count.common_all if common_above is None else common_above)
        of_all = _share(level, count, common, common_all)
        share *= of_all
        weight = log((own_all + level.doubt) / (own / of_all + level.doubt))
        yield Step(level.name, value, weight, share, new=own <= 0)
        own_above = own
        common_above = common if level.common else common_above


def _share(level: Level, count: Count, common: float, common_all: float) -> float:
    """Return the share of a value among those of all users that have the coarser one."""
    if not level.common:
        return level.share
    guess = min(level.share, 1 / (count.kinds + 1)) if count.kinds else level.share
    return (common + PRIOR_STRENGTH * guess) / (common_all + PRIOR_STRENGTH)
