"""Whose account page it is, and when they have to prove it again (ASVS 5.0 §7.5.1)."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import flask

from idp.account.factors import count_factors
from idp.account.frame import OVERVIEW
from idp.account.notices import with_notice
from idp.context import RequestContext
from idp.judgement.policies import Policies
from idp.kernel.clock import epoch
from idp.kernel.errors import IdpError
from idp.login import confirming
from idp.policy.terms import Moment
from idp.presence import service as presence
from idp.presence.service import Presence
from idp.presence.shown import cookies_shown
from idp.store.sessions import Standing
from idp.web import continuation, csrf, parameters
from idp.web.context import request_context
from idp.web.continuation import Handover
from idp.web.errors import error_page
from idp.web.pages import redirect
from idp.web.parameters import Parameters
from idp.web.policy_words import refusal
from idp.web.words import gettext as _
from idp.web.words import show_times_in

ACTS = ("email", "phone", "password", "authenticators", "devices", "data", "delete")


class RefusedHere(IdpError):
    """The policy lets nothing happen from where somebody is (DESIGN §1)."""

    status = 403
    public = "Not here, not now."


View = Callable[[], flask.Response]
Show = Callable[[RequestContext, Standing], flask.Response]
Act = Callable[[RequestContext, Standing, Parameters], flask.Response]


def signed_in() -> Standing | None:
    """Return whose account page it is; times are shown in the zone of this person."""
    return _attended().standing


def _attended() -> Presence:
    ctx = request_context()
    here = presence.attend(ctx, cookies_shown(ctx), Moment.ACCOUNT)
    if here.standing is not None:
        show_times_in(str(here.standing.user.profile.get("zoneinfo") or ""))
    return here


def ask_to_sign_in(to: str = OVERVIEW) -> flask.Response:
    """Send the person to the sign-in page and back here."""
    return redirect(continuation.url("/login", "login", Handover(to=to)))


def _turn_away(here: Presence, to: str) -> flask.Response:
    """Return why the account cannot be shown, and what opens it again."""
    if here.refused is not None:
        return _not_from_here(here.refused, to)
    if here.challenged is None:
        reason = "session_ended" if here.ended is not None else None
        over = Handover(to=to, reason=reason, rule=here.ended or "")
        return redirect(continuation.url("/login", "login", over))
    session, user = here.challenged.session, here.challenged.user
    asking = Handover(
        to=to,
        reason="session_challenged",
        rule=session.challenge or "",
        proved_at=epoch(session.authenticated_at),
        fresh=True,
        identifier=user.username,
        user_id=user.id,
    )
    return redirect(continuation.url("/login", "login", asking))


def _not_from_here(rule: str, to: str) -> flask.Response:
    ctx = request_context()
    return error_page(
        RefusedHere(rule),
        title=_("Not here, not now"),
        message=refusal(ctx.house.get(Policies).current(ctx.now), rule),
        advice=_("Nothing is lost: go on in a browser and from a place where it worked before."),
        return_url=to,
        return_label=_("Try again"),
    )


def ask_again(
    ctx: RequestContext, standing: Standing, to: str, reason: str, *, acting: bool = False
) -> flask.Response:
    """Send the person through a fresh proof and back to the page `to`.

    `acting` says that they had pressed a button there, which they find again.
    """
    carry = {"acting": True} if acting else {}
    # What is about to happen is named by the page's own name; a page below it belongs to it.
    names = [part for part in to.split("/") if part in ACTS]
    back = Handover(to=to, what=names[-1] if names else None, carry=carry)
    return redirect(confirming.ask(ctx, standing, back, reason))


def shown(show: Show) -> View:
    """Show a page of the account to whom is signed in."""
    return _shown(show, lambda: flask.request.path)


def _shown(show: Show, when_cancelled: Callable[[], str]) -> View:
    @wraps(show)
    def view() -> flask.Response:
        path = flask.request.path
        came_back = continuation.receive("continue", parameters.query())
        if came_back is not None:
            # The ticket has done its work and leaves the address.
            cancelled = came_back.carry.get("cancelled")
            return redirect(when_cancelled() if cancelled else _landing(path, came_back.carry))
        here = _attended()
        if here.standing is None:
            return _turn_away(here, path)
        return show(request_context(), here.standing)

    return view


def _landing(path: str, carried: dict[str, Any]) -> str:
    """Return where somebody lands who did what was asked, or something like it."""
    if carried.get("acting") and (carried.get("login") or carried.get("step_up")):
        return with_notice(path, "confirmed")
    if "had" in carried and carried["had"] != _count_own_factors():
        return with_notice(path, "added")
    return path


def _count_own_factors() -> int:
    """Return how many factors the person has who came back from adding one."""
    standing = signed_in()
    return count_factors(request_context(), standing.user.id) if standing else 0


def shown_when_proved(show: Show) -> View:
    """Show a page whose form takes typing only to whom has proved to be there a while ago.

    Asked afterwards, they would have typed for nothing.
    """

    @wraps(show)
    def guarded(ctx: RequestContext, standing: Standing) -> flask.Response:
        if (reason := confirming.why_not(ctx, standing)) is None:
            return show(ctx, standing)
        return ask_again(ctx, standing, flask.request.path, reason)

    # Back on a page that asks again, whoever would rather not would never get away.
    return _shown(guarded, lambda: OVERVIEW)


def act(page: str) -> Callable[[Act], View]:
    """Let an act of a page happen for whom is signed in, by a form of ours."""

    def decorate(perform: Act) -> View:
        @wraps(perform)
        def view() -> flask.Response:
            form = parameters.form()
            csrf.check(form)
            here = _attended()
            if here.standing is None:
                return _turn_away(here, page)
            return perform(request_context(), here.standing, form)

        return view

    return decorate


def sensitive_act(page: str) -> Callable[[Act], View]:
    """Let an act happen when, besides, the person proved to be there a short while ago."""

    def decorate(perform: Act) -> View:
        @wraps(perform)
        def guarded(ctx: RequestContext, standing: Standing, form: Parameters) -> flask.Response:
            if (reason := confirming.why_not(ctx, standing)) is None:
                return perform(ctx, standing, form)
            return ask_again(ctx, standing, page, reason, acting=True)

        return act(page)(guarded)

    return decorate
