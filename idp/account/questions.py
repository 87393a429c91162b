"""“Was this you?”: about what it is asked, and whose yes counts (docs/decisions.md).

A stranger who got in can answer as well. So nobody vouches for the sign-in by which they came, nor
out of a session that looks like a stranger's itself; a no is taken from whoever proves to be there.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from idp.policy.acr import satisfies
from idp.policy.terms import DeviceStanding, Moment, Outcome, RiskLevel
from idp.store.decisions import ME, Recorded
from idp.store.sessions import Session

# What these said, an owner would want to have heard of.
_STOPPED = frozenset({Outcome.ASK_AGAIN, Outcome.REFUSE, Outcome.END})


@dataclass(frozen=True, slots=True)
class Question:
    """A decision that its user is asked about; `vouched` says that a yes from here counts."""

    decision: Recorded
    vouched: bool


def question_about(decision: Recorded, here: Session) -> Question | None:
    """Return what to ask about a decision in this session; None when there is nothing to ask."""
    if decision.answer is not None or not _matters(decision) or _is_this(decision, here):
        return None
    return Question(decision, vouched=may_vouch(decision, here))


def newest_of(decisions: Iterable[Recorded], here: Session) -> Question | None:
    """Return the question about the newest sign-in from a new browser, if a yes from here counts.

    It is asked where nobody looked for it, so only of whom can answer it.
    """
    arrivals = (it for it in decisions if it.moment == Moment.SIGN_IN and _is_new(it))
    newest = next(arrivals, None)
    asked = question_about(newest, here) if newest is not None else None
    return asked if asked is not None and asked.vouched else None


def may_vouch(decision: Recorded, here: Session) -> bool:
    """Tell whether it counts when this session says “it was me”."""
    calm = here.risk == RiskLevel.LOW.word or satisfies(here.acr, "phr")
    if decision.sid == here.sid:
        # What stopped a session is answered by a proof that came after it, not by the cookie.
        return calm and here.authenticated_at > decision.at
    return calm and not _is_this(decision, here)


def may_disown(decision: Recorded) -> bool:
    """Tell whether there is still a “no” to say: a yes may have been somebody else's."""
    return decision.answer in (None, ME)


def _matters(decision: Recorded) -> bool:
    # Whoever was asked and went no further had shown something of the user's that was right.
    if decision.outcome in _STOPPED or decision.unfinished:
        return True
    if decision.moment != Moment.SIGN_IN:
        return False
    return _is_new(decision) or decision.level != RiskLevel.LOW.word


def _is_new(decision: Recorded) -> bool:
    return bool(decision.facts.get("device") == DeviceStanding.NEW)


def _is_this(decision: Recorded, here: Session) -> bool:
    """Tell whether it is the sign-in of this session, or of this very browser."""
    if decision.moment != Moment.SIGN_IN:
        return False
    same_browser = here.device_id is not None and decision.device_id == here.device_id
    return decision.sid == here.sid or same_browser
