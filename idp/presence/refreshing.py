"""A client asks for tokens in its user's absence: judged only where a rule speaks of that.

The limits of a session, its challenge and its end are conditions of the rotation itself; here is
what a policy wants of a refresh beside them. It is judged before anything rotates, so that a
refused refresh token is as good as before once the session is.
"""

from dataclasses import replace

from idp.context import RequestContext
from idp.credentials.owned import owned
from idp.judgement import in_session
from idp.judgement.in_session import Rejudged, Visit
from idp.judgement.policies import Policies
from idp.judgement.service import record as record_decision
from idp.policy.in_session import speaks_at
from idp.policy.terms import Moment, Outcome
from idp.presence.service import POLICY
from idp.presence.told import is_news
from idp.sessions import judged as judged_sessions
from idp.sessions import service as sessions
from idp.store import session_changes, users
from idp.store.sessions import Session, Standing
from idp.store.users import User

_NONE: frozenset[str] = frozenset()


def is_policed(ctx: RequestContext, client_id: str) -> bool:
    """Tell whether a rule speaks of refreshing by this client; it takes no statement."""
    policy = ctx.house.get(Policies).current(ctx.now)
    return speaks_at(policy, Moment.REFRESH, client_id)


def why_not(ctx: RequestContext, sid: str, client_id: str) -> str | None:
    """Return the reason why a client gets nothing out of a session now, and do what it wants.

    A session that is over or challenged has its own reason, which the rotation says.
    """
    found = session_changes.find_good(ctx.db, sid, ctx.now)
    user = users.find(ctx.db, found[0].user_id) if found is not None else None
    if found is None or user is None:
        return None
    session, secret_hash = found
    visit = Visit(moment=Moment.REFRESH, client_id=client_id, device_id=session.device_id)
    has = owned(ctx, user).second_step
    judged = in_session.look(ctx, session, user, visit, second_step_owned=has)
    reason = _done(ctx, session, user, secret_hash, judged)
    decided = judged.as_decided()
    said = decided.judgement
    if (judged.telling or reason is not None) and (
        said.outcome is not Outcome.REFUSE or is_news(ctx, sid, said.rule)
    ):
        record_decision(ctx, decided, sid=sid)
    return reason


def _done(
    ctx: RequestContext, session: Session, user: User, secret_hash: bytes, judged: Rejudged
) -> str | None:
    said = judged.as_decided().judgement
    if said.outcome is Outcome.END:
        if judged_sessions.settle(ctx, session, secret_hash, judged.after):
            sessions.end(ctx, session.sid, because=f"{POLICY}{said.rule}")
        return f"session_ended:{POLICY}{said.rule}"
    if said.outcome is Outcome.REFUSE:
        return f"policy_refuses:{said.rule}"
    if said.outcome in (Outcome.ASK_AGAIN, Outcome.ASK_FACTOR):
        standing = Standing(
            secret_hash=secret_hash, session=session, user=user, scope=_NONE, claims=_NONE
        )
        judged_sessions.challenge(ctx, standing, replace(judged.after, challenge=said.rule))
        return f"session_challenged:{said.rule}"
    if judged.after != session:
        rule = judged.after.limited_by
        judged_sessions.settle(ctx, session, secret_hash, judged.after, rule=rule)
    return None
