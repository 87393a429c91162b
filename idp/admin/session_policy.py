"""What today's policy says of a session, as if its user signed in now just so."""

from dataclasses import replace

from idp.admin.session_desk import Story
from idp.context import Origin, RequestContext
from idp.credentials.owned import owned
from idp.judgement import facts as gathered
from idp.judgement.policies import Policies
from idp.policy.explained import Explained, explained
from idp.policy.terms import Moment


def explanation_of(ctx: RequestContext, story: Story) -> Explained:
    """Return what the policy in force says of a session as it stands, rule by rule.

    Nobody is there to be seen: it is where it was seen last, and as risky as it was judged then.
    Nothing is changed or noted.
    """
    session, nobody = story.past.session, replace(ctx, origin=Origin(address="", user_agent=""))
    seen = gathered.in_session(
        nobody,
        session,
        story.user,
        moment=Moment.SIGN_IN,
        client_id=session.client_id,
        device_id=session.device_id,
        second_step_owned=owned(ctx, story.user).second_step,
    )
    return explained(ctx.house.get(Policies).current(ctx.now), seen.facts)
