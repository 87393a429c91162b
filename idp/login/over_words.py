"""Why the session that a browser had is over, in words above the sign-in (DESIGN §1).

Only ends that may surprise their owner are told of, and only to the browser that keeps the secret.
"""

from datetime import datetime

from idp.judgement.policies import Policies
from idp.login.room import MADE_ROOM
from idp.policy.returning import IDLE_END
from idp.sessions import service as sessions
from idp.store.sessions import Past
from idp.web import cookies
from idp.web.context import request_context
from idp.web.end_words import BY_POLICY
from idp.web.policy_words import as_sentence, why_of
from idp.web.words import gettext as _

ABSOLUTE_END = "absolute_timeout"


def why_over() -> str | None:
    """Return why this browser has to sign in again; None where it had no session, or has one."""
    ctx = request_context()
    past = sessions.find_past(ctx, cookies.read(ctx.settings, cookies.SESSION))
    if past is None:
        return None
    reason = past.end_reason or _ran_out(past, ctx.now) or ""
    told = {
        IDLE_END: _("You were signed out, because nothing was done here for a while."),
        ABSOLUTE_END: _("You were signed out: you had been in for as long as one may be."),
        MADE_ROOM: _(
            "You were signed out here, because somebody signed in to your account in another "
            "browser, and it can be used in only so many places at a time. If that was not you, "
            "change your password."
        ),
    }
    if reason.startswith(BY_POLICY):
        rule = why_of(ctx.house.get(Policies).current(ctx.now), reason.removeprefix(BY_POLICY))
        rule = as_sentence(rule)
        return _("Your session was ended to protect you. %(rule)s", rule=rule)
    return told.get(reason)


def _ran_out(past: Past, now: datetime) -> str | None:
    """Return by which limit a session is over that nobody has written down as ended yet."""
    session = past.session
    if session.absolute_until <= min(session.idle_until, now):
        return ABSOLUTE_END
    return IDLE_END if session.idle_until <= now else None
