"""/register: ask for an account. /register/account: open it by the link that came by mail."""

import flask

from idp.admission import registration
from idp.admission.opened import Opened, link_over, way_to
from idp.admission.opened import received as opened_by
from idp.credentials.account_tickets import Purpose
from idp.credentials.accounts import LONGEST_IDENTIFIER, fault_of_mail
from idp.credentials.password_rules import PasswordRefused, minimum_length
from idp.credentials.password_words import advice, refused
from idp.login.proceed import go_on, hop, received
from idp.login.ways import ENROL_KEY, HOME
from idp.login.words import waiting
from idp.store.account_tickets import AccountTicket
from idp.web import continuation, csrf, parameters
from idp.web.context import request_context
from idp.web.continuation import Handover
from idp.web.pages import page, redirect
from idp.web.words import gettext as _

bp = flask.Blueprint("registration", __name__)
ASK, SENT, OPEN = "/register", "/register/sent", "/register/account"
TOO_MANY = 429


def _only_where_allowed() -> None:
    if not request_context().settings.self_registration:
        flask.abort(404)


@bp.get(ASK)
def ask() -> flask.Response:
    """Ask for the address."""
    _only_where_allowed()
    return _show(received(parameters.query()))


@bp.post(ASK)
def answer() -> flask.Response:
    """Say that a mail is on its way, whether the address has an account or not."""
    form = parameters.form()
    csrf.check(form)
    _only_where_allowed()
    handover = received(form)
    address = (form.get("email") or "").strip()
    if fault_of_mail(address) or len(address) > LONGEST_IDENTIFIER:
        error = _("Enter an email address, such as name@example.com.")
        return _show(handover, address, error)
    wait = registration.ask(request_context(), address)
    if wait is not None:
        return _show(handover, error=waiting(wait), status=TOO_MANY)
    return redirect(continuation.url(SENT, "login", handover.frame()))


@bp.get(SENT)
def sent() -> flask.Response:
    """Say what to do now."""
    _only_where_allowed()
    handover = received(parameters.query())
    return page(
        "register_sent",
        form_target=handover.target,
        client=handover.client,
        login_url=continuation.url("/login", "login", handover),
        again_url=continuation.url(ASK, "login", handover),
    )


def open_link(ticket: AccountTicket) -> flask.Response:
    """Go on to the page that opens the account."""
    return redirect(way_to(OPEN, ticket))


@bp.get(OPEN)
def ask_how() -> flask.Response:
    """Ask for a name and for how to sign in."""
    _only_where_allowed()
    opened = opened_by(parameters.query(), Purpose.REGISTER)
    return _show_account(opened) if opened else link_over()


@bp.post(OPEN)
def open_account() -> flask.Response:
    """Open the account with a password, or go on to the passkey."""
    form = parameters.form()
    csrf.check(form)
    _only_where_allowed()
    opened = opened_by(form, Purpose.REGISTER)
    if opened is None:
        return link_over()
    ctx, home = request_context(), Handover(to=HOME)
    name = (form.get("name") or "").strip()
    if len(name) > registration.LONGEST_NAME or not name.isprintable():
        return _show_account(opened, error=_("Enter a shorter name."))
    if form.get("action") == "passkey" and ctx.settings.passkeys:
        browser_hash = csrf.browser_hash()
        attempt = registration.open_with_passkey(ctx, opened.ticket, name, browser_hash)
        return hop(ENROL_KEY, home.frame(attempt=attempt)) if attempt else link_over()
    password = form.get("new_password") or ""
    if not password:
        return _show_account(opened, name, _("Choose a password."))
    try:
        user = registration.open_with_password(ctx, opened.ticket, name, password)
    except PasswordRefused as error:
        return _show_account(opened, name, refused(error))
    return go_on(user, ("pwd",), home, by_mail=True) if user else link_over()


def _show(
    handover: Handover, address: str = "", error: str | None = None, status: int = 200
) -> flask.Response:
    return page(
        "register",
        status=status,
        form_target=handover.target,
        client=handover.client,
        ticket=continuation.ticket("login", handover),
        action=ASK,
        address=address,
        error=error,
        login_url=continuation.url("/login", "login", handover.frame()),
    )


def _show_account(opened: Opened, name: str = "", error: str | None = None) -> flask.Response:
    settings = request_context().settings
    return page(
        "register_account",
        ticket=continuation.ticket("continue", opened.handover),
        action=OPEN,
        name=name,
        account=opened.ticket.email,
        advice=advice(minimum_length(settings)),
        passkeys=settings.passkeys,
        error=error,
    )
