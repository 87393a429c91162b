"""GET and POST /login/enrol: set up an authenticator app, then see the recovery codes once."""

import flask
from markupsafe import Markup

from idp.credentials import recovery, totp
from idp.login import browser, service
from idp.login.factor_pages import half_done
from idp.login.pages import received, start_again
from idp.login.service import Proved
from idp.policy.sign_in import NeedFactor
from idp.settings import SecondFactor
from idp.store.login_attempts import LoginAttempt
from idp.store.users import User
from idp.web import continuation, csrf, parameters
from idp.web.context import request_context
from idp.web.continuation import Handover
from idp.web.pages import page, redirect
from idp.web.words import gettext as _

bp = flask.Blueprint("login_enrol", __name__)
ENROL = "/login/enrol"


@bp.get(ENROL)
def ask() -> flask.Response:
    """Show the QR code and the key."""
    handover = received(parameters.query())
    found = _enrolling(handover)
    return _show(handover, *found) if found else start_again(handover)


@bp.post(ENROL)
def answer() -> flask.Response:
    """Confirm the authenticator by its first code, or skip where that is allowed."""
    form = parameters.form()
    csrf.check(form)
    handover = received(form)
    found = _enrolling(handover)
    if found is None:
        return start_again(handover)
    attempt, user, secret = found
    ctx = request_context()
    if form.get("action") == "skip" and _can_skip(handover):
        if not service.finish_attempt(ctx, attempt):
            return start_again(handover)
        service.decline_offer(ctx, user.id)
        return browser.sign_in(Proved(user, attempt.amr, attempt.sid), handover, redirect)
    name = _("Authenticator app")
    if totp.add(ctx, user.id, name, secret, form.get("code") or "") is None:
        error = _("That code is not right. Enter the one that the app shows now.")
        return _show(handover, attempt, user, secret, error)
    if not service.finish_attempt(ctx, attempt):
        # Another window was faster with this very attempt; what we wrote must not stay.
        ctx.db.rollback()
        return start_again(handover)
    codes = recovery.regenerate(ctx, user.id)
    amr = tuple(dict.fromkeys((*attempt.amr, "otp")))
    # Whoever adds a factor to a session that stands has not proved anew who they are.
    proved = Proved(user, amr, attempt.sid, fresh=attempt.sid is None)
    return browser.sign_in(proved, handover, lambda way_back: _codes(handover, codes, way_back))


def _codes(handover: Handover, codes: list[str], way_back: str) -> flask.Response:
    return page(
        "recovery_codes",
        form_target=handover.target,
        client=handover.client,
        codes=codes,
        continue_url=way_back,
        continue_label=_("Continue to %(client)s", client=handover.client.name)
        if handover.client
        else _("Continue"),
    )


def _enrolling(handover: Handover) -> tuple[LoginAttempt, User, str] | None:
    found, ctx = half_done(handover), request_context()
    # Who has had a factor by now, set up elsewhere, shows that one first.
    if found is None or isinstance(service.judge(ctx, found[1], found[0].amr), NeedFactor):
        return None
    secret = service.enrolling_secret(ctx, found[0])
    return (*found, secret) if secret else None


def _can_skip(handover: Handover) -> bool:
    """An offer can be declined; a demand of the policy or of the client cannot."""
    encouraged = request_context().settings.second_factor is SecondFactor.ENCOURAGED
    return encouraged and handover.reason != "demanded"


def _show(
    handover: Handover,
    attempt: LoginAttempt,
    user: User,
    secret: str,
    error: str | None = None,
) -> flask.Response:
    del attempt
    issuer_name = request_context().settings.display_name
    uri = totp.provisioning_uri(secret, user.username, issuer_name)
    label = _("QR code for your authenticator app")
    return page(
        "enrol",
        form_target=handover.target,
        client=handover.client,
        ticket=continuation.ticket("login", handover),
        action=ENROL,
        error=error,
        qr=Markup(totp.qr_svg(uri, label=label)),  # noqa: S704 - segno's SVG, our label escaped
        manual_key=totp.manual_key(secret),
        account=user.username,
        issuer_name=issuer_name,
        otpauth_url=uri,
        can_skip=_can_skip(handover),
        required=not _can_skip(handover),
    )
