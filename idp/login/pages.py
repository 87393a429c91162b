"""/login: one page for name and password, or a passkey. /login/account: which account it is."""

from dataclasses import replace

import flask

from idp.credentials import passkeys
from idp.credentials.ceremonies import Ceremony
from idp.credentials.owned import owned
from idp.judgement.policies import Policies
from idp.kernel.encoding import unb64url
from idp.login import browser, proofs, words
from idp.login.confirming import LEVEL_MISSING, STEP_MISSING, TOO_OLD
from idp.login.over_words import why_over
from idp.login.proceed import cancelled, go_on, hop, received
from idp.login.proofs import Wait, Wrong
from idp.policy.extent import longest
from idp.store.users import User
from idp.web import continuation, csrf, parameters
from idp.web.context import request_context
from idp.web.continuation import Handover
from idp.web.pages import page, redirect
from idp.web.parameters import Parameters
from idp.web.words import gettext as _

bp = flask.Blueprint("login", __name__)
LOGIN, PASSKEY, ACCOUNT = "/login", "/login/passkey", "/login/account"
TOO_MANY = 429
_LONGEST_CREDENTIAL_ID = 2000
CHALLENGED = "session_challenged"


@bp.get(LOGIN)
def ask() -> flask.Response:
    """Show the sign-in page."""
    return _show(received(parameters.query()))


@bp.post(LOGIN)
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
    outcome = proofs.attempt_password(request_context(), identifier, password, browser.current())
    if isinstance(outcome, Wait | Wrong):
        status = TOO_MANY if isinstance(outcome, Wait) else 200
        return _show(handover, identifier, words.wrong_password(outcome), status)
    return go_on(outcome, ("pwd",), _wishing(form, handover))


@bp.post(PASSKEY)
def answer_passkey() -> flask.Response:
    """Check a passkey, which is name and two factors in one."""
    form = parameters.form()
    csrf.check(form)
    handover = received(form)
    if (way_back := cancelled(form, handover)) is not None:
        return way_back
    ctx, known = request_context(), _known(handover)
    ceremony, shown = form.get("ceremony") or "", form.get("credential") or ""
    if known is None:
        outcome = proofs.attempt_passkey(ctx, ceremony, shown, csrf.browser_hash())
    else:
        outcome = proofs.attempt_key(ctx, known, ceremony, shown, csrf.browser_hash())
    if isinstance(outcome, Wait):
        return _show(handover, error=words.waiting(outcome.time), status=TOO_MANY)
    if isinstance(outcome, Wrong):
        # A browser that hears so of a passkey hides or deletes it: only when it is true.
        gone = form.get("credential_id") if outcome.unknown_key else None
        return _show(handover, error=words.wrong_passkey(), refused=gone)
    return go_on(outcome.user, outcome.amr, _wishing(form, handover))


def _wishing(form: Parameters, handover: Handover) -> Handover:
    """Return the handover with the wish to stay signed in; the policy has the last word."""
    return replace(handover, remember=form.get("remember") == "yes")


def _remembers() -> bool:
    ctx = request_context()
    return bool(longest(ctx.house.get(Policies).current(ctx.now), "remember"))


def _known(handover: Handover) -> User | None:
    """Return who is asked to prove it again: the one who is signed in here."""
    now_here = browser.current()
    standing = now_here.standing or now_here.challenged
    here = standing is not None and standing.user.id == handover.user_id
    return standing.user if standing is not None and here else None


def _ceremony(known: User | None) -> Ceremony | None:
    ctx = request_context()
    if not ctx.settings.passkeys:
        return None
    csrf.token()
    if known is None:
        return passkeys.begin_sign_in(ctx, csrf.browser_hash())
    if not owned(ctx, known).key:
        return None
    return passkeys.begin_factor(ctx, known.id, csrf.browser_hash(), verify=True)


def _show(
    handover: Handover,
    identifier: str = "",
    error: str | None = None,
    status: int = 200,
    refused: str | None = None,
) -> flask.Response:
    named = handover.user_id is not None
    anybody = handover.frame()
    known, settings = _known(handover), request_context().settings
    # Somebody who is signed in does not sign in: they confirm that it is them.
    confirming_ = handover.reason in (TOO_OLD, STEP_MISSING, LEVEL_MISSING)
    return page(
        "login",
        status=status,
        form_target=handover.target,
        client=handover.client,
        ticket=continuation.ticket("login", handover),
        action=LOGIN,
        passkey_action=PASSKEY,
        identifier=identifier or handover.identifier,
        error=error,
        reason=words.why(handover) or why_over(),
        besides=words.besides(handover),
        hint_user=handover.identifier if named else None,
        switch_url=continuation.url(LOGIN, "login", anybody) if named and not confirming_ else None,
        confirming=confirming_ or (known is not None and handover.reason == CHALLENGED),
        password=known is None or owned(request_context(), known).password,
        passkey=_ceremony(known),
        autofill=known is None,
        remember=known is None and _remembers(),
        remembered=handover.remember,
        rp_id=settings.rp_id,
        unknown_credential=refused if refused and _is_credential_id(refused) else None,
        forgot_url=continuation.url("/recovery", "login", anybody) if settings.sends_mail else None,
        register_url=continuation.url("/register", "login", anybody)
        if settings.self_registration
        else None,
        cancel=handover.client is not None or handover.fresh,
    )


def _is_credential_id(text: str) -> bool:
    try:
        return len(text) <= _LONGEST_CREDENTIAL_ID and bool(unb64url(text))
    except ValueError:
        return False


@bp.get(ACCOUNT)
def ask_account() -> flask.Response:
    """Show the accounts that are signed in here."""
    handover = received(parameters.query())
    standing = browser.current().standing
    if standing is None:
        return hop(LOGIN, handover)
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
        action=ACCOUNT,
        accounts=accounts,
    )


@bp.post(ACCOUNT)
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
    return hop(LOGIN, handover.frame())
