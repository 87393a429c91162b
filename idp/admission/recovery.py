"""A forgotten password: a link by mail, and the second step of whoever has one (ASVS 5.0 §6.4.3).

Whoever asks learns nothing: the request writes one row whatever was typed, and the worker finds out
later whom it means. A stranger who asks for somebody else takes nothing from them: not their old
password, not a link of theirs, not their share of mail.
"""

from datetime import timedelta

from idp.admission import mails
from idp.admission.waiting import name_for
from idp.audit import record
from idp.audit.admission_events import PasswordRecovered, RecoveryRequested
from idp.context import RequestContext
from idp.credentials import account_tickets, arrivals, devices, mail_cap, passwords, throttle
from idp.credentials.account_tickets import FOR_A_PASSWORD, Purpose
from idp.credentials.accounts import LONGEST_IDENTIFIER
from idp.credentials.owned import owned
from idp.credentials.password_rules import minimum_length
from idp.delivery import service as delivery
from idp.login import service as login
from idp.policy.acr import LINK
from idp.policy.sign_in import Allow, judge_recovery
from idp.sessions import grant_ends
from idp.sessions import service as sessions
from idp.store import account_tickets as ticket_rows
from idp.store import passwords as password_rows
from idp.store import users
from idp.store.account_tickets import AccountTicket
from idp.store.login_attempts import LoginAttempt
from idp.store.users import User

KIND = "recovery"


def ask(
    ctx: RequestContext, identifier: str, browser_hash: bytes, device_id: str | None
) -> timedelta | None:
    """Note that somebody forgot a password; return how long to wait where too many do."""
    if (wait := throttle.admit_network(ctx, KIND)) is not None:
        return wait
    named = identifier[:LONGEST_IDENTIFIER]
    payload = {
        "identifier": named,
        "browser": browser_hash.hex(),
        "device": device_id or "",
        "agent": ctx.origin.user_agent,
    }
    delivery.deferred(
        ctx,
        KIND,
        payload,
        about=name_for(ctx, KIND, named),
        good_until=ctx.now + ctx.settings.recovery_lifetime,
    )
    return None


def answer(ctx: RequestContext, payload: dict[str, str]) -> None:
    """Send the link, if there is somebody whom it can be sent to."""
    user = users.find_for_sign_in(ctx.db, payload["identifier"])
    if user is None or user.disabled_at is not None or not user.email or not user.email_verified:
        return
    # The owner's own browsers have a share of their own, which no stranger uses up.
    known = devices.is_known(ctx, payload["device"] or None, user.id)
    if not mail_cap.admits(ctx, KIND, user.id, payload["device"] if known else ""):
        return
    browser_hash = bytes.fromhex(payload["browser"])
    # Only those of this browser: else a stranger's asking would void the owner's link.
    ticket_rows.void(
        ctx.db, ctx.now, user_id=user.id, purpose=Purpose.RECOVER, browser_hash=browser_hash
    )
    lifetime = ctx.settings.recovery_lifetime
    token = account_tickets.issue(
        ctx,
        Purpose.RECOVER,
        lifetime,
        user_id=user.id,
        email=user.email,
        browser_hash=browser_hash,
    )
    record(ctx, RecoveryRequested(user_id=user.id))
    mails.send_recovery(ctx, user, account_tickets.link(ctx, token), lifetime, payload["agent"])


def begin(ctx: RequestContext, ticket: AccountTicket, browser_hash: bytes) -> str | None:
    """Begin what the link leads to; return the attempt's id, None for who may not sign in."""
    user = users.find(ctx.db, ticket.user_id or "")
    if user is None or user.disabled_at is not None:
        return None
    return login.begin_attempt(
        ctx, user.id, (LINK,), browser_hash, purpose=Purpose.RECOVER, ticket_id=ticket.id
    )


def ticket_of(ctx: RequestContext, attempt: LoginAttempt, user: User) -> AccountTicket | None:
    """Return the live ticket that an attempt began with.

    A link is over once the address it went to is no longer the user's, or the password is newer.
    """
    if attempt.purpose != Purpose.RECOVER:
        return None
    ticket = account_tickets.find_opened(ctx, attempt.ticket_id, Purpose.RECOVER)
    if ticket is None or ticket.user_id != user.id or ticket.email not in (None, user.email):
        return None
    password = password_rows.find(ctx.db, user.id)
    newer = password is not None and password.changed_at > ticket.created_at
    return None if newer else ticket


def takes_an_operator(ticket: AccountTicket, user: User) -> bool:
    """Tell whether a link by mail is too little: the one to new factors goes to the same mailbox.

    Until a factor is set up again after a reset, an operator's own link lets a password be chosen.
    """
    return user.factors_reset_at is not None and ticket.email is not None


def choose(
    ctx: RequestContext,
    attempt: LoginAttempt,
    ticket: AccountTicket,
    user: User,
    password: str,
    *,
    device_id: str | None,
) -> bool:
    """Make this the user's password; everybody who got in by the old one is out.

    No browser but this one is known any more. False when the link was used meanwhile, or is not
    enough any more; then nothing is different.

    Raises:
        PasswordRefused: with the reason; the link stays good.
    """
    minimum = minimum_length(ctx.settings, user.groups)
    prepared = passwords.prepare(ctx, user, password, minimum=minimum)
    # Hashing took a while: what was judged before is judged again where nobody changes it.
    users.hold(ctx.db, user.id)
    now_user = users.find(ctx.db, user.id)
    good = (
        now_user is not None
        and now_user.disabled_at is None
        and ticket_of(ctx, attempt, now_user) is not None
        and not takes_an_operator(ticket, now_user)
        and isinstance(judge_recovery(attempt.amr, owned(ctx, now_user)), Allow)
        and account_tickets.consume(ctx, ticket)
        and login.finish_attempt(ctx, attempt)
    )
    if not good:
        ctx.db.rollback()
        return False
    passwords.keep(ctx, prepared)
    account_tickets.withdraw(ctx, user.id, *FOR_A_PASSWORD)
    sessions.end_all_of_user(ctx, user.id, because="password_recovered")
    grant_ends.end_offline_with_password(ctx, user.id, because="password_recovered")
    devices.forget_others(ctx, user.id, but=device_id, because="password_recovered")
    record(ctx, PasswordRecovered(user_id=user.id))
    known = devices.is_known(ctx, device_id, user.id)
    arrivals.tell_of_recovery(ctx, user, device_new=not known)
    return True
