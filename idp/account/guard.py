"""Whose account page it is, and when they have to prove it again."""

import flask

from idp.context import RequestContext
from idp.login import service as login
from idp.policy.sign_in import NeedFactor
from idp.sessions import service as sessions
from idp.store.sessions import Standing
from idp.web import continuation, cookies
from idp.web.context import request_context
from idp.web.continuation import Handover
from idp.web.pages import redirect

HOME = "/account"


def signed_in() -> Standing | None:
    """Return whose account page it is."""
    ctx = request_context()
    return sessions.find_live(ctx, cookies.read(ctx.settings, cookies.SESSION))


def ask_to_sign_in() -> flask.Response:
    """Send the person to the sign-in page and back here."""
    return redirect(continuation.url("/login", "login", Handover(to=HOME)))


def recently_proved(ctx: RequestContext, standing: Standing) -> bool:
    """Tell whether the last proof is young enough for a sensitive act, and no factor is missing."""
    session = standing.session
    if isinstance(login.judge(ctx, standing.user, session.amr), NeedFactor):
        return False
    return ctx.now - session.authenticated_at <= ctx.settings.reauthentication_age


def ask_again(standing: Standing) -> flask.Response:
    """Send the person through a fresh proof and back here."""
    user = standing.user
    again = Handover(to=HOME, reason="sensitive", identifier=user.username, user_id=user.id)
    return redirect(continuation.url("/login", "login", again))
