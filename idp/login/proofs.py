"""Look at a proof: throttled, audited, and answered the same whatever was wrong with it."""

from dataclasses import dataclass
from datetime import timedelta

import structlog

from idp.audit import record
from idp.audit.events import LoginFailed
from idp.context import RequestContext
from idp.credentials import channel_codes, devices, passkeys, passwords, recovery, throttle, totp
from idp.credentials.accounts import LONGEST_IDENTIFIER
from idp.credentials.channel_codes import Channel
from idp.credentials.notices import Notice, tell
from idp.login.sign_in import Browser
from idp.policy.factors import Step
from idp.store import users
from idp.store.users import User, username_key

log = structlog.get_logger("idp")
# Twice what nobody has to wait for: people give up before (ASVS 5.0 §6.3.5).
MANY_FAILURES = 10


@dataclass(frozen=True, slots=True)
class Wait:
    """The proof was not looked at: too many failed before it."""

    time: timedelta


@dataclass(frozen=True, slots=True)
class Wrong:
    """The proof was wrong; which part of it nobody learns.

    But for one: nobody has such a passkey (any more), so the browser may forget it.
    """

    unknown_key: bool = False


@dataclass(frozen=True, slots=True)
class Key:
    """What a passkey showed: whose it is, and by which methods."""

    user: User
    amr: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Code:
    """The code of a second step as typed; one that was sent is bound to a half-done sign-in."""

    step: Step
    typed: str
    bound_to: str


def attempt_password(
    ctx: RequestContext, identifier: str, password: str, browser: Browser
) -> User | Wait | Wrong:
    """Check a password. Unknown and disabled users answer as a wrong password does."""
    user = users.find_for_sign_in(ctx.db, identifier[:LONGEST_IDENTIFIER])
    user_id = user.id if user else None
    device_id = known_device(ctx, browser, user_id)
    account = username_key(identifier[:LONGEST_IDENTIFIER])
    wait = throttle.admit(ctx, account, device_id, "password")
    if wait is not None:
        return _throttled(ctx, user_id, "password", wait)
    right = passwords.verify(ctx, user_id, password)
    if right and user is not None:
        # Hashing took a while: what an operator changed in between counts.
        user = users.find(ctx.db, user.id)
    if not right or user is None or user.disabled_at is not None:
        record(ctx, LoginFailed(user_id=user_id, factor="password"))
        return Wrong()
    _succeeded(ctx, user, throttle.succeeded(ctx, account, device_id, "password"))
    return user


def attempt_code(
    ctx: RequestContext, user: User, code: Code, browser: Browser
) -> str | Wait | Wrong:
    """Check the code of a second step; return its method name."""
    device_id = known_device(ctx, browser, user.id)
    wait = throttle.admit(ctx, user.id, device_id, code.step)
    if wait is not None:
        return _throttled(ctx, user.id, code.step, wait)
    # The user before the factor, as everywhere: whoever deletes the account must not wait for us.
    users.hold(ctx.db, user.id)
    method = _method_of(ctx, user, code)
    if method is None:
        record(ctx, LoginFailed(user_id=user.id, factor=code.step))
        return Wrong()
    _succeeded(ctx, user, throttle.succeeded(ctx, user.id, device_id, code.step))
    return method


def _succeeded(ctx: RequestContext, user: User, failures: int) -> None:
    """Tell the user of a right proof after many wrong ones: it may have been guessed."""
    if failures >= MANY_FAILURES:
        tell(ctx, user, Notice.GUESSED_AT)


def _method_of(ctx: RequestContext, user: User, code: Code) -> str | None:
    if code.step == "totp":
        return "otp" if totp.verify(ctx, user.id, code.typed) else None
    if code.step == "recovery_code":
        if not recovery.use(ctx, user.id, code.typed):
            return None
        tell(ctx, user, Notice.RECOVERY_CODE_USED)
        return "rec"
    channel = Channel(code.step)
    right = channel_codes.verify(ctx, user.id, channel, code.typed, code.bound_to)
    return {"text": "sms", "mail": "mail"}[code.step] if right else None


def attempt_passkey(
    ctx: RequestContext, ceremony: str, answer: str, browser_hash: bytes
) -> Key | Wait | Wrong:
    """Check a passkey that signs in alone: whoever holds it has verified themselves to it."""
    shown = passkeys.finish_sign_in(ctx, ceremony, answer, browser_hash)
    user = users.find(ctx.db, shown.user_id) if isinstance(shown, passkeys.Shown) else None
    return _judged(ctx, shown, user)


def attempt_key(
    ctx: RequestContext, user: User, ceremony: str, answer: str, browser_hash: bytes
) -> Key | Wait | Wrong:
    """Check a passkey or security key of a user who is known already."""
    users.hold(ctx.db, user.id)
    shown = passkeys.finish_factor(ctx, user.id, ceremony, answer, browser_hash)
    return _judged(ctx, shown, user)


def _judged(
    ctx: RequestContext, shown: passkeys.Shown | passkeys.Refused, user: User | None
) -> Key | Wait | Wrong:
    if isinstance(shown, passkeys.Shown) and user is not None and user.disabled_at is None:
        return Key(user, shown.amr)
    user_id = user.id if user else None
    # A signature cannot be guessed, so nobody who is right waits for those who are wrong (I11).
    # What is counted keeps strangers from filling the audit log.
    if (wait := throttle.admit_network(ctx, "passkey")) is not None:
        return _throttled(ctx, user_id, "passkey", wait)
    record(ctx, LoginFailed(user_id=user_id, factor="passkey"))
    gone = isinstance(shown, passkeys.Refused) and shown.reason == "unknown_credential"
    return Wrong(unknown_key=gone)


def _throttled(ctx: RequestContext, user_id: str | None, factor: str, wait: timedelta) -> Wait:
    # Nothing changed, so nothing is audited: a flood of guesses must not fill the audit log.
    seconds = max(1, round(wait.total_seconds()))
    log.info("throttled", user_id=user_id, factor=factor, wait=seconds, reference=ctx.reference)
    return Wait(wait)


def known_device(ctx: RequestContext, browser: Browser, user_id: str | None) -> str | None:
    """Return the browser's device when it signed this user in before."""
    known = devices.is_known(ctx, browser.device_id, user_id)
    return browser.device_id if known else None
