"""What people do on their account page: each act is a form of ours, and the answer a redirect."""

from collections.abc import Callable
from functools import wraps

import flask

from idp.account.guard import HOME, ask_again, ask_to_sign_in, recently_proved, signed_in
from idp.account.notices import with_notice
from idp.context import RequestContext
from idp.credentials import recovery, totp
from idp.login import service as login
from idp.protocol.consent import service as consent
from idp.protocol.logout.endpoint import GOODBYE
from idp.sessions import service as sessions
from idp.settings import SecondFactor
from idp.store import users
from idp.store.sessions import Standing
from idp.web import continuation, cookies, csrf, parameters
from idp.web.context import request_context
from idp.web.continuation import Handover
from idp.web.pages import page, redirect
from idp.web.parameters import Parameters
from idp.web.words import gettext as _

bp = flask.Blueprint("account_acts", __name__)
MAX_AUTHENTICATORS = 10
Act = Callable[[RequestContext, Standing, Parameters], flask.Response]
View = Callable[[], flask.Response]


def act(perform: Act) -> View:
    """Let an act happen for whom is signed in, by a form of ours."""

    @wraps(perform)
    def view() -> flask.Response:
        form = parameters.form()
        csrf.check(form)
        standing = signed_in()
        return perform(request_context(), standing, form) if standing else ask_to_sign_in()

    return view


def sensitive_act(perform: Act) -> View:
    """Let an act happen when, besides, the person proved to be there a short while ago."""

    @wraps(perform)
    def guarded(ctx: RequestContext, standing: Standing, form: Parameters) -> flask.Response:
        fresh = recently_proved(ctx, standing)
        return perform(ctx, standing, form) if fresh else ask_again(standing)

    return act(guarded)


@bp.post("/account/authenticator")
@sensitive_act
def add_authenticator(ctx: RequestContext, standing: Standing, form: Parameters) -> flask.Response:
    """Begin to set up an authenticator app."""
    del form
    session = standing.session
    if len(totp.list_for(ctx, session.user_id)) >= MAX_AUTHENTICATORS:
        return redirect(HOME)
    attempt = login.begin_attempt(
        ctx,
        session.user_id,
        session.amr,
        csrf.browser_hash(),
        enrolling=True,
        sid=session.sid,
    )
    onward = Handover(to=HOME, attempt=attempt, reason="demanded")
    return redirect(continuation.url("/login/enrol", "login", onward))


@bp.post("/account/authenticator/remove")
@sensitive_act
def remove_authenticator(
    ctx: RequestContext, standing: Standing, form: Parameters
) -> flask.Response:
    """Remove an authenticator app, unless the policy needs it."""
    user_id = standing.user.id
    # Two removals at once must not each leave the other's as the last one.
    users.hold(ctx.db, user_id)
    last = len(totp.list_for(ctx, user_id)) == 1
    if last and ctx.settings.second_factor is SecondFactor.REQUIRED:
        return redirect(with_notice("factor_required"))
    removed = totp.remove(ctx, user_id, form.get("authenticator_id") or "")
    return redirect(with_notice("authenticator_removed") if removed else HOME)


@bp.post("/account/recovery-codes")
@sensitive_act
def regenerate_codes(ctx: RequestContext, standing: Standing, form: Parameters) -> flask.Response:
    """Show new recovery codes, this once; the old ones are void.

    No redirect here: what is shown once is kept nowhere.
    """
    del form
    return page(
        "recovery_codes",
        client=None,
        codes=recovery.regenerate(ctx, standing.user.id),
        continue_url=HOME,
        continue_label=_("Back to my account"),
    )


@bp.post("/account/connections/revoke")
@act
def revoke_connection(ctx: RequestContext, standing: Standing, form: Parameters) -> flask.Response:
    """Take a consent back."""
    revoked = consent.revoke(ctx, standing.user.id, form.get("client_id") or "")
    return redirect(with_notice("connection_revoked") if revoked else HOME)


@bp.post("/account/sign-out")
@act
def sign_out(ctx: RequestContext, standing: Standing, form: Parameters) -> flask.Response:
    """End this session."""
    del form
    sessions.end(ctx, standing.session.sid, because="user_logout")
    response = redirect(GOODBYE)
    cookies.clear(response, ctx.settings, cookies.SESSION)
    return response
