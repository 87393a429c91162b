"""What a sign-in still needs, and what is kept of one that is half done."""

from dataclasses import replace
from datetime import datetime, timedelta

from idp.audit import record
from idp.audit.events import FactorDemanded, FactorOfferDeclined
from idp.context import RequestContext
from idp.credentials.owned import bindable, owned
from idp.kernel.secrets import new_id
from idp.login.sign_in import Browser
from idp.policy.factors import Owned
from idp.policy.sign_in import Enrol, SignInFacts, Verdict, judge_sign_in
from idp.store import login_attempts, users
from idp.store.login_attempts import LoginAttempt
from idp.store.users import User
from idp.web.continuation import Asked

ATTEMPT_LIFETIME = timedelta(minutes=15)


def judge(
    ctx: RequestContext,
    user: User,
    amr: tuple[str, ...],
    *,
    wanted: tuple[str, ...] = (),
    fresh: bool = False,
    by_ticket: bool = False,
    asked: Asked | None = None,
) -> Verdict:
    """Say which factors are missing to what was shown.

    Args:
        ctx: the request.
        user: whose factors these are.
        amr: what was shown so far.
        wanted: the levels that somebody asks for, the liked one first.
        fresh: somebody asks for a proof now, which no trusted device stands in for.
        by_ticket: the person came by an operator's ticket.
        asked: what the policy of sessions was found to want of this sign-in.
    """
    has = owned(ctx, user)
    facts = facts_of(ctx, user, amr, has, wanted=wanted, fresh=fresh, by_ticket=by_ticket)
    if asked is not None:
        facts = replace(facts, asked=asked.step, level=asked.level)
    return judge_sign_in(facts, ctx.now)


def facts_of(
    ctx: RequestContext,
    user: User,
    amr: tuple[str, ...],
    has: Owned,
    *,
    wanted: tuple[str, ...],
    fresh: bool,
    by_ticket: bool,
) -> SignInFacts:
    """Return what is known about a user's sign-in, the browser and its policy aside."""
    return SignInFacts(
        amr=amr,
        owned=has,
        second_factor=ctx.settings.second_factor_for(user.groups),
        bindable=bindable(ctx),
        wanted=wanted,
        fresh=fresh,
        reset=user.factors_reset_at is not None,
        by_ticket=by_ticket,
        offer_declined_at=user.factor_offer_declined_at,
        demanded_at=user.factor_demanded_at,
        grace=ctx.settings.second_factor_grace,
    )


def note_demand(ctx: RequestContext, user: User, verdict: Verdict) -> None:
    """Let the grace period begin with the first time that a factor is demanded."""
    if not isinstance(verdict, Enrol) or verdict.until is None or user.factor_demanded_at:
        return
    if users.note_demand(ctx.db, user.id, ctx.now):
        record(ctx, FactorDemanded(user_id=user.id, until=verdict.until.isoformat()))


def begin_attempt(
    ctx: RequestContext,
    user_id: str,
    amr: tuple[str, ...],
    browser_hash: bytes,
    *,
    sid: str | None = None,
    proved_at: datetime | None = None,
    purpose: str = "sign_in",
    ticket_id: str | None = None,
) -> str:
    """Keep a half-done sign-in for this browser; return its id.

    One that goes on from a session (`sid`, whose last proof was `proved_at`, else it is now) is
    worth nothing once that session is over. `purpose`
    says what it leads to: `sign_in`, `step_up` (`step_up_by_binding`: a factor may be set up for
    it), `add` (a factor), `recover` or `invite`.
    """
    attempt_id = new_id()
    attempt = LoginAttempt(
        id=attempt_id,
        user_id=user_id,
        sid=sid,
        amr=amr,
        proved_at=proved_at or ctx.now,
        purpose=purpose,
        ticket_id=ticket_id,
        expires_at=ctx.now + ATTEMPT_LIFETIME,
    )
    login_attempts.add(ctx.db, attempt, browser_hash, ctx.now)
    return attempt_id


def find_attempt(
    ctx: RequestContext, attempt_id: str | None, browser_hash: bytes, browser: Browser
) -> tuple[LoginAttempt, User] | None:
    """Return this browser's unfinished attempt and its user."""
    if attempt_id is None:
        return None
    attempt = login_attempts.find(ctx.db, attempt_id, browser_hash, ctx.now)
    if attempt is None or attempt.sid not in (None, browser.sid):
        return None
    user = users.find(ctx.db, attempt.user_id)
    return (attempt, user) if user and user.disabled_at is None else None


def extend_attempt(
    ctx: RequestContext, attempt: LoginAttempt, amr: tuple[str, ...], proved_at: datetime
) -> bool:
    """Note what was shown besides; False when the attempt is over."""
    more = replace(attempt, amr=amr, proved_at=proved_at)
    return login_attempts.extend(ctx.db, attempt, more, ctx.now)


def finish_attempt(ctx: RequestContext, attempt: LoginAttempt) -> bool:
    """Mark the attempt as done; True for the one call that may open its session (I8)."""
    return login_attempts.finish(ctx.db, attempt.id, ctx.now)


def decline_offer(ctx: RequestContext, user_id: str) -> None:
    """Remember the “not now” to a second factor."""
    users.note(ctx.db, user_id, factor_offer_declined_at=ctx.now)
    record(ctx, FactorOfferDeclined(user_id=user_id))
