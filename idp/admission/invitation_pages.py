"""/invitation: set an account up with a password or a passkey, by the link of an invitation."""

import flask

from idp.admission import invitation
from idp.admission.opened import Opened, link_over, received, way_to
from idp.credentials.account_tickets import Purpose
from idp.credentials.password_rules import PasswordRefused, minimum_length
from idp.credentials.password_words import advice, refused
from idp.login import proceed
from idp.login.half_done import half_done
from idp.login.proceed import go_on, hop
from idp.login.ways import ENROL_KEY, HOME
from idp.policy.acr import BOUND
from idp.store.account_tickets import AccountTicket
from idp.store.users import User
from idp.web import continuation, csrf, parameters
from idp.web.context import request_context
from idp.web.continuation import Handover
from idp.web.pages import page, redirect
from idp.web.words import gettext as _

bp = flask.Blueprint("invitation", __name__)
INVITATION, DONE = "/invitation", "/invitation/done"


def open_link(ticket: AccountTicket) -> flask.Response:
    """Go on to the invitation's page."""
    return redirect(way_to(INVITATION, ticket))


@bp.get(INVITATION)
def ask() -> flask.Response:
    """Greet who is invited, and ask how they want to sign in."""
    found = _invited(parameters.query())
    return _show(*found) if found else link_over()


@bp.post(INVITATION)
def answer() -> flask.Response:
    """Take the password, or go on to the passkey."""
    form = parameters.form()
    csrf.check(form)
    found = _invited(form)
    if found is None:
        return link_over()
    opened, user = found
    ctx, home = request_context(), Handover(to=HOME)
    if form.get("action") == "passkey" and ctx.settings.passkeys:
        attempt = invitation.begin_passkey(ctx, opened.ticket, csrf.browser_hash())
        return hop(ENROL_KEY, home.frame(attempt=attempt)) if attempt else link_over()
    password = form.get("new_password") or ""
    if not password:
        return _show(opened, user, _("Choose a password."), 400)
    try:
        chosen = invitation.choose_password(ctx, opened.ticket, user, password)
    except PasswordRefused as error:
        return _show(opened, user, refused(error), 400)
    by_mail = opened.ticket.email is not None and opened.ticket.email == user.email
    return go_on(user, ("pwd",), home, by_mail=by_mail) if chosen else link_over()


@bp.get(DONE)
def done() -> flask.Response:
    """Go on as whoever bound a passkey by an invitation."""
    half = half_done(proceed.received(parameters.query()))
    ctx = request_context()
    if half is None or not invitation.finish_passkey(ctx, half.attempt, half.user):
        return link_over()
    return go_on(half.user, (BOUND,), half.handover.frame())


def _invited(sent: parameters.Parameters) -> tuple[Opened, User] | None:
    opened = received(sent, Purpose.INVITE)
    user = invitation.owner_of(request_context(), opened.ticket) if opened else None
    return (opened, user) if opened and user else None


def _show(
    opened: Opened, user: User, error: str | None = None, status: int = 200
) -> flask.Response:
    settings = request_context().settings
    return page(
        "invitation",
        status=status,
        ticket=continuation.ticket("continue", opened.handover),
        action=INVITATION,
        name=user.display_name,
        account=user.username,
        advice=advice(minimum_length(settings, user.groups)),
        passkeys=settings.passkeys,
        error=error,
    )
