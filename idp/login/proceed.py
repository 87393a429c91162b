"""After each proof: open the session, or go on to what is still missing.

Every page of a sign-in comes through here, so there is one place where sessions open.
"""

from dataclasses import replace
from datetime import datetime

import flask

from idp.credentials import account_tickets
from idp.login import browser, deciding, refusal, service, ways
from idp.login.browser import Respond
from idp.login.half_done import STEP_UPS, HalfDone, asking_of, good_ticket, half_done
from idp.login.sign_in import Judged, Proved, StepLost
from idp.policy.acr import acr_of
from idp.policy.sign_in import Allow, NeedFactor, Refer, Refuse, Verdict
from idp.store import users
from idp.store.users import User
from idp.web import continuation, csrf, parameters
from idp.web.context import request_context
from idp.web.continuation import Handover
from idp.web.pages import redirect

# Where a handover keeps the operator's ticket by which factors are set up anew.
RESET_TICKET = "reset_ticket"
# What is begun elsewhere is finished there; the attempt stays open and says what was shown.
ELSEWHERE = {"recover": "/recovery/password", "invite": "/invitation/done"}


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


def go_on(
    user: User, amr: tuple[str, ...], handover: Handover, *, by_mail: bool = False
) -> flask.Response:
    """Open the session after the first proof, or ask for what is missing.

    `by_mail` says that the person comes right from a link that was mailed to this user.
    """
    ctx = request_context()
    carried = handover.carry.get(RESET_TICKET)
    ticket_id = carried if good_ticket(user, carried) else None
    asking = asking_of(handover, by_ticket=ticket_id is not None)
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
    here = csrf.browser_hash()
    attempt = service.begin_attempt(ctx, user.id, amr, here, ticket_id=ticket_id)
    deciding.note_prompt(ctx, judged, attempt, here)
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
        return _refuse(half, judged)
    if not isinstance(verdict, Allow):
        return _pause(half, amr, at, half.asking(judged, verdict), respond)
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
        attempt=attempt.id,
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
        return _refuse(half, judged)
    if not isinstance(verdict, Allow):
        return redirect(half.asking(judged, verdict))
    # Before the half-done sign-in is taken, as by a no to “Was this you?”: nobody who holds one of
    # them waits for the other.
    users.hold(ctx.db, half.user.id)
    if not (service.finish_attempt(ctx, attempt) and _ticket_is_used(half)):
        return _overtaken(handover)
    proved = Proved(
        half.user,
        judged.amr,
        attempt.sid,
        at=attempt.proved_at,
        judged=judged,
        make_room=make_room,
        attempt=attempt.id,
    )
    return _sign_in(proved, handover, redirect)


def _refuse(half: HalfDone, judged: Judged) -> flask.Response:
    if not service.finish_attempt(request_context(), half.attempt):
        return _overtaken(half.handover)
    return refusal.refuse(judged, half.handover, attempt=half.attempt.id)


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
        response = browser.sign_in(wished, handover, respond)
    except StepLost:
        if proved.sid is not None:
            raise
        # Nothing of it is written; there was another sign-in of this user in the same moment.
        return start_again(handover)
    if proved.judged is not None:
        deciding.note_answer(request_context(), proved.judged, csrf.browser_hash())
    return response


def _ticket_is_used(half: HalfDone) -> bool:
    """Use up the operator's ticket that this began with, if it did; False: it was used before."""
    ticket_id = half.attempt.ticket_id
    ctx = request_context()
    return ticket_id is None or account_tickets.complete_reset(ctx, half.user.id, ticket_id)
