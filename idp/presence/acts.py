"""What is done to a session by whoever judged it: it goes on, is challenged, or ends.

Each asks whether it still is as it was read; where it is not, nothing is done.
"""

from dataclasses import replace

from idp.context import RequestContext
from idp.judgement.in_session import Rejudged
from idp.policy.terms import Outcome
from idp.sessions import judged as judged_sessions
from idp.sessions import service as sessions
from idp.store.sessions import Session
from idp.web.end_words import BY_POLICY

# Each try finds what the one before it lost to: more than a few never come together.
TRIES = 6
_GOES_ON = (Outcome.ALLOW, Outcome.SHORTEN)


def end(
    ctx: RequestContext, session: Session, secret_hash: bytes, after: Session, rule: str
) -> bool:
    """End a session as a rule wants it; False when another request was faster."""
    # First it is as it was read, and held: nobody has proved it in between.
    settled = judged_sessions.settle(ctx, session, secret_hash, after)
    return settled and sessions.end(ctx, session.sid, because=f"{BY_POLICY}{rule}")


def carry_out(
    ctx: RequestContext,
    session: Session,
    secret_hash: bytes,
    judged: Rejudged,
    *,
    outcome: Outcome,
    rule: str,
) -> bool:
    """Do to a session what a rule wants, in its user's absence; False as above."""
    if outcome is Outcome.END:
        return end(ctx, session, secret_hash, judged.after, rule)
    if outcome in _GOES_ON:
        by = judged.after.limited_by
        same = judged.after == session
        return same or judged_sessions.settle(ctx, session, secret_hash, judged.after, rule=by)
    asked = replace(judged.after, challenge=rule)
    return judged_sessions.challenge(ctx, session, secret_hash, asked)
