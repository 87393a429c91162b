"""A client asks for tokens in its user's absence: judged only where a rule speaks of that.

The limits of a session, its challenge and its end are conditions of the rotation itself; here is
what a policy wants of a refresh beside them. It is judged before anything rotates, so that a
refused refresh token is as good as before once the session is.
"""

from idp.context import RequestContext
from idp.credentials.owned import owned
from idp.judgement import in_session
from idp.judgement.in_session import Rejudged, Visit
from idp.judgement.policies import Policies
from idp.judgement.service import record as record_decision
from idp.kernel.errors import Unavailable
from idp.policy.book import Judgement
from idp.policy.in_session import speaks_at
from idp.policy.terms import Moment, Outcome
from idp.presence import acts
from idp.presence.told import is_news
from idp.store import session_changes, users
from idp.web.end_words import BY_POLICY


def is_policed(ctx: RequestContext, client_id: str) -> bool:
    """Tell whether a rule speaks of refreshing by this client; it takes no statement."""
    policy = ctx.house.get(Policies).current(ctx.now)
    return speaks_at(policy, Moment.REFRESH, client_id)


def why_not(ctx: RequestContext, sid: str, client_id: str) -> str | None:
    """Return the reason why a client gets nothing out of a session now, and do what it wants.

    A session that is over or challenged has its own reason, which the rotation says.

    Raises:
        Unavailable: too many others changed the session meanwhile.
    """
    for _ in range(acts.TRIES):
        found = session_changes.find_good(ctx.db, sid, ctx.now)
        user = users.find(ctx.db, found[0].user_id) if found is not None else None
        if found is None or user is None:
            return None
        session, secret_hash = found
        visit = Visit(moment=Moment.REFRESH, client_id=client_id, device_id=session.device_id)
        has = owned(ctx, user).second_step
        judged = in_session.look(ctx, session, user, visit, second_step_owned=has)
        said = judged.as_decided().judgement
        if said.outcome is Outcome.REFUSE or acts.carry_out(
            ctx, session, secret_hash, judged, outcome=said.outcome, rule=said.rule
        ):
            _record(ctx, judged, sid)
            return _reason(said)
    raise Unavailable("a session is changed by too many requests at once")


def _record(ctx: RequestContext, judged: Rejudged, sid: str) -> None:
    decided = judged.as_decided()
    said = decided.judgement
    if not judged.telling and _reason(said) is None:
        return
    if said.outcome is not Outcome.REFUSE or is_news(ctx, sid, said.rule):
        record_decision(ctx, decided, sid=sid)


def _reason(said: Judgement) -> str | None:
    """Return why nothing is given; None where what was judged lets the client go on."""
    return {
        Outcome.END: f"session_ended:{BY_POLICY}{said.rule}",
        Outcome.REFUSE: f"policy_refuses:{said.rule}",
        Outcome.ASK_AGAIN: f"session_challenged:{said.rule}",
        Outcome.ASK_FACTOR: f"session_challenged:{said.rule}",
    }.get(said.outcome)
