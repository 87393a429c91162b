"""/account/password: change it, set one, or do without (ASVS 5.0 §6.2.2, §6.2.3)."""

import flask

from idp.account import own_password
from idp.account.factors import Removal, can_remove_password, remove_password
from idp.account.frame import PASSWORD, account_page
from idp.account.guard import ask_to_sign_in, sensitive_act, shown_when_proved
from idp.account.notices import with_notice
from idp.account.own_password import Changed, Refused
from idp.context import RequestContext
from idp.credentials import password_words, passwords
from idp.credentials.password_rules import minimum_length
from idp.login import browser
from idp.store.sessions import Standing
from idp.web import cookies
from idp.web.pages import redirect
from idp.web.parameters import Parameters

bp = flask.Blueprint("account_password", __name__)


@bp.get(PASSWORD)
@shown_when_proved
def show(ctx: RequestContext, standing: Standing) -> flask.Response:
    """Show the form."""
    return _show(ctx, standing)


def _show(
    ctx: RequestContext, standing: Standing, refused: Refused | None = None
) -> flask.Response:
    has_password = passwords.has_password(ctx, standing.user.id)
    minimum = minimum_length(ctx.settings, standing.user.groups)
    return account_page(
        "account_password",
        standing,
        PASSWORD,
        status=refused.status if refused else 200,
        has_password=has_password,
        minimum=minimum,
        advice=password_words.advice(minimum),
        can_remove=has_password and can_remove_password(ctx, standing.user),
        error=refused.sentence if refused else None,
        wrong=refused.field if refused else None,
    )


@bp.post(PASSWORD)
@sensitive_act(PASSWORD)
def change(ctx: RequestContext, standing: Standing, form: Parameters) -> flask.Response:
    """Change the password, or set the first one; every other session ends."""
    had_one = passwords.has_password(ctx, standing.user.id)
    outcome = own_password.change(
        ctx,
        standing,
        browser.current(),
        current=form.get("current_password") or "",
        new=form.get("new_password") or "",
    )
    if isinstance(outcome, Refused):
        return _show(ctx, standing, outcome)
    return _renewed(ctx, outcome, "password_changed" if had_one else "password_set")


@bp.post("/account/password/remove")
@sensitive_act(PASSWORD)
def remove(ctx: RequestContext, standing: Standing, form: Parameters) -> flask.Response:
    """Remove the password of somebody whose passkey remains."""
    del form
    removal = remove_password(ctx, standing.user)
    if removal is Removal.UNKNOWN:
        return redirect(PASSWORD)
    if removal is Removal.NEEDED:
        return redirect(with_notice(PASSWORD, "password_needed"))
    outcome = own_password.renew_session(
        ctx, standing, browser.current(), because="password_removed"
    )
    return _renewed(ctx, outcome, "password_removed")


def _renewed(ctx: RequestContext, outcome: Changed, notice: str) -> flask.Response:
    if outcome.secret is None:
        # Somebody ended this session meanwhile; what was done here is forgotten.
        return ask_to_sign_in(PASSWORD)
    response = redirect(with_notice(PASSWORD, notice))
    cookies.write(response, ctx.settings, cookies.SESSION, outcome.secret)
    return response
