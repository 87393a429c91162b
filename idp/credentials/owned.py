"""What a user could show, as the policy asks for it."""

from idp.context import RequestContext
from idp.credentials import channel_codes
from idp.credentials.channel_codes import Channel
from idp.policy.factors import Bindable, Owned
from idp.store.owned import kinds
from idp.store.users import User


def owned(ctx: RequestContext, user: User) -> Owned:
    """Return what the user has; codes by mail and text where the operator lets them count."""
    have, settings = kinds(ctx.db, user.id), ctx.settings
    channels = channel_codes.available(ctx, user)
    return Owned(
        password=have.password,
        key=have.key and settings.passkeys,
        hardware_key=have.hardware_key and settings.passkeys,
        totp=have.totp,
        text=Channel.TEXT in channels,
        mail=Channel.MAIL in channels,
        recovery_code=have.recovery_code,
    )


def bindable(ctx: RequestContext) -> tuple[Bindable, ...]:
    """Return which factors can be set up here, the better one first."""
    return ("key", "totp") if ctx.settings.passkeys else ("totp",)
