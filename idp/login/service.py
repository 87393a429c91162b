"""Judge the proofs of one sign-in; a session opens when nothing is missing."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from idp.audit import record
from idp.audit.events import FactorDemanded, FactorOfferDeclined
from idp.context import RequestContext
from idp.credentials import devices
from idp.credentials.owned import bindable, owned
from idp.kernel.errors import IdpError
from idp.kernel.secrets import new_id
from idp.policy.sign_in import Enrol, SignInFacts, Verdict, judge_sign_in
from idp.sessions import service as sessions
from idp.sessions.service import OpenSession
from idp.store import login_attempts, users
from idp.store.login_attempts import LoginAttempt
from idp.store.sessions import Standing
from idp.store.users import User

ATTEMPT_LIFETIME = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Browser:
    """What we know of the browser: its session and its device credential.

    `challenged` is a session that has to be proved anew before it is good for anything again.
    """

    secret: str | None
    standing: Standing | None
    device_id: str | None
    challenged: Standing | None = None

    @property
    def sid(self) -> str | None:
        """The session that lives in this browser."""
        return self.standing.session.sid if self.standing else None


@dataclass(frozen=True, slots=True)
class Proved:
    """Who proved to be there, by what, and for which session alone, if for one.

    `at` is the instant of the last proof, now where nothing is said. Binding a new factor is no
    proof of who binds it: then a session that stands is not `fresh`. `trust` says that this browser
    shall stand for the second step from now on, `stepped_up` that no more was asked than what the
    session had not shown yet.
    """

    user: User
    amr: tuple[str, ...]
    sid: str | None = None
    at: datetime | None = None
    fresh: bool = True
    trust: bool = False
    stepped_up: bool = False


class StepLost(IdpError):
    """The session that a step went on from is over."""

    public = "That step is over."


def judge(
    ctx: RequestContext,
    user: User,
    amr: tuple[str, ...],
    *,
    wanted: tuple[str, ...] = (),
    fresh: bool = False,
    device_id: str | None = None,
    by_ticket: bool = False,
) -> Verdict:
    """Say what this sign-in still needs.

    Args:
        ctx: the request.
        user: who signs in.
        amr: what was shown so far.
        wanted: the levels that somebody asks for, the liked one first.
        fresh: somebody asks for a proof now, which no trusted device stands in for.
        device_id: the browser's device credential.
        by_ticket: the person came by an operator's ticket.
    """
    facts = SignInFacts(
        amr=amr,
        owned=owned(ctx, user),
        second_factor=ctx.settings.second_factor_for(user.groups),
        bindable=bindable(ctx),
        wanted=wanted,
        fresh=fresh,
        device_trusted=not fresh and devices.is_trusted(ctx, device_id, user.id),
        reset=user.factors_reset_at is not None,
        by_ticket=by_ticket,
        offer_declined_at=user.factor_offer_declined_at,
        demanded_at=user.factor_demanded_at,
        grace=ctx.settings.second_factor_grace,
    )
    return judge_sign_in(facts, ctx.now)


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


def open_session(
    ctx: RequestContext, proved: Proved, browser: Browser, device_id: str
) -> OpenSession:
    """Open a session, or write the new proof into the one that this user has here.

    Raises:
        StepLost: the proof belongs to a session that is over; nothing of it is written.
    """
    user, amr = proved.user, proved.amr
    devices.remember(ctx, device_id, user.id)
    if proved.trust:
        devices.trust(ctx, device_id, user.id)
    standing, secret = browser.standing or browser.challenged, browser.secret
    if standing is not None and secret is not None and standing.user.id == user.id:
        before = standing.session.authenticated_at
        at = max(before, proved.at) if proved.at else ctx.now
        written = sessions.prove(
            ctx,
            standing.session,
            secret,
            amr,
            device_id,
            authenticated_at=at,
            anew=proved.sid is None,
        )
        if written is not None and proved.sid in (None, written.session.sid):
            return written
    elif standing is not None:
        sessions.end(ctx, standing.session.sid, because="another_account")
    if proved.sid is not None:
        ctx.db.rollback()
        raise StepLost
    return sessions.open_session(ctx, user.id, amr, device_id, authenticated_at=proved.at)
