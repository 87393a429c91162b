"""After each proof: open the session, or go on to what is still missing.

Every page of a sign-in comes through here, so there is one place where sessions open.
"""

from dataclasses import dataclass, replace
from datetime import datetime

import flask

from idp.credentials import account_tickets
from idp.credentials.owned import owned
from idp.login import browser, deciding, refusal, service, ways
from idp.login.browser import Respond
from idp.login.deciding import Asking
from idp.login.sign_in import Judged, Proved, StepLost
from idp.policy.acr import acr_of, satisfies
from idp.policy.factors import steps_to
from idp.policy.sign_in import Allow, NeedFactor, Refer, Refuse, Verdict, judge_recovery
from idp.store.login_attempts import LoginAttempt
from idp.store.users import User
from idp.web import continuation, csrf, parameters
from idp.web.context import request_context
from idp.web.continuation import Asked, Handover
from idp.web.pages import redirect

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

    def verdict(self) -> Verdict:
        """Say what is still missing, for a page to show: by what was judged at the last proof."""
        ctx, attempt, user = request_context(), self.attempt, self.user
        if attempt.purpose == "sign_in":
            return service.judge(
                ctx,
                user,
                attempt.amr,
                wanted=self.handover.acr,
                fresh=self.handover.fresh,
                by_ticket=_good_ticket(user, attempt.ticket_id),
                asked=self.handover.asked,
            )
        return self._addition(attempt.amr)

    def judged(
        self, amr: tuple[str, ...], *, declined: bool = False, make_room: bool = False
    ) -> Judged | Verdict:
        """Judge what was shown by now; what only adds to a session is not judged by the policy."""
        attempt, user = self.attempt, self.user
        if attempt.purpose != "sign_in":
            return self._addition(amr)
        asking = _asking(
            self.handover,
            by_ticket=_good_ticket(user, attempt.ticket_id),
            declined=declined,
            make_room=make_room,
        )
        return deciding.judge(request_context(), user, amr, browser.current(), asking)

    def _addition(self, amr: tuple[str, ...]) -> Verdict:
        if self.attempt.purpose == "add":
            return Allow()
        if self.attempt.purpose == "recover":
            return judge_recovery(amr, owned(request_context(), self.user))
        if self.attempt.purpose in STEP_UPS:
            return _step_up(self.user, amr, self.handover)
        # An invitation is accepted by what was bound, and judged where it is.
        return Allow()

    def way(self, verdict: Verdict, asked: Asked | None = None) -> str:
        """Return where the missing thing is asked for; a code that must be sent is on its way."""
        onward = ways.onward(self.handover, verdict, self.attempt.id, asked)
        return ways.way(self.user, verdict, onward)


def received(sent: parameters.Parameters) -> Handover:
    """Return who sent the person here; nobody: they go to their account page afterwards."""
    return continuation.receive("login", sent) or Handover(to=ways.HOME)


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


def go_on(
    user: User, amr: tuple[str, ...], handover: Handover, *, by_mail: bool = False
) -> flask.Response:
    """Open the session after the first proof, or ask for what is missing.

    `by_mail` says that the person comes right from a link that was mailed to this user.
    """
    ctx = request_context()
    carried = handover.carry.get(RESET_TICKET)
    ticket_id = carried if _good_ticket(user, carried) else None
    asking = _asking(handover, by_ticket=ticket_id is not None)
    judged = deciding.judge(ctx, user, amr, browser.current(), asking)
    if by_mail and isinstance(judged.verdict, NeedFactor) and "mail" in judged.verdict.steps:
        # A code to that mailbox would show once more what was shown a moment ago.
        amr = (*amr, "mail")
        judged = deciding.judge(ctx, user, amr, browser.current(), asking)
    verdict = judged.verdict
    service.note_demand(ctx, user, verdict)
    if isinstance(verdict, Refuse):
        return refusal.refuse(judged, handover)
    if isinstance(verdict, Allow):
        return _sign_in(Proved(user, judged.amr, judged=judged), handover, redirect)
    if isinstance(verdict, Refer):
        return hop(ways.REFER, handover.frame())
    attempt = service.begin_attempt(ctx, user.id, amr, csrf.browser_hash(), ticket_id=ticket_id)
    onward = ways.onward(handover, verdict, attempt, ways.asked_of(judged))
    return redirect(ways.way(user, verdict, onward))


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
    if attempt.purpose in ELSEWHERE:
        elsewhere = continuation.url(ELSEWHERE[attempt.purpose], "login", handover)
        return _pause(half, amr, at, elsewhere, respond)
    judged, verdict = _split(half.judged(amr))
    service.note_demand(ctx, half.user, verdict)
    if isinstance(verdict, Refuse) and judged is not None:
        service.finish_attempt(ctx, attempt)
        return refusal.refuse(judged, handover)
    if not isinstance(verdict, Allow):
        asked = ways.asked_of(judged) if judged else None
        return _pause(half, amr, at, half.way(verdict, asked), respond)
    if not (service.finish_attempt(ctx, attempt) and _ticket_is_used(half)):
        return _overtaken(handover)
    if attempt.purpose == "add" and acr_of(amr) == acr_of(attempt.amr):
        # A session that has shown as much already has nothing to gain by another factor.
        return respond(continuation.back(handover))
    proved = Proved(
        half.user,
        judged.amr if judged else amr,
        attempt.sid,
        at=at,
        fresh=attempt.sid is None or not bound,
        trust=trust,
        stepped_up=attempt.purpose in STEP_UPS,
        judged=judged,
    )
    return _sign_in(proved, handover, respond)


def go_without(half: HalfDone) -> flask.Response:
    """Go on without the factor that the person would rather not set up now."""
    return _as_it_stands(half, declined=True)


def make_room(half: HalfDone) -> flask.Response:
    """Go on with what is shown already; another session of the user ends for it."""
    return _as_it_stands(half, make_room=True)


def _as_it_stands(
    half: HalfDone, *, declined: bool = False, make_room: bool = False
) -> flask.Response:
    ctx, attempt, handover = request_context(), half.attempt, half.handover
    judged, verdict = _split(half.judged(attempt.amr, declined=declined, make_room=make_room))
    if judged is None:
        return start_again(handover)
    if isinstance(verdict, Refuse):
        service.finish_attempt(ctx, attempt)
        return refusal.refuse(judged, handover)
    if not isinstance(verdict, Allow):
        return redirect(half.way(verdict, ways.asked_of(judged)))
    if not (service.finish_attempt(ctx, attempt) and _ticket_is_used(half)):
        return _overtaken(handover)
    proved = Proved(
        half.user, judged.amr, attempt.sid, at=attempt.proved_at, judged=judged, make_room=make_room
    )
    return _sign_in(proved, handover, redirect)


def _split(judged: Judged | Verdict) -> tuple[Judged | None, Verdict]:
    return (judged, judged.verdict) if isinstance(judged, Judged) else (None, judged)


def _pause(
    half: HalfDone, amr: tuple[str, ...], at: datetime, way: str, respond: Respond
) -> flask.Response:
    """Keep what was shown, and go where the next thing is asked for."""
    if not service.extend_attempt(request_context(), half.attempt, amr, at):
        return _overtaken(half.handover)
    return respond(way)


def _overtaken(handover: Handover) -> flask.Response:
    """Another window was faster: what this one used up is given back."""
    request_context().db.rollback()
    return start_again(handover)


def _sign_in(proved: Proved, handover: Handover, respond: Respond) -> flask.Response:
    wished = replace(proved, remember=handover.remember)
    try:
        return browser.sign_in(wished, handover, respond)
    except StepLost:
        if proved.sid is not None:
            raise
        # Nothing of it is written; there was another sign-in of this user in the same moment.
        return start_again(handover)


def _ticket_is_used(half: HalfDone) -> bool:
    """Use up the operator's ticket that this began with, if it did; False: it was used before."""
    ticket_id = half.attempt.ticket_id
    ctx = request_context()
    return ticket_id is None or account_tickets.complete_reset(ctx, half.user.id, ticket_id)


def _asking(
    handover: Handover, *, by_ticket: bool, declined: bool = False, make_room: bool = False
) -> Asking:
    return Asking(
        client_id=handover.client_id,
        wanted=handover.acr,
        fresh=handover.fresh,
        by_ticket=by_ticket,
        declined=declined,
        make_room=make_room,
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
