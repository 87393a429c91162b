"""/recovery: ask for a link. /recovery/password: choose a new password by it."""

import flask

from idp.admission import recovery
from idp.admission.opened import link_over
from idp.credentials.notices import RECOVERY
from idp.credentials.password_rules import PasswordRefused, minimum_length
from idp.credentials.password_words import advice, refused
from idp.kernel.secrets import same
from idp.login import browser
from idp.login.half_done import HalfDone, half_done
from idp.login.proceed import go_on, hop, received
from idp.login.ways import HOME
from idp.login.words import waiting
from idp.policy.acr import LINK
from idp.policy.sign_in import NeedFactor
from idp.store.account_tickets import AccountTicket
from idp.web import continuation, cookies, csrf, parameters
from idp.web.context import request_context
from idp.web.continuation import PARAMETER, Handover
from idp.web.pages import page, redirect
from idp.web.parameters import Parameters
from idp.web.words import gettext as _

bp = flask.Blueprint("recovery", __name__)
ASK, SENT, PASSWORD = RECOVERY, "/recovery/sent", "/recovery/password"
# The way back to whoever asked for the sign-in waits in the browser that the link is good in.
WAY_BACK = "idp_way_back"
_LONGEST_WAY_BACK = 3500
TOO_MANY = 429


def _only_with_mail() -> None:
    if not request_context().settings.sends_mail:
        flask.abort(404)


@bp.get(ASK)
def ask() -> flask.Response:
    """Ask for whom a password was forgotten."""
    _only_with_mail()
    return _show(received(parameters.query()))


@bp.post(ASK)
def answer() -> flask.Response:
    """Say that a mail is on its way, whoever was named."""
    form = parameters.form()
    csrf.check(form)
    _only_with_mail()
    handover = received(form)
    identifier = form.get("identifier") or ""
    if not identifier.strip():
        return _show(handover, error=_("Enter your user name or your email address."), status=400)
    ctx = request_context()
    device_id = browser.current().device_id
    wait = recovery.ask(ctx, identifier, csrf.browser_hash(), device_id)
    if wait is not None:
        return _show(handover, error=waiting(wait), status=TOO_MANY)
    response = redirect(continuation.url(SENT, "login", handover.frame()))
    _keep_way_back(response, handover)
    return response


@bp.get(SENT)
def sent() -> flask.Response:
    """Say what to do now."""
    _only_with_mail()
    handover = received(parameters.query())
    return page(
        "forgotten_sent",
        form_target=handover.target,
        client=handover.client,
        login_url=continuation.url("/login", "login", handover),
        again_url=continuation.url(ASK, "login", handover),
        minutes=round(request_context().settings.recovery_lifetime.total_seconds() / 60),
    )


def open_link(ticket: AccountTicket) -> flask.Response:
    """Go on to the new password, in the browser that asked for the link."""
    csrf.token()
    if ticket.browser_hash and not same(ticket.browser_hash, csrf.browser_hash()):
        return page("ticket_elsewhere", recovery_url=ASK, login_url="/login")
    attempt = recovery.begin(request_context(), ticket, csrf.browser_hash())
    return hop(PASSWORD, _way_back().frame(attempt=attempt)) if attempt else link_over()


@bp.get(PASSWORD)
def ask_password() -> flask.Response:
    """Ask for the new password, or first for the second step."""
    half = half_done(received(parameters.query()))
    ticket = _ticket_of(half)
    if half is None or ticket is None:
        return link_over()
    return _missing(half, ticket) or _show_password(half)


@bp.post(PASSWORD)
def choose_password() -> flask.Response:
    """Take the new password and go on as whoever signed in with it."""
    form = parameters.form()
    csrf.check(form)
    handover = received(form)
    half = half_done(handover)
    ticket = _ticket_of(half)
    if half is None or ticket is None:
        return link_over()
    if (step := _missing(half, ticket)) is not None:
        return step
    ctx, password = request_context(), form.get("new_password") or ""
    if not password:
        return _show_password(half, _("Enter a new password."), 400)
    try:
        chosen = recovery.choose(
            ctx,
            half.attempt,
            ticket,
            half.user,
            password,
            device_id=browser.current().device_id,
        )
    except PasswordRefused as error:
        return _show_password(half, refused(error), 400)
    if not chosen:
        return link_over()
    shown = tuple(method for method in half.attempt.amr if method != LINK)
    by_mail = ticket.email is not None
    response = go_on(half.user, ("pwd", *shown), handover.frame(), by_mail=by_mail)
    cookies.clear(response, ctx.settings, WAY_BACK)
    return response


def _ticket_of(half: HalfDone | None) -> AccountTicket | None:
    return recovery.ticket_of(request_context(), half.attempt, half.user) if half else None


def _missing(half: HalfDone, ticket: AccountTicket) -> flask.Response | None:
    """Return the way to the second step that has to be shown first (ASVS 5.0 §6.4.3).

    While there is none because of a reset, that is an operator's help.
    """
    if recovery.takes_an_operator(ticket, half.user):
        back = continuation.url("/login", "login", half.handover.frame())
        return page("login_refer", client=half.handover.client, back_url=back, forgotten=True)
    verdict = half.verdict()
    return redirect(half.way(verdict)) if isinstance(verdict, NeedFactor) else None


def _show(handover: Handover, error: str | None = None, status: int = 200) -> flask.Response:
    return page(
        "forgotten",
        status=status,
        form_target=handover.target,
        client=handover.client,
        ticket=continuation.ticket("login", handover),
        action=ASK,
        identifier=handover.identifier,
        error=error,
        login_url=continuation.url("/login", "login", handover.frame()),
    )


def _show_password(half: HalfDone, error: str | None = None, status: int = 200) -> flask.Response:
    settings = request_context().settings
    return page(
        "new_password",
        status=status,
        form_target=half.handover.target,
        client=half.handover.client,
        ticket=continuation.ticket("login", half.handover),
        action=PASSWORD,
        account=half.user.username,
        advice=advice(minimum_length(settings, half.user.groups)),
        error=error,
    )


def _keep_way_back(response: flask.Response, handover: Handover) -> None:
    settings = request_context().settings
    framed = handover.frame()
    value = continuation.ticket("way_back", framed)
    if framed == Handover(to=HOME) or len(value) > _LONGEST_WAY_BACK:
        cookies.clear(response, settings, WAY_BACK)
        return
    seconds = round(settings.recovery_lifetime.total_seconds())
    cookies.write(response, settings, WAY_BACK, value, max_age=seconds)


def _way_back() -> Handover:
    kept = cookies.read(request_context().settings, WAY_BACK) or ""
    return continuation.receive("way_back", Parameters({PARAMETER: kept})) or Handover(to=HOME)
