"""What is usual: how often this user, and all users, came with the values at hand."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from idp.policy.risk.features import CREDENTIAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How often one value was seen, of how many.

    Attributes:
        own: sign-ins of this user with the value, weighted by what they taught.
        own_all: those of the user with any value of this level.
        common: sign-ins of all users with the value.
        common_all: those of all users with any value of this level.
        kinds: how many values of this level there are.
    """

    own: float = 0.0
    own_all: float = 0.0
    common: float = 0.0
    common_all: float = 0.0
    kinds: int = 0


NOTHING = Count()


@dataclass(frozen=True, slots=True, kw_only=True)
class Usual:
    """The counts for the features of one request, by level.

    `learned` is how many sign-ins, weighted, the user's habits were learned from.
    """

    learned: float = 0.0
    counts: Mapping[str, Count] = field(default_factory=dict)

    def of(self, level: str) -> Count:
        """Return the count for the value of this level."""
        return self.counts.get(level, NOTHING)

    @property
    def credential(self) -> Count:
        """How often the user came with a device credential, or without, as in this request."""
        return self.of(CREDENTIAL)
