"""A policy that came in force reaches the sessions that stand: those in use at their next use.

The worker sees to the others, some at a time. What the new policy would not have let in is asked to
prove it anew; none is revived, and none goes past an end that no policy puts off (I4, I5).
"""

from idp.context import RequestContext
from idp.credentials.owned import owned
from idp.judgement import in_session
from idp.judgement.in_session import Visit
from idp.judgement.policies import Policies
from idp.judgement.service import record as record_decision
from idp.policy.terms import Moment
from idp.presence import acts
from idp.store import session_changes, users
from idp.store.sessions import Session

AT_ONCE = 100


def apply_policy(ctx: RequestContext) -> int:
    """Judge a batch of sessions by the policy that came in force; return how many were found.

    Some may be used, and so judged, in between: that is no sign that there are no more.
    """
    version = ctx.house.get(Policies).current(ctx.now).version
    found = session_changes.list_by_another_policy(ctx.db, version, ctx.now, AT_ONCE)
    done = [_apply(ctx, session, secret_hash) for session, secret_hash in found]
    return len(found) if any(done) else 0


def _apply(ctx: RequestContext, session: Session, secret_hash: bytes) -> bool:
    user = users.find(ctx.db, session.user_id)
    if user is None:
        return False
    visit = Visit(moment=Moment.ACCOUNT, device_id=session.device_id)
    has = owned(ctx, user).second_step
    judged = in_session.look(ctx, session, user, visit, second_step_owned=has)
    if not acts.carry_out(
        ctx, session, secret_hash, judged, outcome=judged.outcome, rule=judged.rule
    ):
        return False
    if judged.telling:
        record_decision(ctx, judged.as_decided(), sid=session.sid)
    return True
