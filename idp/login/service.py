"""Judge the proofs of one sign-in; a session opens when nothing is missing."""

from dataclasses import dataclass
from datetime import timedelta

import structlog

from idp.audit import record
from idp.audit.events import FactorOfferDeclined, LoginFailed
from idp.context import RequestContext
from idp.credentials import devices, passwords, recovery, throttle, totp
from idp.kernel.errors import IdpError
from idp.kernel.secrets import MasterKey, new_id
from idp.policy.sign_in import SignInFacts, Verdict, judge_sign_in
from idp.sessions import service as sessions
from idp.sessions.service import OpenSession
from idp.store import login_attempts, users
from idp.store.login_attempts import LoginAttempt
from idp.store.sessions import Standing
from idp.store.users import User, username_key

log = structlog.get_logger("idp")
ATTEMPT_LIFETIME = timedelta(minutes=15)
IDENTIFIER_KEPT = 200


@dataclass(frozen=True, slots=True)
class Wait:
    """The proof was not looked at: too many failed before it."""

    time: timedelta


@dataclass(frozen=True, slots=True)
class Wrong:
    """The proof was wrong; which part of it nobody learns."""


@dataclass(frozen=True, slots=True)
class Browser:
    """What we know of the browser: its session and its device credential."""

    secret: str | None
    standing: Standing | None
    device_id: str | None

    @property
    def sid(self) -> str | None:
        """The session that lives in this browser."""
        return self.standing.session.sid if self.standing else None


@dataclass(frozen=True, slots=True)
class Proved:
    """Who proved to be there, by what, and for which session alone, if for one.

    Binding a new factor is no proof of who binds it: then it is not `fresh`.
    """

    user: User
    amr: tuple[str, ...]
    sid: str | None = None
    fresh: bool = True


class StepLost(IdpError):
    """The session that a step went on from is over."""

    public = "That step is over."


def attempt_password(
    ctx: RequestContext, identifier: str, password: str, browser: Browser
) -> User | Wait | Wrong:
    """Check a password. Unknown and disabled users answer as a wrong password does."""
    user = users.find_for_sign_in(ctx.db, identifier[:IDENTIFIER_KEPT])
    user_id = user.id if user else None
    device_id = known_device(ctx, browser, user_id)
    account = username_key(identifier[:IDENTIFIER_KEPT])
    wait = throttle.admit(ctx, account, device_id, "password")
    if wait is not None:
        return _throttled(ctx, user_id, "password", wait)
    right = passwords.verify(ctx, user_id, password)
    if not right or user is None or user.disabled_at is not None:
        record(ctx, LoginFailed(user_id=user_id, factor="password"))
        return Wrong()
    throttle.succeeded(ctx, account, device_id, "password")
    return user


def attempt_code(
    ctx: RequestContext, user_id: str, code: str, factor: str, browser: Browser
) -> str | Wait | Wrong:
    """Check a code of a second factor (`totp` or `recovery_code`); return its method name."""
    device_id = known_device(ctx, browser, user_id)
    wait = throttle.admit(ctx, user_id, device_id, factor)
    if wait is not None:
        return _throttled(ctx, user_id, factor, wait)
    check, method = {"totp": (totp.verify, "otp"), "recovery_code": (recovery.use, "rec")}[factor]
    if not check(ctx, user_id, code):
        record(ctx, LoginFailed(user_id=user_id, factor=factor))
        return Wrong()
    throttle.succeeded(ctx, user_id, device_id, factor)
    return method


def _throttled(ctx: RequestContext, user_id: str | None, factor: str, wait: timedelta) -> Wait:
    # Nothing changed, so nothing is audited: a flood of guesses must not fill the audit log.
    seconds = max(1, round(wait.total_seconds()))
    log.info("throttled", user_id=user_id, factor=factor, wait=seconds, reference=ctx.reference)
    return Wait(wait)


def known_device(ctx: RequestContext, browser: Browser, user_id: str | None) -> str | None:
    """Return the browser's device when it signed this user in before."""
    known = devices.is_known(ctx, browser.device_id, user_id)
    return browser.device_id if known else None


def judge(ctx: RequestContext, user: User, amr: tuple[str, ...]) -> Verdict:
    """Say what this sign-in still needs."""
    facts = SignInFacts(
        amr=amr,
        has_totp=bool(totp.list_for(ctx, user.id)),
        second_factor=ctx.settings.second_factor,
        offer_declined_at=user.factor_offer_declined_at,
    )
    return judge_sign_in(facts, ctx.now)


def begin_attempt(
    ctx: RequestContext,
    user_id: str,
    amr: tuple[str, ...],
    browser_hash: bytes,
    *,
    enrolling: bool = False,
    sid: str | None = None,
) -> str:
    """Keep a half-done sign-in for this browser; return its id.

    One that goes on from a session (`sid`) is worth nothing once that session is over.
    """
    attempt_id = new_id()
    sealed = None
    if enrolling:
        secret = totp.new_secret().encode()
        sealed = ctx.house.get(MasterKey).seal(secret, _sealed_as(attempt_id))
    attempt = LoginAttempt(
        id=attempt_id,
        user_id=user_id,
        sid=sid,
        amr=amr,
        enrolling_sealed=sealed,
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


def enrolling_secret(ctx: RequestContext, attempt: LoginAttempt) -> str | None:
    """Return the TOTP secret that waits to be confirmed."""
    if attempt.enrolling_sealed is None:
        return None
    sealed_as = _sealed_as(attempt.id)
    return ctx.house.get(MasterKey).open(attempt.enrolling_sealed, sealed_as).decode()


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
    standing, secret = browser.standing, browser.secret
    if standing is not None and secret is not None and standing.user.id == user.id:
        before = standing.session.authenticated_at
        written = sessions.prove(
            ctx,
            standing.session,
            secret,
            amr,
            device_id,
            authenticated_at=ctx.now if proved.fresh else before,
        )
        if written is not None and proved.sid in (None, written.session.sid):
            return written
    elif standing is not None:
        sessions.end(ctx, standing.session.sid, because="another_account")
    if proved.sid is not None:
        ctx.db.rollback()
        raise StepLost
    return sessions.open_session(ctx, user.id, amr, device_id)


def _sealed_as(attempt_id: str) -> str:
    return f"login_attempt:{attempt_id}"
