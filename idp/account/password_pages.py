"""/account/password: change it, set one, or do without (ASVS 5.0 §6.2.2, §6.2.3)."""

from dataclasses import dataclass

import flask

from idp.account import own_password
from idp.account.factors import Removal, can_remove_password, remove_password
from idp.account.frame import PASSWORD, account_page
from idp.account.guard import ask_to_sign_in, sensitive_act, shown_when_proved
from idp.account.notices import with_notice
from idp.account.own_password import Changed, No
from idp.context import RequestContext
from idp.credentials import password_words, passwords
from idp.credentials.password_rules import PasswordRefused, minimum_length
from idp.login import browser
from idp.login.proofs import Wait
from idp.login.words import waiting
from idp.store.sessions import Standing
from idp.web.pages import redirect
from idp.web.parameters import Parameters
from idp.web.words import gettext as _

bp = flask.Blueprint("account_password", __name__)


@dataclass(frozen=True, slots=True)
class Refused:
    """What is said about which field, and the status of the answer."""

    field: str
    sentence: str
    status: int = 400


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
    try:
        outcome = own_password.change(
            ctx,
            standing,
            browser.current(),
            current=form.get("current_password") or "",
            new=form.get("new_password") or "",
        )
    except PasswordRefused as weak:
        return _show(ctx, standing, Refused("new", password_words.refused(weak)))
    if isinstance(outcome, No | Wait):
        return _show(ctx, standing, _refused(outcome))
    return _renewed(standing, outcome, "password_changed" if had_one else "password_set")


def _refused(outcome: No | Wait) -> Refused:
    if isinstance(outcome, Wait):
        return Refused("current", waiting(outcome.time), status=429)
    said = {
        No.NEW_IS_MISSING: ("new", _("Enter a new password.")),
        No.NEW_IS_CURRENT: ("new", _("That is the password you entered as your current one.")),
        No.CURRENT_IS_WRONG: ("current", _("That is not your current password.")),
        No.CURRENT_IS_MISSING: (
            "current",
            _("You have a password by now. Enter it to change it."),
        ),
    }
    return Refused(*said[outcome])


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
    return _renewed(standing, outcome, "password_removed")


def _renewed(standing: Standing, outcome: Changed, notice: str) -> flask.Response:
    if outcome.secret is None:
        # Somebody ended this session meanwhile; what was done here is forgotten.
        return ask_to_sign_in(PASSWORD)
    response = redirect(with_notice(PASSWORD, notice))
    browser.give_secret(response, standing.session, outcome.secret)
    return response
