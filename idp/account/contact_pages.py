"""/account/profile/email and /account/profile/phone: how you are reached (ASVS 5.0 §7.5.1)."""

import flask

from idp.account import contact
from idp.account.frame import PROFILE, account_page
from idp.account.guard import sensitive_act, shown_when_proved
from idp.account.notices import with_notice
from idp.account.profile_claims import fault_of_phone
from idp.context import RequestContext
from idp.store.sessions import Standing
from idp.web.pages import redirect
from idp.web.parameters import Parameters
from idp.web.words import gettext as _

bp = flask.Blueprint("account_contact", __name__)
EMAIL, PHONE, CODE = f"{PROFILE}/email", f"{PROFILE}/phone", f"{PROFILE}/phone/code"
REMOVE_PHONE = f"{PROFILE}/phone/remove"


@bp.get(EMAIL)
@shown_when_proved
def show_email(ctx: RequestContext, standing: Standing) -> flask.Response:
    """Show the form for another address."""
    if not contact.can_change_email(ctx):
        return redirect(PROFILE)
    return _show_email(standing, _unproved(standing))


def _unproved(standing: Standing) -> str:
    """Return the address that waits to be proved, which is the one that is meant most likely."""
    user = standing.user
    return "" if user.email_verified else user.email or ""


def _show_email(standing: Standing, value: str, error: str | None = None) -> flask.Response:
    return account_page(
        "account_email",
        standing,
        PROFILE,
        action=EMAIL,
        value=value,
        error=error,
    )


@bp.post(EMAIL)
@sensitive_act(EMAIL)
def ask_for_email(ctx: RequestContext, standing: Standing, form: Parameters) -> flask.Response:
    """Send a link to the new address."""
    if not contact.can_change_email(ctx):
        return redirect(PROFILE)
    address = (form.get("email") or "").strip()
    if not contact.ask_for_email(ctx, standing.user, address):
        return _show_email(standing, address, _("Enter an address like name@example.com."))
    return redirect(with_notice(PROFILE, "email_sent"))


@bp.get(PHONE)
@shown_when_proved
def show_phone(ctx: RequestContext, standing: Standing) -> flask.Response:
    """Show the form for another number."""
    if not contact.can_change_phone(ctx):
        return redirect(PROFILE)
    return _show_phone(standing, "")


def _show_phone(standing: Standing, value: str, error: str | None = None) -> flask.Response:
    return account_page(
        "account_phone",
        standing,
        PROFILE,
        action=PHONE,
        value=value,
        error=error,
    )


@bp.post(PHONE)
@sensitive_act(PHONE)
def ask_for_phone(ctx: RequestContext, standing: Standing, form: Parameters) -> flask.Response:
    """Send a code to the new number."""
    if not contact.can_change_phone(ctx):
        return redirect(PROFILE)
    number = (form.get("phone_number") or "").strip()
    if fault_of_phone(number) is not None:
        return _show_phone(standing, number, _("Enter a number like +49 30 1234567."))
    if contact.ask_for_phone(ctx, standing, number) is None:
        return redirect(with_notice(CODE, "code_not_sent"))
    return redirect(CODE)


@bp.get(CODE)
@shown_when_proved
def show_code(ctx: RequestContext, standing: Standing) -> flask.Response:
    """Show the field for the code."""
    if not contact.awaits_code(ctx, standing):
        return redirect(PHONE)
    return _show_code(standing)


def _show_code(standing: Standing, error: str | None = None) -> flask.Response:
    return account_page(
        "account_phone_code",
        standing,
        PROFILE,
        action=CODE,
        phone_url=PHONE,
        error=error,
    )


@bp.post(CODE)
@sensitive_act(CODE)
def prove_phone(ctx: RequestContext, standing: Standing, form: Parameters) -> flask.Response:
    """Make the number the user's whose code this is."""
    if not contact.can_change_phone(ctx):
        return redirect(PROFILE)
    if contact.prove_phone(ctx, standing, form.get("code") or ""):
        return redirect(with_notice(PROFILE, "phone_changed"))
    if not contact.awaits_code(ctx, standing):
        return redirect(PHONE)
    return _show_code(
        standing, _("That code is not right, or too old. Check it, or get a new one.")
    )


@bp.post(REMOVE_PHONE)
@sensitive_act(PROFILE)
def remove_phone(ctx: RequestContext, standing: Standing, form: Parameters) -> flask.Response:
    """Forget the number."""
    del form
    if not contact.can_change_phone(ctx) or not standing.user.phone_number:
        return redirect(PROFILE)
    removed = contact.remove_phone(ctx, standing.user)
    return redirect(with_notice(PROFILE, "phone_removed" if removed else "phone_needed"))
