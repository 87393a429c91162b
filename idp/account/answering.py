"""What an answer to “Was this you?” does: a yes teaches, a no ends everything but here."""

from dataclasses import dataclass

from idp.account import own_password
from idp.account.questions import may_disown, may_vouch
from idp.audit import record
from idp.audit.answer_events import SignInConfirmed, SignInDisowned
from idp.context import RequestContext
from idp.credentials import account_tickets, devices, passwords
from idp.credentials.account_tickets import Purpose
from idp.credentials.notices import Notice, tell
from idp.credentials.password_rules import minimum_length
from idp.judgement import habits
from idp.login.sign_in import Browser
from idp.sessions import grant_ends
from idp.store import decisions, known_devices, sessions, users
from idp.store.decisions import Recorded
from idp.store.sessions import Standing


@dataclass(frozen=True, slots=True)
class Secured:
    """It is done, and the session has a new secret. None: it was over, so nothing was done."""

    secret: str | None


def find_own(ctx: RequestContext, standing: Standing, decision_id: str | None) -> Recorded | None:
    """Return a decision about whom we stand before; None for anybody else's."""
    found = decisions.find(ctx.db, decision_id) if decision_id else None
    return found if found is not None and found.user_id == standing.user.id else None


def confirm(ctx: RequestContext, standing: Standing, decision_id: str | None) -> bool:
    """Note that it was the user; False when it was answered, or a yes from here does not count.

    The first yes lets the sign-in teach what it did not teach at once, and confirms its browser.
    """
    if not _counts(find_own(ctx, standing, decision_id), standing):
        return False
    user_id = standing.user.id
    # The user comes first, then browsers, then habits, as at a sign-in and at a no: nobody who
    # holds one of them waits for another that comes before it.
    users.hold(ctx.db, user_id)
    # What was a prompt may have become a sign-in by now, which has taught something itself.
    decision = find_own(ctx, standing, decision_id)
    if decision is None or not _counts(decision, standing):
        return False
    device = decision.device_id
    if not decisions.answer(ctx.db, decision.id, user_id, decisions.ME, ctx.now):
        return False
    confirmed = device is not None and known_devices.confirm(ctx.db, device, user_id, ctx.now)
    habits.confirm(ctx, decision)
    event = SignInConfirmed(user_id=user_id, decision_id=decision.id, device_confirmed=confirmed)
    record(ctx, event)
    return True


def _counts(decision: Recorded | None, standing: Standing) -> bool:
    return decision is not None and may_vouch(decision, standing.session)


def disown(
    ctx: RequestContext, standing: Standing, browser: Browser, decision: Recorded, new: str
) -> Secured | None:
    """End whatever a stranger may hold or have begun, and put a new password in place of the old.

    Whoever calls has made sure that the person proved to be there for this very act. Without a
    password `new` is not looked at. None when it was said before.

    Raises:
        PasswordRefused: the new one is too weak; nothing has happened.
    """
    user = standing.user
    if not may_disown(decision):
        return None
    # Hashed before anything is written: writers queue.
    had_one = passwords.has_password(ctx, user.id)
    minimum = minimum_length(ctx.settings, user.groups)
    prepared = passwords.prepare(ctx, user, new, minimum=minimum) if had_one else None
    # A sign-in that is being finished just now queues here, and is found below.
    users.hold(ctx.db, user.id)
    decision = decisions.find(ctx.db, decision.id) or decision
    if not decisions.answer(ctx.db, decision.id, user.id, decisions.NOT_ME, ctx.now):
        return None
    if prepared is not None:
        passwords.keep(ctx, prepared)
    account_tickets.withdraw(ctx, user.id, Purpose.VERIFY_EMAIL)
    others = len(sessions.list_live_of_user(ctx.db, user.id, ctx.now)) - 1
    renewed = own_password.renew_session(ctx, standing, browser, because="not_me")
    if renewed.secret is None:
        return Secured(None)
    grant_ends.end_offline(ctx, user.id, because="not_me")
    if decision.device_id is not None:
        # Where somebody else was in this very browser, it is no exception.
        devices.forget(ctx, decision.device_id, user.id)
    habits.disown(ctx, decision)
    event = SignInDisowned(user_id=user.id, decision_id=decision.id, sessions_ended=others)
    record(ctx, event)
    tell(ctx, user, Notice.SIGN_IN_DISOWNED)
    return Secured(renewed.secret)
