"""After each proof: open the session, or go on to what is still missing.

Every page of a sign-in comes through here, so there is one place where sessions open.
"""

from dataclasses import dataclass, replace

import flask

from idp.credentials import account_tickets, channel_codes
from idp.credentials.channel_codes import Channel
from idp.credentials.owned import owned
from idp.login import browser, service
from idp.login.browser import Respond
from idp.login.service import Proved
from idp.policy.acr import acr_of, satisfies
from idp.policy.factors import Step, steps_to
from idp.policy.sign_in import Allow, Enrol, NeedFactor, Refer, Verdict, judge_recovery
from idp.store.login_attempts import LoginAttempt
from idp.store.users import User
from idp.web import continuation, csrf, parameters
from idp.web.context import request_context
from idp.web.continuation import Handover
from idp.web.pages import redirect

HOME = "/account"
PATHS: dict[Step, str] = {
    "key": "/login/key",
    "totp": "/login/code",
    "text": "/login/text",
    "mail": "/login/mail",
    "recovery_code": "/login/recovery",
}
ENROL, ENROL_KEY, REFER = "/login/enrol", "/login/enrol/passkey", "/login/refer"
# Where a handover keeps the operator's ticket by which factors are set up anew.
RESET_TICKET = "reset_ticket"
# With the second of them a factor may be set up on the way.
STEP_UPS = ("step_up", "step_up_by_binding")
# What is begun elsewhere is finished there; the attempt stays open and says what was shown.
ELSEWHERE = {"recover": "/recovery/password", "invite": "/invitation/done"}


@dataclass(frozen=True, slots=True)
class HalfDone:
    """A sign-in, or an addition to a session, from which something is missing yet."""

    handover: Handover
    attempt: LoginAttempt
    user: User

    def verdict(self, amr: tuple[str, ...] | None = None) -> Verdict:
        """Say what is still missing, by what it is to lead to."""
        ctx, attempt, user = request_context(), self.attempt, self.user
        shown = attempt.amr if amr is None else amr
        if attempt.purpose == "add":
            return Allow()
        if attempt.purpose == "recover":
            return judge_recovery(shown, owned(ctx, user))
        if attempt.purpose in STEP_UPS:
            return _step_up(user, shown, self.handover)
        by_ticket = _good_ticket(user, attempt.ticket_id)
        return _judge(user, shown, self.handover, by_ticket=by_ticket)

    def way(self, verdict: Verdict) -> str:
        """Return where the missing thing is asked for; a code that must be sent is on its way."""
        return _way(self.user, verdict, _onward(self.handover, verdict, self.attempt.id))


def received(sent: parameters.Parameters) -> Handover:
    """Return who sent the person here; nobody: they go to their account page afterwards."""
    return continuation.receive("login", sent) or Handover(to=HOME)


def hop(path: str, handover: Handover) -> flask.Response:
    """Send the person to the next page of this sign-in."""
    return redirect(continuation.url(path, "login", handover))


def start_again(handover: Handover) -> flask.Response:
    """Begin at the password: a later step is over, or was begun in another browser.

    Who is signed in by now only came back to an old page, and goes on from here.
    """
    if browser.current().standing is not None:
        return redirect(continuation.back(handover))
    return hop("/login", handover.frame(reason="step_lost"))


def cancelled(form: parameters.Parameters, handover: Handover) -> flask.Response | None:
    """Return the way back when the person would rather not."""
    if form.get("action") != "cancel":
        return None
    if (half := half_done(handover)) is not None:
        # What was shown for it is not worth anything any more.
        service.finish_attempt(request_context(), half.attempt)
    return redirect(continuation.back(handover.with_(cancelled=True)))


def half_done(handover: Handover) -> HalfDone | None:
    """Return the half-done sign-in of this browser that the handover names."""
    found = service.find_attempt(
        request_context(), handover.attempt, csrf.browser_hash(), browser.current()
    )
    return HalfDone(handover, *found) if found else None


def go_on(user: User, amr: tuple[str, ...], handover: Handover) -> flask.Response:
    """Open the session after the first proof, or ask for what is missing."""
    ctx = request_context()
    carried = handover.carry.get(RESET_TICKET)
    ticket_id = carried if _good_ticket(user, carried) else None
    verdict = _judge(user, amr, handover, by_ticket=ticket_id is not None)
    service.note_demand(ctx, user, verdict)
    if isinstance(verdict, Allow):
        return browser.sign_in(Proved(user, amr), handover, redirect)
    if isinstance(verdict, Refer):
        return hop(REFER, handover.frame())
    attempt = service.begin_attempt(ctx, user.id, amr, csrf.browser_hash(), ticket_id=ticket_id)
    return redirect(_way(user, verdict, _onward(handover, verdict, attempt)))


def advance(
    half: HalfDone,
    shown: tuple[str, ...],
    respond: Respond = redirect,
    *,
    trust: bool = False,
    bound: bool = False,
) -> flask.Response:
    """Go on with a half-done sign-in to which something was added.

    Args:
        half: the half-done sign-in.
        shown: the methods that were shown now.
        respond: makes the answer out of the URL that leads on.
        trust: this browser shall stand for the second step from now on.
        bound: the factor was set up now, which is no proof of who set it up.
    """
    ctx, attempt, handover = request_context(), half.attempt, half.handover
    at = attempt.proved_at if bound and attempt.proved_at else ctx.now
    amr = tuple(dict.fromkeys((*attempt.amr, *shown)))
    way = _unfinished(half, amr)
    if way is None:
        going_on = service.finish_attempt(ctx, attempt) and _ticket_is_used(half)
    else:
        going_on = service.extend_attempt(ctx, attempt, amr, at)
    if not going_on:
        # Another window was faster: what this one used up is given back.
        ctx.db.rollback()
        return start_again(handover)
    if way is not None:
        return respond(way)
    if attempt.purpose == "add" and acr_of(amr) == acr_of(attempt.amr):
        # A session that has shown as much already has nothing to gain by another factor.
        return respond(continuation.back(handover))
    proved = Proved(
        half.user,
        amr,
        attempt.sid,
        at=at,
        fresh=attempt.sid is None or not bound,
        trust=trust,
        stepped_up=attempt.purpose in STEP_UPS,
    )
    return browser.sign_in(proved, handover, respond)


def _ticket_is_used(half: HalfDone) -> bool:
    """Use up the operator's ticket that this began with, if it did; False: it was used before."""
    ticket_id = half.attempt.ticket_id
    ctx = request_context()
    return ticket_id is None or account_tickets.complete_reset(ctx, half.user.id, ticket_id)


def _unfinished(half: HalfDone, amr: tuple[str, ...]) -> str | None:
    """Return where it goes on; None when nothing is missing and it ends here."""
    attempt, handover = half.attempt, half.handover
    if attempt.purpose in ELSEWHERE:
        return continuation.url(ELSEWHERE[attempt.purpose], "login", handover)
    verdict = half.verdict(amr)
    service.note_demand(request_context(), half.user, verdict)
    if isinstance(verdict, Allow):
        return None
    return half.way(verdict)


def _judge(user: User, amr: tuple[str, ...], handover: Handover, *, by_ticket: bool) -> Verdict:
    here = browser.current()
    asked_anew = here.challenged is not None and here.challenged.user.id == user.id
    return service.judge(
        request_context(),
        user,
        amr,
        wanted=handover.acr,
        # A copied cookie comes with its neighbours: no trusted browser answers a challenge.
        fresh=handover.fresh or asked_anew,
        device_id=here.device_id,
        by_ticket=by_ticket,
    )


def _step_up(user: User, amr: tuple[str, ...], handover: Handover) -> Verdict:
    """Ask for nothing but what the wanted level lacks."""
    if any(satisfies(acr_of(amr), level) for level in handover.acr):
        return Allow()
    has = owned(request_context(), user)
    for level in handover.acr:
        if steps := steps_to(level, amr, has):
            return NeedFactor("client_wants_more", steps)
    return Allow()


def _good_ticket(user: User, ticket_id: str | None) -> bool:
    ctx = request_context()
    return ticket_id is not None and account_tickets.opens_reset(ctx, user.id, ticket_id)


def _onward(handover: Handover, verdict: Verdict, attempt: str) -> Handover:
    """Return what the next page is told: why somebody asked in the first place goes before."""
    if handover.fresh and handover.reason is not None:
        return replace(handover, attempt=attempt, identifier="", user_id=None)
    return handover.frame(reason=verdict.rule, attempt=attempt)


def _way(user: User, verdict: Verdict, onward: Handover) -> str:
    """Return where the missing thing is asked for; a code that must be sent is on its way."""
    if isinstance(verdict, Refer):
        return continuation.url(REFER, "login", onward)
    if isinstance(verdict, NeedFactor):
        first = verdict.steps[0]
        if first in ("text", "mail") and onward.attempt is not None:
            ctx = request_context()
            channel_codes.send(ctx, user, Channel(first), onward.attempt)
        return continuation.url(PATHS[first], "login", onward)
    only_key = isinstance(verdict, Enrol) and verdict.kinds == ("key",)
    return continuation.url(ENROL_KEY if only_key else ENROL, "login", onward)
