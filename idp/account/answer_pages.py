"""“Was this you?”: /account/sign-ins/me takes a yes, /account/not-me leads to the end of all else.

The link in a letter leads here by GET, which shows or asks and never ends anything. Before the page
that does, the person proves to be there for this very act: neither a stolen cookie nor a proof of a
moment ago is enough to lock the owner out (docs/decisions.md).
"""

from dataclasses import replace

import flask

from idp.account import answering
from idp.account.answering import Secured
from idp.account.decision_words import sign_in_in_words
from idp.account.frame import ACTIVITY, AUTHENTICATORS, account_page
from idp.account.guard import act, ask_to_sign_in, signed_in
from idp.account.notices import with_notice
from idp.account.questions import may_disown
from idp.context import RequestContext
from idp.credentials import password_words, passwords
from idp.credentials.notices import NOT_ME
from idp.credentials.password_rules import PasswordRefused, minimum_length
from idp.kernel.clock import epoch
from idp.login import browser
from idp.login.confirming import TOO_OLD
from idp.store.decisions import Recorded
from idp.store.sessions import Standing
from idp.web import continuation, csrf, parameters
from idp.web.context import request_context
from idp.web.continuation import Handover
from idp.web.pages import redirect
from idp.web.parameters import Parameters
from idp.web.words import gettext as _

bp = flask.Blueprint("account_answers", __name__)
ME = "/account/sign-ins/me"
_PURPOSE, _ABOUT, _SID = "not_me", "about", "sid"
_LONGEST_ID = 40


@bp.post(ME)
@act(ACTIVITY)
def confirm(ctx: RequestContext, standing: Standing, form: Parameters) -> flask.Response:
    """Take a yes, and go back to where it was asked for."""
    to = ACTIVITY if form.get("from") != "home" else "/account"
    noted = answering.confirm(ctx, standing, _id(form.get("decision")))
    return redirect(with_notice(to, "was_me") if noted else to)


@bp.get(NOT_ME)
def show() -> flask.Response:
    """Say what will happen to whom has proved to be there for it; ask everybody else to."""
    ctx, query, standing = request_context(), parameters.query(), signed_in()
    came_back = continuation.receive("continue", query)
    if came_back is not None and came_back.carry.get("cancelled"):
        return redirect(ACTIVITY)
    about = _id(came_back.carry.get(_ABOUT) if came_back else query.get("sign_in"))
    if about is None:
        return redirect(ACTIVITY)
    if standing is None or came_back is None or not _proved(came_back, standing):
        return _ask(standing, about)
    decision = answering.find_own(ctx, standing, about)
    if decision is None or not may_disown(decision):
        return redirect(ACTIVITY)
    return _show(ctx, standing, decision)


def _id(said: object) -> str | None:
    return said if isinstance(said, str) and 0 < len(said) <= _LONGEST_ID else None


def _proved(came_back: Handover, standing: Standing) -> bool:
    """Tell whether the person was sent through a whole proof from here, and is who came back."""
    return came_back.to == NOT_ME and came_back.carry.get("login") == standing.session.sid


def _ask(standing: Standing | None, about: str) -> flask.Response:
    # `fresh`: no browser that is trusted stands in for a step.
    asking = Handover(to=NOT_ME, carry={_ABOUT: about}, reason=TOO_OLD, what="not_me", fresh=True)
    if standing is not None:
        asking = replace(
            asking,
            identifier=standing.user.username,
            user_id=standing.user.id,
        )
    return redirect(continuation.url("/login", "login", asking))


def _show(
    ctx: RequestContext,
    standing: Standing,
    decision: Recorded,
    error: str | None = None,
    status: int = 200,
) -> flask.Response:
    session = standing.session
    carry = {_ABOUT: decision.id, _SID: session.sid, "at": epoch(session.authenticated_at)}
    minimum = minimum_length(ctx.settings, standing.user.groups)
    return account_page(
        "account_not_me",
        standing,
        ACTIVITY,
        status=status,
        action=NOT_ME,
        ticket=continuation.ticket(_PURPOSE, Handover(to=NOT_ME, carry=carry)),
        sign_in=sign_in_in_words(ctx, decision),
        has_password=passwords.has_password(ctx, standing.user.id),
        advice=password_words.advice(minimum),
        error=error,
    )


@bp.post(NOT_ME)
def disown() -> flask.Response:
    """End everything but this session, where the page was shown to this very session."""
    ctx, form = request_context(), parameters.form()
    csrf.check(form)
    standing = signed_in()
    if standing is None:
        return ask_to_sign_in(ACTIVITY)
    shown, session = continuation.receive(_PURPOSE, form), standing.session
    proof = (session.sid, epoch(session.authenticated_at))
    if shown is None or (shown.carry.get(_SID), shown.carry.get("at")) != proof:
        return redirect(ACTIVITY)
    decision = answering.find_own(ctx, standing, _id(shown.carry.get(_ABOUT)))
    if decision is None:
        return redirect(ACTIVITY)
    new = form.get("new_password") or ""
    if not new and passwords.has_password(ctx, standing.user.id):
        return _show(ctx, standing, decision, _("Enter a new password."), 400)
    try:
        done = answering.disown(ctx, standing, browser.current(), decision, new)
    except PasswordRefused as weak:
        return _show(ctx, standing, decision, password_words.refused(weak), 400)
    return _answered(standing, done)


def _answered(standing: Standing, done: Secured | None) -> flask.Response:
    if done is None:
        return redirect(ACTIVITY)
    if done.secret is None:
        # Somebody ended this session meanwhile; what was done here is forgotten.
        return ask_to_sign_in(ACTIVITY)
    # What a stranger may have added to sign in with stands on that page.
    response = redirect(with_notice(AUTHENTICATORS, "secured"))
    browser.give_secret(response, standing.session, done.secret)
    return response
