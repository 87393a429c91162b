"""A weak spot: what is so, how often, how bad it is, and what to do about it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from idp.admin.assessment.figures import Figures


class Severity(StrEnum):
    """How bad it is: `high` wants an answer today, `medium` a plan, `low` a thought."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True, kw_only=True)
class Weakness:
    """One weak spot: `count` of `total` are concerned, where there is such a total."""

    name: str
    severity: Severity
    count: int
    total: int | None = None
    what: str
    why: str
    advice: str


Check = Callable[[Figures], Iterator[Weakness]]
