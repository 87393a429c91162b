"""A sign-in from which something is missing yet: whose it is, and what it still needs."""

from dataclasses import dataclass

from idp.credentials import account_tickets
from idp.credentials.owned import owned
from idp.login import browser, deciding, service, ways
from idp.login.deciding import Asking
from idp.login.sign_in import Judged
from idp.policy.acr import acr_of, satisfies
from idp.policy.factors import steps_to
from idp.policy.sign_in import Allow, NeedFactor, Verdict, judge_recovery
from idp.store.login_attempts import LoginAttempt
from idp.store.users import User
from idp.web import csrf
from idp.web.context import request_context
from idp.web.continuation import Asked, Handover

# With the second of them a factor may be set up on the way.
STEP_UPS = ("step_up", "step_up_by_binding")


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
                by_ticket=good_ticket(user, attempt.ticket_id),
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
        asking = asking_of(
            self.handover,
            by_ticket=good_ticket(user, attempt.ticket_id),
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

    def asking(self, judged: Judged | None, verdict: Verdict) -> str:
        """Return where more is asked for; where the policy asks, that is written down."""
        if judged is None:
            return self.way(verdict)
        deciding.note_prompt(request_context(), judged, self.attempt.id, csrf.browser_hash())
        return self.way(verdict, ways.asked_of(judged))


def half_done(handover: Handover) -> HalfDone | None:
    """Return the half-done sign-in of this browser that the handover names."""
    found = service.find_attempt(
        request_context(), handover.attempt, csrf.browser_hash(), browser.current()
    )
    return HalfDone(handover, *found) if found else None


def asking_of(
    handover: Handover, *, by_ticket: bool, declined: bool = False, make_room: bool = False
) -> Asking:
    """Return for whom somebody signs in, and what they want of it."""
    return Asking(
        client_id=handover.client_id,
        wanted=handover.acr,
        fresh=handover.fresh,
        by_ticket=by_ticket,
        declined=declined,
        make_room=make_room,
    )


def good_ticket(user: User, ticket_id: str | None) -> bool:
    """Tell whether an operator's ticket lets new factors in."""
    ctx = request_context()
    return ticket_id is not None and account_tickets.opens_reset(ctx, user.id, ticket_id)


def _step_up(user: User, amr: tuple[str, ...], handover: Handover) -> Verdict:
    """Ask for nothing but what the wanted level lacks."""
    if any(satisfies(acr_of(amr), level) for level in handover.acr):
        return Allow()
    has = owned(request_context(), user)
    for level in handover.acr:
        if steps := steps_to(level, amr, has):
            return NeedFactor("client_wants_more", steps)
    return Allow()
