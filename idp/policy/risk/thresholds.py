"""From which score on a request is elevated, and high."""

from idp.policy.book import Thresholds
from idp.policy.terms import RiskLevel

# In natural logarithms of odds. Found on a simulated population (docs/risk.md), where a known
# browser is asked in less than one of a hundred sign-ins and a stranger nearly always; high are one
# in two hundred of honest sign-ins, and nearly half of those that strangers try.
THRESHOLDS = Thresholds(elevated=0.5, high=6.0)


def level_at(score: float, thresholds: Thresholds | None = None) -> RiskLevel:
    """Return the level of a score; a policy may have thresholds of its own."""
    limits = thresholds or THRESHOLDS
    if score >= limits.high:
        return RiskLevel.HIGH
    return RiskLevel.ELEVATED if score >= limits.elevated else RiskLevel.LOW
