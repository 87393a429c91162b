"""Links that let somebody in who has no proof yet: recovery, invitation, reset, registration.

A link holds `id.secret`; the row keeps the secret's hash alone. Looking at a link uses nothing up,
for mail scanners open every link: only what is done with it does (NIST SP 800-63B-4 §4.2).
"""

from datetime import timedelta
from enum import StrEnum
from urllib.parse import quote

from idp.audit import record
from idp.audit.admission_events import EmailChangeRequested, FactorsRebound, InvitationAccepted
from idp.context import RequestContext
from idp.credentials import mail_cap
from idp.delivery import service as delivery
from idp.kernel.secrets import digest, new_id, new_secret, same
from idp.store import account_tickets, login_attempts, users
from idp.store.account_tickets import AccountTicket
from idp.store.users import User, username_key
from idp.web.words import gettext as _

PATH, PARAMETER = "/ticket", "t"
SECRET_PREFIX = "idp_at_"  # noqa: S105 - what makes a leaked secret recognisable
EMAIL_CHANGE_LIFETIME = timedelta(days=1)
_LONGEST = 200


class Purpose(StrEnum):
    """What a ticket lets somebody do."""

    RECOVER = "recover"
    INVITE = "invite"
    RESET = "reset"
    VERIFY_EMAIL = "verify_email"
    REGISTER = "register"


# What lets somebody choose a password.
FOR_A_PASSWORD = (Purpose.RECOVER, Purpose.INVITE)


def issue(
    ctx: RequestContext,
    purpose: Purpose,
    lifetime: timedelta,
    *,
    user_id: str | None = None,
    email: str | None = None,
    browser_hash: bytes | None = None,
) -> str:
    """Return a new ticket as the token that its link holds; it is kept nowhere.

    Args:
        ctx: the request.
        purpose: what it lets somebody do.
        lifetime: for how long.
        user_id: whom it is about; None when there is nobody yet.
        email: the address that it is sent to, which opening it proves.
        browser_hash: the browser in which alone it is good.
    """
    ticket = AccountTicket(
        id=new_id(),
        purpose=purpose,
        user_id=user_id,
        email=email,
        browser_hash=browser_hash,
        created_at=ctx.now,
        expires_at=ctx.now + lifetime,
    )
    secret = new_secret(SECRET_PREFIX)
    account_tickets.add(ctx.db, ticket, digest(secret))
    return f"{ticket.id}.{secret}"


def link(ctx: RequestContext, token: str) -> str:
    """Return the address that a token is opened at."""
    return f"{ctx.settings.issuer}{PATH}?{PARAMETER}={quote(token)}"


def find(ctx: RequestContext, token: str | None) -> AccountTicket | None:
    """Return the live ticket of a token; None for one that is unknown, used, or too old."""
    ticket_id, _separator, secret = (token or "")[:_LONGEST].partition(".")
    found = account_tickets.find(ctx.db, ticket_id, ctx.now)
    ticket, secret_hash = found or (None, b"")
    return ticket if same(digest(secret), secret_hash) else None


def find_opened(
    ctx: RequestContext, ticket_id: str | None, purpose: Purpose
) -> AccountTicket | None:
    """Return the live ticket that a browser has opened, as a handover of ours remembers it."""
    found = account_tickets.find(ctx.db, ticket_id or "", ctx.now)
    return found[0] if found and found[0].purpose == purpose else None


def consume(ctx: RequestContext, ticket: AccountTicket) -> bool:
    """Use a ticket up; True for the one call that wins (I8)."""
    return account_tickets.consume(ctx.db, ticket.id, ctx.now)


def void_all(ctx: RequestContext, user_id: str, *purposes: Purpose) -> None:
    """Make a user's tickets worthless: those for these purposes, or all of them."""
    for purpose in purposes or Purpose:
        account_tickets.void(ctx.db, ctx.now, user_id=user_id, purpose=purpose)


def void_mailed(ctx: RequestContext, user_id: str) -> None:
    """Make the links worthless that went to an address: it is not the user's any more."""
    account_tickets.void_mailed(ctx.db, ctx.now, user_id=user_id)


def opens_reset(ctx: RequestContext, user_id: str, ticket_id: str) -> bool:
    """Tell whether a ticket lets this user bind factors after an operator's reset."""
    ticket = find_opened(ctx, ticket_id, Purpose.RESET)
    return ticket is not None and ticket.user_id == user_id


def complete_reset(ctx: RequestContext, user_id: str, ticket_id: str) -> bool:
    """Use up the ticket of a reset, now that a factor is bound; False when it was used before."""
    ticket = find_opened(ctx, ticket_id, Purpose.RESET)
    if ticket is None or ticket.user_id != user_id or not consume(ctx, ticket):
        return False
    void_all(ctx, user_id, Purpose.RESET)
    users.note(ctx.db, user_id, factors_reset_at=None)
    record(ctx, FactorsRebound(user_id=user_id))
    return True


def accept_invitation(ctx: RequestContext, user_id: str, ticket_id: str) -> bool:
    """Use up an invitation, now that the user has a proof; False when it was used before.

    A link that came by mail proves its address, if that still is the user's.
    """
    ticket = find_opened(ctx, ticket_id, Purpose.INVITE)
    if ticket is None or ticket.user_id != user_id or not consume(ctx, ticket):
        return False
    void_all(ctx, user_id)
    user = users.find(ctx.db, user_id)
    proved = user is not None and ticket.email is not None and ticket.email == user.email
    if proved:
        users.change(ctx.db, user_id, ctx.now, email_verified=True)
    record(ctx, InvitationAccepted(user_id=user_id, mail_proved=proved))
    return True


def is_open(ctx: RequestContext, user_id: str, ticket_id: str | None) -> bool:
    """Tell whether an account may be set up: by its invitation, or (None) as it opened itself."""
    if ticket_id is None:
        return True
    ticket = find_opened(ctx, ticket_id, Purpose.INVITE)
    return ticket is not None and ticket.user_id == user_id


def withdraw(ctx: RequestContext, user_id: str, *purposes: Purpose) -> None:
    """Let nobody go on with a half-done sign-in of this user, nor with such a link (or any)."""
    void_all(ctx, user_id, *purposes)
    login_attempts.end_all_of_user(ctx.db, user_id, ctx.now)


def begin_email_change(ctx: RequestContext, user: User, address: str) -> None:
    """Send a link to an address that a user wants to have; it is theirs once they open it.

    Whoever asks reads the same wherever the address is: that it is somebody else's is said to the
    address alone.
    """
    void_all(ctx, user.id, Purpose.VERIFY_EMAIL)
    if not mail_cap.admits(ctx, "email_change", user.id):
        return
    if not mail_cap.admits(ctx, "email_change_to", username_key(address)):
        return
    # Recorded whosever the address is: the user reads the log.
    record(ctx, EmailChangeRequested(user_id=user.id))
    service = ctx.settings.display_name
    if users.others_called(ctx.db, address, user.id):
        subject = _("Your address and %(service)s", service=service)
        said = _("Somebody asked to use this address for another account. It stays yours.")
    else:
        token = issue(
            ctx,
            Purpose.VERIFY_EMAIL,
            EMAIL_CHANGE_LIFETIME,
            user_id=user.id,
            email=address,
        )
        subject = _("Confirm your address for %(service)s", service=service)
        said = _(
            "Open this link where you are signed in as %(username)s, within a day:\n%(link)s",
            username=user.username,
            link=link(ctx, token),
        )
    paragraphs = [
        _("Hello,"),
        said,
        _("If you did not ask for this, there is nothing to do."),
    ]
    until = ctx.now + EMAIL_CHANGE_LIFETIME
    text = "\n\n".join(paragraphs) + "\n"
    # Apart from the letters to the user, who may not be the one who chose this address.
    about = f"{user.id}/email_change"
    delivery.mail(ctx, to=address, subject=subject, text=text, about=about, good_until=until)
