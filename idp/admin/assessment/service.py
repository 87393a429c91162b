"""The assessment: every check over today's figures, the worst first."""

from datetime import datetime

from idp.admin.assessment import limits, people, upkeep
from idp.admin.assessment.figures import Figures, figures
from idp.admin.assessment.weakness import Severity, Weakness
from idp.context import RequestContext

CHECKS = (*people.CHECKS, *limits.CHECKS, *upkeep.CHECKS)


def assess(ctx: RequestContext, since: datetime) -> list[Weakness]:
    """Return today's weak spots; of what happened, that since then."""
    return weaknesses(figures(ctx, since))


def weaknesses(found: Figures) -> list[Weakness]:
    """Return what the figures show, the worst first."""
    order = list(Severity)
    all_of_it = [weakness for check in CHECKS for weakness in check(found)]
    return sorted(all_of_it, key=lambda each: order.index(each.severity))
