"""/login: one page for name and password. /login/account: which account it shall be."""

import flask

from idp.login import browser, service, words
from idp.login.service import Proved, Wait, Wrong
from idp.policy.sign_in import Allow, Enrol, NeedFactor
from idp.store.users import User
from idp.web import continuation, csrf, parameters
from idp.web.context import request_context
from idp.web.continuation import Handover
from idp.web.pages import page, redirect
from idp.web.words import gettext as _

bp = flask.Blueprint("login", __name__)
HOME = "/account"
TOO_MANY = 429


def received(sent: parameters.Parameters) -> Handover:
    """Return who sent the person here; nobody: they go to their account page afterwards."""
    return continuation.receive("login", sent) or Handover(to=HOME)


def start_again(handover: Handover) -> flask.Response:
    """Begin at the password: a later step is over, or was begun in another browser.

    Who is signed in by now only came back to an old page, and goes on from here.
    """
    if browser.current().standing is not None:
        return redirect(continuation.back(handover))
    return redirect(continuation.url("/login", "login", handover.frame(reason="step_lost")))


def cancelled(form: parameters.Parameters, handover: Handover) -> flask.Response | None:
    """Return the way back when the person would rather not."""
    if form.get("action") != "cancel":
        return None
    return redirect(continuation.back(handover.with_(cancelled=True)))


@bp.get("/login")
def ask() -> flask.Response:
    """Show the sign-in page."""
    return _show(received(parameters.query()))


@bp.post("/login")
def answer() -> flask.Response:
    """Check the password and go on to whatever is still missing."""
    form = parameters.form()
    csrf.check(form)
    handover = received(form)
    if (way_back := cancelled(form, handover)) is not None:
        return way_back
    identifier, password = form.get("identifier") or "", form.get("password") or ""
    if not identifier or not password:
        return _show(handover, identifier, _("Enter your user name and your password."), 400)
    outcome = service.attempt_password(request_context(), identifier, password, browser.current())
    if isinstance(outcome, Wait | Wrong):
        status = TOO_MANY if isinstance(outcome, Wait) else 200
        return _show(handover, identifier, words.wrong_password(outcome), status)
    return go_on(outcome, ("pwd",), handover)


def go_on(user: User, amr: tuple[str, ...], handover: Handover) -> flask.Response:
    """Open the session, or ask for what is missing."""
    ctx = request_context()
    verdict = service.judge(ctx, user, amr)
    if isinstance(verdict, Allow):
        return browser.sign_in(Proved(user, amr), handover, redirect)
    attempt = service.begin_attempt(
        ctx, user.id, amr, csrf.browser_hash(), enrolling=isinstance(verdict, Enrol)
    )
    path = "/login/code" if isinstance(verdict, NeedFactor) else "/login/enrol"
    return redirect(continuation.url(path, "login", handover.frame(attempt=attempt)))


def _show(
    handover: Handover, identifier: str = "", error: str | None = None, status: int = 200
) -> flask.Response:
    known = handover.user_id is not None
    anybody = handover.frame()
    return page(
        "login",
        status=status,
        form_target=handover.target,
        client=handover.client,
        ticket=continuation.ticket("login", handover),
        action="/login",
        identifier=identifier or handover.identifier,
        error=error,
        reason=words.why(handover),
        hint_user=handover.identifier if known else None,
        switch_url=continuation.url("/login", "login", anybody) if known else None,
        cancel=handover.client is not None,
    )


@bp.get("/login/account")
def ask_account() -> flask.Response:
    """Show the accounts that are signed in here."""
    handover = received(parameters.query())
    standing = browser.current().standing
    if standing is None:
        return redirect(continuation.url("/login", "login", handover))
    user = standing.user
    accounts = [
        {
            "key": standing.session.sid,
            "name": user.display_name,
            "detail": user.email or user.username,
            "current": True,
        }
    ]
    return page(
        "select_account",
        form_target=handover.target,
        client=handover.client,
        ticket=continuation.ticket("login", handover),
        action="/login/account",
        accounts=accounts,
    )


@bp.post("/login/account")
def choose_account() -> flask.Response:
    """Go on with the chosen account, or with another one."""
    form = parameters.form()
    csrf.check(form)
    handover = received(form)
    if (way_back := cancelled(form, handover)) is not None:
        return way_back
    standing = browser.current().standing
    if standing is not None and form.get("account") == standing.session.sid:
        return redirect(continuation.back(handover.with_(selection=standing.session.sid)))
    anybody = handover.frame()
    return redirect(continuation.url("/login", "login", anybody))
