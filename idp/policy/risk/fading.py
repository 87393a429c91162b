"""What all users did counts less with time: half as much after a quarter of a year.

A weight is written as what it is worth on one day that never changes, so that what comes later is
written larger. What stands fades without being touched, and at any instant the sum of what is
written is written as the sum.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from math import exp2

HALF_LIFE = timedelta(days=90)
# Whoever came once is forgotten after half a year: a table of all values is one of those in use.
FORGOTTEN_BELOW = 0.25
# Every installation has weights that count from here on; in doubles there is room for centuries.
_DAY = datetime(2026, 1, 1, tzinfo=UTC)

Pair = tuple[str, str]


def worth(at: datetime) -> float:
    """Return what a sign-in of this instant is written as."""
    return exp2((at - _DAY) / HALF_LIFE)


def faded(
    written: Mapping[Pair, tuple[float, int]], now: datetime
) -> dict[Pair, tuple[float, int]]:
    """Return weights as they count now, each beside its kinds."""
    one = worth(now)
    return {pair: (weight / one, kinds) for pair, (weight, kinds) in written.items()}
