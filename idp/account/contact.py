"""How a user is reached: an address or a number counts once it was proved to be theirs."""

from idp.account import administration
from idp.account.administration import Changes
from idp.account.factors import can_remove_phone
from idp.account.profile_claims import fault_of_phone
from idp.context import RequestContext
from idp.credentials import account_tickets, channel_codes
from idp.credentials.accounts import fault_of_mail
from idp.credentials.channel_codes import Channel, Sent
from idp.credentials.notices import Notice, tell
from idp.store import users
from idp.store.sessions import Standing
from idp.store.users import User


def can_change_email(ctx: RequestContext) -> bool:
    """Tell whether a link can be sent to a new address."""
    return ctx.settings.sends_mail


def can_change_phone(ctx: RequestContext) -> bool:
    """Tell whether a code can be sent to a new number."""
    return ctx.settings.text_codes


def ask_for_email(ctx: RequestContext, user: User, address: str) -> bool:
    """Send a link to the address that a user wants; False when it is none."""
    if fault_of_mail(address) is not None:
        return False
    account_tickets.begin_email_change(ctx, user, address)
    return True


def ask_for_phone(ctx: RequestContext, standing: Standing, number: str) -> Sent | None:
    """Send a code to the number that a user wants; None when it is none, or too many were sent."""
    if fault_of_phone(number) is not None:
        return None
    sent = channel_codes.send(ctx, standing.user, Channel.TEXT, _step_of(standing), address=number)
    return sent if isinstance(sent, Sent) else None


def awaits_code(ctx: RequestContext, standing: Standing) -> bool:
    """Tell whether a code is on its way that would prove a number."""
    return channel_codes.pending(ctx, _step_of(standing), Channel.TEXT)


def prove_phone(ctx: RequestContext, standing: Standing, code: str) -> bool:
    """Make the number to which this code was sent the user's; False when the code is wrong."""
    user, step = standing.user, _step_of(standing)
    if not channel_codes.verify(ctx, user.id, Channel.TEXT, code, step, new_address=True):
        return False
    number = channel_codes.address_proved(ctx, user.id, Channel.TEXT, step)
    if number is None:
        return False
    changes = Changes(phone_number=number, phone_number_verified=True)
    administration.change_user(ctx, user.username, changes)
    tell(ctx, user, Notice.PHONE_CHANGED)
    return True


def remove_phone(ctx: RequestContext, user: User) -> bool:
    """Forget the number; False when the second step needs it."""
    users.hold(ctx.db, user.id)
    if not can_remove_phone(ctx, user):
        return False
    if administration.change_user(ctx, user.username, Changes(phone_number="")):
        tell(ctx, user, Notice.PHONE_CHANGED)
    return True


def _step_of(standing: Standing) -> str:
    return f"phone:{standing.session.sid}"
