"""Self-registration: an address is proved first, then there is an account (ASVS 5.0 §6.3.8).

Whoever asks reads the same for every address; that there is an account already is said to the
address alone. Of somebody who has not proved an address nothing but the address is kept.
"""

from datetime import timedelta

from idp.admission import invitation, mails
from idp.admission.waiting import name_for
from idp.audit import record
from idp.audit.admission_events import RegistrationRequested, UserRegistered
from idp.context import RequestContext
from idp.credentials import account_tickets, accounts, mail_cap, passwords, throttle
from idp.credentials.account_tickets import Purpose
from idp.credentials.password_rules import minimum_length
from idp.delivery import service as delivery
from idp.kernel.secrets import new_id
from idp.store import users
from idp.store.account_tickets import AccountTicket
from idp.store.passwords import Password
from idp.store.users import User, username_key

KIND = "registration"
LONGEST_NAME = 100


def ask(ctx: RequestContext, address: str) -> timedelta | None:
    """Note that somebody wants an account; return how long to wait where too many do."""
    if (wait := throttle.admit_network(ctx, KIND)) is not None:
        return wait
    until = ctx.now + ctx.settings.recovery_lifetime
    about = name_for(ctx, KIND, address)
    delivery.deferred(ctx, KIND, {"address": address}, about=about, good_until=until)
    return None


def answer(ctx: RequestContext, payload: dict[str, str]) -> None:
    """Send the link, or say that there is an account."""
    address = payload["address"]
    if not ctx.settings.self_registration:
        return
    if not mail_cap.admits(ctx, KIND, username_key(address)):
        return
    about = name_for(ctx, KIND, address)
    if users.others_called(ctx.db, address, ""):
        mails.send_account_exists(ctx, address, about)
        return
    lifetime = ctx.settings.invitation_lifetime
    token = account_tickets.issue(ctx, Purpose.REGISTER, lifetime, email=address)
    record(ctx, RegistrationRequested())
    mails.send_registration(ctx, address, about, account_tickets.link(ctx, token), lifetime)


def open_with_password(
    ctx: RequestContext, ticket: AccountTicket, name: str, password: str
) -> User | None:
    """Open the account; None when the link was used meanwhile, or somebody has the address.

    Raises:
        PasswordRefused: with the reason; the link stays good.
    """
    user = _user(ctx, ticket, name)
    minimum = minimum_length(ctx.settings)
    prepared = passwords.prepare(ctx, user, password, minimum=minimum)
    return _open(ctx, ticket, user, prepared)


def open_with_passkey(
    ctx: RequestContext, ticket: AccountTicket, name: str, browser_hash: bytes
) -> str | None:
    """Open the account and let this browser bind a passkey to it; return the attempt's id.

    Whoever leaves it at that has an account without a proof, and chooses a password by a link to
    the address that is proved.
    """
    user = _open(ctx, ticket, _user(ctx, ticket, name), None)
    return invitation.attempt_for(ctx, user.id, None, browser_hash) if user else None


def _user(ctx: RequestContext, ticket: AccountTicket, name: str) -> User:
    address = str(ticket.email)
    return User(
        id=new_id(),
        username=address,
        email=address,
        email_verified=True,
        profile={"name": name} if name else {},
        created_at=ctx.now,
        updated_at=ctx.now,
    )


def _open(
    ctx: RequestContext, ticket: AccountTicket, user: User, password: Password | None
) -> User | None:
    if not account_tickets.consume(ctx, ticket):
        ctx.db.rollback()
        return None
    try:
        accounts.add(ctx, user, password)
    except accounts.NameTaken:
        ctx.db.rollback()
        return None
    record(ctx, UserRegistered(user_id=user.id))
    return user
