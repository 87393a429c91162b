"""Asking who is signed in to prove it again, for an act that matters (ASVS 5.0 §7.5.1).

Where only a step is missing that the session has not shown, that step alone is asked for.
"""

from dataclasses import replace
from datetime import timedelta

from idp.context import RequestContext
from idp.credentials.owned import owned
from idp.judgement import in_session
from idp.kernel.clock import epoch
from idp.login import service
from idp.policy.acr import LEVELS, satisfies
from idp.policy.book import Judgement
from idp.policy.factors import steps_to
from idp.policy.sign_in import NeedFactor, Refer
from idp.policy.terms import Outcome
from idp.store.sessions import Standing
from idp.web import continuation
from idp.web.continuation import Handover

STEP_UP = "/login/step-up"
# The words of the reasons stand in `words.why`.
TOO_OLD, STEP_MISSING, LEVEL_MISSING = "proof_is_old", "step_is_missing", "level_is_missing"
ONE_ACT = timedelta(minutes=2)


def why_not(ctx: RequestContext, standing: Standing) -> str | None:
    """Return what keeps this session from acts that matter; None when nothing does."""
    session = standing.session
    missing = service.judge(ctx, standing.user, session.amr, fresh=True)
    judged = in_session.at_account(ctx, session, standing.user)
    if ctx.now - session.authenticated_at > _age(judged):
        return TOO_OLD
    if judged.acr is not None and not satisfies(session.acr, judged.acr):
        return LEVEL_MISSING
    return STEP_MISSING if isinstance(missing, NeedFactor | Refer) else None


def _age(judged: Judgement) -> timedelta:
    """Return how old the last proof may be: where a rule asks each time, as old as one act takes.

    A rule that asks at the sign-in asks for nothing here.
    """
    longest = judged.limits.reauthentication
    return min(longest, ONE_ACT) if judged.outcome is Outcome.ASK_AGAIN else longest


def ask(ctx: RequestContext, standing: Standing, handover: Handover, reason: str) -> str:
    """Return where the person proves it again, and comes back from as `handover` says."""
    session, user = standing.session, standing.user
    judged = in_session.at_account(ctx, session, user)
    asking = replace(
        handover,
        reason=reason,
        proved_at=epoch(session.authenticated_at),
        age=int(_age(judged).total_seconds()) if reason == TOO_OLD else None,
        fresh=True,
        identifier=user.username,
        user_id=user.id,
    )
    if reason == LEVEL_MISSING and judged.acr and not handover.acr:
        higher = tuple(level for level in LEVELS if satisfies(level, judged.acr))
        return continuation.url(STEP_UP, "step-up", replace(asking, acr=higher))
    # Who comes from a step-up already has nothing that reaches its level: it signs in anew.
    shortcut = reason == STEP_MISSING and not handover.acr
    if shortcut and steps_to("mfa", session.amr, owned(ctx, user)):
        return continuation.url(STEP_UP, "step-up", replace(asking, acr=("mfa",)))
    return continuation.url("/login", "login", asking)
