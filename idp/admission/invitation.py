"""An invitation: an account without any proof, and the link by which its owner sets one up.

The operator neither knows nor chooses a password (ASVS 5.0 §6.4.1, §6.4.6).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from idp.admission import mails
from idp.audit import record
from idp.audit.admission_events import RecoveryRequested, UserInvited
from idp.context import RequestContext
from idp.credentials import account_tickets, passwords
from idp.credentials.account_tickets import Purpose
from idp.credentials.password_rules import minimum_length
from idp.kernel.errors import IdpError
from idp.login import service as login
from idp.policy.acr import BOUND, LINK
from idp.store import login_attempts, users
from idp.store.account_tickets import AccountTicket
from idp.store.login_attempts import LoginAttempt
from idp.store.owned import kinds
from idp.store.users import User

Send = Callable[[RequestContext, User, str, timedelta], None]


class SetUpAlready(IdpError):
    """The user has a way to sign in; a link past it would be a way around it."""

    public = "This user can sign in already: use `reset-password` or `reset-factors`."
    status = 409


class NotSetUp(IdpError):
    """The user has nothing yet that could be forgotten."""

    public = "This user has not signed in yet: use `invite`."
    status = 409


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link for the operator to hand over, and whether another went out by mail."""

    url: str
    mailed: bool
    expires_at: datetime


def invite(ctx: RequestContext, user: User) -> Link:
    """Make the links that set this account up; those before, and what they began, are void.

    Raises:
        SetUpAlready: there is nothing to set up.
    """
    users.hold(ctx.db, user.id)
    have = kinds(ctx.db, user.id)
    if have.password or have.key:
        raise SetUpAlready(user.username)
    account_tickets.withdraw(ctx, user.id)
    record(ctx, UserInvited(user_id=user.id))
    return links(ctx, user, Purpose.INVITE, mails.send_invitation)


def invite_to_new_password(ctx: RequestContext, user: User) -> Link:
    """Make the links to a new password, which bypass no second step (ASVS 5.0 §6.4.6).

    Raises:
        NotSetUp: the user never had a way to sign in.
    """
    have = kinds(ctx.db, user.id)
    if not have.password and not have.key:
        raise NotSetUp(user.username)
    account_tickets.withdraw(ctx, user.id, Purpose.RECOVER)
    record(ctx, RecoveryRequested(user_id=user.id))
    # After a reset of factors what comes by mail is too little: see `recovery`.
    by_mail = user.factors_reset_at is None
    return links(ctx, user, Purpose.RECOVER, mails.send_operators_recovery, by_mail=by_mail)


def links(
    ctx: RequestContext, user: User, purpose: Purpose, send: Send, *, by_mail: bool = True
) -> Link:
    """Make a link for the operator, and where mail is sent another one for the user's address.

    They are two, so that opening the operator's proves nothing about the address.
    """
    lifetime = ctx.settings.invitation_lifetime
    mailed = by_mail and ctx.settings.sends_mail and bool(user.email)
    if mailed:
        token = account_tickets.issue(ctx, purpose, lifetime, user_id=user.id, email=user.email)
        send(ctx, user, account_tickets.link(ctx, token), lifetime)
    token = account_tickets.issue(ctx, purpose, lifetime, user_id=user.id)
    return Link(url=account_tickets.link(ctx, token), mailed=mailed, expires_at=ctx.now + lifetime)


def owner_of(ctx: RequestContext, ticket: AccountTicket) -> User | None:
    """Return who is invited; None for who may not sign in, or can by now."""
    user = users.find(ctx.db, ticket.user_id or "")
    if user is None or user.disabled_at is not None:
        return None
    have = kinds(ctx.db, user.id)
    return None if have.password or have.key else user


def choose_password(ctx: RequestContext, ticket: AccountTicket, user: User, password: str) -> bool:
    """Give the account its password; False when the link was used meanwhile.

    Raises:
        PasswordRefused: with the reason; the link stays good.
    """
    minimum = minimum_length(ctx.settings, user.groups)
    prepared = passwords.prepare(ctx, user, password, minimum=minimum)
    users.hold(ctx.db, user.id)
    standing = owner_of(ctx, ticket) is not None
    if not standing or not account_tickets.accept_invitation(ctx, user.id, ticket.id):
        ctx.db.rollback()
        return False
    passwords.keep(ctx, prepared)
    login_attempts.end_all_of_user(ctx.db, user.id, ctx.now)
    return True


def begin_passkey(ctx: RequestContext, ticket: AccountTicket, browser_hash: bytes) -> str | None:
    """Begin to set the account up with a passkey; return the attempt's id, None when it is late."""
    # What another window began ends first: whatever it bound by now is seen by the look that
    # follows, and later it binds nothing.
    login_attempts.end_all_of_user(ctx.db, ticket.user_id or "", ctx.now)
    user = owner_of(ctx, ticket)
    if user is None:
        return None
    return attempt_for(ctx, user.id, ticket.id, browser_hash)


def attempt_for(
    ctx: RequestContext, user_id: str, ticket_id: str | None, browser_hash: bytes
) -> str:
    """Let this browser bind a passkey to an account that has nothing yet."""
    return login.begin_attempt(
        ctx, user_id, (LINK,), browser_hash, purpose=Purpose.INVITE, ticket_id=ticket_id
    )


def finish_passkey(ctx: RequestContext, attempt: LoginAttempt, user: User) -> bool:
    """Use the invitation up, now that a passkey is bound; False when this was done before."""
    bound = attempt.purpose == Purpose.INVITE and BOUND in attempt.amr
    if not bound or not login.finish_attempt(ctx, attempt):
        return False
    if attempt.ticket_id is None or account_tickets.accept_invitation(
        ctx, user.id, attempt.ticket_id
    ):
        return True
    ctx.db.rollback()
    return False
