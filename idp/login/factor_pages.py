"""The second step of a sign-in: a code from an authenticator app, or a recovery code."""

from dataclasses import replace

import flask

from idp.credentials import totp
from idp.login import browser, service, words
from idp.login.pages import TOO_MANY, cancelled, received, start_again
from idp.login.service import Proved, Wait, Wrong
from idp.policy.acr import LEVELS
from idp.store.login_attempts import LoginAttempt
from idp.store.users import User
from idp.web import continuation, csrf, parameters
from idp.web.context import request_context
from idp.web.continuation import Handover
from idp.web.pages import page, redirect

bp = flask.Blueprint("login_factor", __name__)
CODE, RECOVERY = "/login/code", "/login/recovery"


def half_done(handover: Handover) -> tuple[LoginAttempt, User] | None:
    """Return the half-done sign-in of this browser that the handover names."""
    return service.find_attempt(
        request_context(), handover.attempt, csrf.browser_hash(), browser.current()
    )


@bp.get(CODE)
def ask_code() -> flask.Response:
    """Show the field for the code."""
    handover = received(parameters.query())
    found = half_done(handover)
    return _show_code(handover, found[1]) if found else start_again(handover)


@bp.post(CODE)
def answer_code() -> flask.Response:
    """Check the code; nothing else is missing behind it."""
    return _answer("code", "totp")


@bp.get(RECOVERY)
def ask_recovery() -> flask.Response:
    """Show the field for a recovery code."""
    handover = received(parameters.query())
    found = half_done(handover)
    return _show_recovery(handover, found[1]) if found else start_again(handover)


@bp.post(RECOVERY)
def answer_recovery() -> flask.Response:
    """Check the recovery code and use it up."""
    return _answer("recovery_code", "recovery_code")


def _answer(field: str, factor: str) -> flask.Response:
    form = parameters.form()
    csrf.check(form)
    handover = received(form)
    if (way_back := cancelled(form, handover)) is not None:
        return way_back
    found = half_done(handover)
    if found is None:
        return start_again(handover)
    attempt, user = found
    ctx = request_context()
    outcome = service.attempt_code(ctx, user.id, form.get(field) or "", factor, browser.current())
    if isinstance(outcome, Wait | Wrong):
        status = TOO_MANY if isinstance(outcome, Wait) else 200
        if factor == "totp":
            return _show_code(handover, user, words.wrong_code(outcome), status)
        return _show_recovery(handover, user, words.wrong_recovery_code(outcome), status)
    if not service.finish_attempt(ctx, attempt):
        # Another window was faster; the code that this one used up is given back.
        ctx.db.rollback()
        return start_again(handover)
    amr = tuple(dict.fromkeys((*attempt.amr, outcome)))
    return browser.sign_in(Proved(user, amr, attempt.sid), handover, redirect)


@bp.get("/login/step-up")
def step_up() -> flask.Response:
    """Ask a signed-in person for the factor that the session has not shown yet."""
    handover = received(parameters.query())
    ctx, standing = request_context(), browser.current().standing
    if standing is None or handover.reason is not None:
        # A ticket that asks for a sign-in is no ticket for less.
        return redirect(continuation.url("/login", "login", handover))
    session = standing.session
    if session.acr == LEVELS[-1]:
        return redirect(continuation.back(handover))
    enrolled = bool(totp.list_for(ctx, session.user_id))
    if not enrolled and ctx.now - session.authenticated_at > ctx.settings.reauthentication_age:
        # A new factor is bound by who has just proved to be there, as on the account page.
        return redirect(continuation.url("/login", "login", replace(handover, reason="sensitive")))
    attempt = service.begin_attempt(
        ctx,
        session.user_id,
        session.amr,
        csrf.browser_hash(),
        enrolling=not enrolled,
        sid=session.sid,
    )
    path = CODE if enrolled else "/login/enrol"
    onward = handover.frame(reason="demanded", attempt=attempt)
    return redirect(continuation.url(path, "login", onward))


def _show_code(
    handover: Handover, user: User, error: str | None = None, status: int = 200
) -> flask.Response:
    return page(
        "login_code",
        status=status,
        form_target=handover.target,
        client=handover.client,
        ticket=continuation.ticket("login", handover),
        action=CODE,
        error=error,
        account=user.username,
        recovery_url=continuation.url(RECOVERY, "login", handover),
        cancel=handover.client is not None,
    )


def _show_recovery(
    handover: Handover, user: User, error: str | None = None, status: int = 200
) -> flask.Response:
    return page(
        "login_recovery",
        status=status,
        form_target=handover.target,
        client=handover.client,
        ticket=continuation.ticket("login", handover),
        action=RECOVERY,
        error=error,
        account=user.username,
        code_url=continuation.url(CODE, "login", handover),
        cancel=handover.client is not None,
    )
