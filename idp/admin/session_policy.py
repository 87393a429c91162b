"""What today's policy says of a session, and of its user's next sign-in."""

from dataclasses import dataclass, replace
from datetime import timedelta

from idp.admin.session_desk import Story
from idp.context import Origin, RequestContext
from idp.credentials.owned import owned
from idp.judgement import facts as gathered
from idp.judgement.in_session import as_opened
from idp.judgement.policies import Policies
from idp.judgement.service import in_the_end, judge_sign_in
from idp.policy.acr import two_steps
from idp.policy.book import Judgement
from idp.policy.explained import Explained, explained
from idp.policy.terms import Moment
from idp.store.decisions import Recorded


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What the policy in force makes of a session.

    Attributes:
        opening: the decision that opened it, if that is still on record.
        holds: what would open it today, by what was seen then, and shown and risked since: the
            same as the opening, where policy, groups and risk are.
        sign_in: what its user would meet who signed in now where the session was seen last, and
            showed the same.
    """

    opening: Recorded | None
    holds: Explained
    sign_in: Judgement


def explanation_of(ctx: RequestContext, story: Story) -> Explanation:
    """Return what the policy in force says of a session as it stands, rule by rule.

    Nobody is there to be seen: it is where it was seen last, and as risky as it was judged then. A
    sign-in would be judged by what is known today. Nothing is changed or noted.
    """
    session, nobody = story.past.session, replace(ctx, origin=Origin(address="", user_agent=""))
    second_step_owned = owned(ctx, story.user).second_step
    policy = ctx.house.get(Policies).current(ctx.now)
    seen = gathered.in_session(
        nobody,
        session,
        story.user,
        moment=Moment.SIGN_IN,
        client_id=session.client_id,
        device_id=session.device_id,
        second_step_owned=second_step_owned,
    )
    now = replace(seen.facts, proof_age=timedelta(0))
    opening = next((each for each in story.decisions if each.id == session.decision_id), None)
    return Explanation(
        opening=opening,
        holds=explained(policy, as_opened(session, opening, now), shown=two_steps(session.amr)),
        sign_in=_at_a_sign_in(ctx, story, second_step_owned=second_step_owned),
    )


def _at_a_sign_in(ctx: RequestContext, story: Story, *, second_step_owned: bool) -> Judgement:
    session = story.past.session
    seen = (session.seen_address, session.seen_user_agent)
    opened = (session.address, session.user_agent)
    address, user_agent = seen if session.seen_address else opened
    decided = judge_sign_in(
        replace(ctx, origin=Origin(address=address, user_agent=user_agent)),
        story.user,
        session.amr,
        device_id=session.device_id,
        client_id=session.client_id,
        second_step_owned=second_step_owned,
    )
    # Who owns a second step would show it.
    return in_the_end(decided, shown=second_step_owned).judgement
