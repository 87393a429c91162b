"""From which score on a request is elevated, and high."""

from idp.policy.book import Thresholds
from idp.policy.terms import RiskLevel

# In natural logarithms of odds: 0 is as likely an attacker's as the user's, if both were equally
# many. docs/risk.md has what these two do to honest users and to attackers, and where they come
# from.
THRESHOLDS = Thresholds(elevated=0.5, high=7.0)


def level_at(score: float, thresholds: Thresholds | None = None) -> RiskLevel:
    """Return the level of a score; a policy may have thresholds of its own."""
    limits = thresholds or THRESHOLDS
    if score >= limits.high:
        return RiskLevel.HIGH
    return RiskLevel.ELEVATED if score >= limits.elevated else RiskLevel.LOW
