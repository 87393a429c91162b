"""Codes by mail and text message, for those who have nothing better (NIST SP 800-63B-4 §3.1.3).

A code belongs to one step, channel, user and address; a new one takes the old one's place. A try is
counted before it is compared, and the row decides which one submission takes the code (I8).
"""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from idp.audit import record
from idp.audit.channel_events import ChannelCodeAccepted, ChannelCodeSent
from idp.context import RequestContext
from idp.credentials import channel_letters
from idp.credentials.channel_letters import Occasion
from idp.delivery import service as delivery
from idp.kernel.secrets import MasterKey, same
from idp.store import channel_codes, throttles
from idp.store.channel_codes import ChannelCode
from idp.store.users import User

DIGITS = 8  # 26 bits; §3.1.3.2 asks for six digits
LIFETIME = timedelta(minutes=10)  # §3.1.3.2
TRIES = 5
PER_STEP = 4  # the first, and three more
BETWEEN = timedelta(seconds=30)
# Whoever knows the password could fill a mailbox, and the same address may be tried from many
# accounts: ten, then one an hour, until a code is accepted or a day is silent.
PER_HOUR = 10
_PAUSE = timedelta(hours=1)
_FORGOTTEN_AFTER = timedelta(days=1)


class Channel(StrEnum):
    """How a code travels."""

    MAIL = "mail"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Sent:
    """A code is on its way; another may be asked for after that, or (None) in another step."""

    again_after: timedelta | None


@dataclass(frozen=True, slots=True)
class Wait:
    """No code was sent; ask again after `time`. `over`: this step has had all it gets."""

    time: timedelta
    over: bool = False


def available(ctx: RequestContext, user: User) -> tuple[Channel, ...]:
    """Return the channels that the operator allows and on which the user was reached before."""
    settings = ctx.settings
    allowed = {
        Channel.MAIL: settings.mail_codes and settings.sends_mail,
        Channel.TEXT: settings.text_codes and bool(settings.text_gateway_url),
    }
    return tuple(each for each in Channel if allowed[each] and _verified(user, each))


def _verified(user: User, channel: Channel) -> str | None:
    if channel is Channel.MAIL:
        return user.email if user.email_verified else None
    return user.phone_number if user.phone_number_verified else None


def destination(user: User, channel: Channel) -> str:
    """Return where a code goes, as a page may show it to someone who is half signed in."""
    if channel is Channel.TEXT:
        digits = re.sub(r"[^0-9]", "", user.phone_number or "")
        return f"•••• {digits[-3:]}"
    local, _, host = (user.email or "").rpartition("@")
    return f"{local[:1] if len(local) > 1 else ''}•••@{host}"


def send(
    ctx: RequestContext,
    user: User,
    channel: Channel,
    bound_to: str,
    *,
    address: str | None = None,
) -> Sent | Wait:
    """Queue a code, unless too many or too soon.

    Args:
        ctx: the request.
        user: whose step it is.
        channel: how it travels.
        bound_to: the step that the code is good for.
        address: a new one, to be proved by the code; else the user's verified one.

    Raises:
        ValueError: there is no address that the user has proved.
    """
    to = address or _verified(user, channel)
    if to is None:
        raise ValueError("no proved address")
    counters = _counters(ctx, (user.id, to), channel, new_address=address is not None)
    if (wait := _admit(ctx, counters)) is not None:
        return wait
    code = "".join(secrets.choice("0123456789") for _ in range(DIGITS))
    row = ChannelCode(
        bound_to=bound_to,
        channel=channel,
        user_id=user.id,
        address=to,
        code_hash=_hash(ctx, (bound_to, channel, user.id, to, code)),
        sent=1,
        created_at=ctx.now,
        expires_at=ctx.now + LIFETIME,
        used_at=None,
    )
    count = channel_codes.replace(ctx.db, row, most=PER_STEP, not_since=ctx.now - BETWEEN)
    if count is None:
        for key in counters:
            throttles.give_back(ctx.db, key, ctx.now)
        return _wait(ctx, channel, bound_to)
    _queue(ctx, user.id, channel, to, code, new_address=address is not None)
    record(ctx, ChannelCodeSent(user_id=user.id, channel=channel))
    return Sent(BETWEEN if count < PER_STEP else None)


def _wait(ctx: RequestContext, channel: Channel, bound_to: str) -> Wait:
    """Return why the step gets no code now."""
    last = channel_codes.find(ctx.db, bound_to, channel)
    if last is None or last.sent >= PER_STEP:
        return Wait(channel_codes.REMEMBERED, over=True)
    return Wait(max(last.created_at + BETWEEN - ctx.now, timedelta(0)))


def _queue(
    ctx: RequestContext, user_id: str, channel: Channel, to: str, code: str, *, new_address: bool
) -> None:
    # Apart from the user's other mail, whose fate is not to hold up a person at the door; nor is
    # that of a code to an address that may be anybody's.
    about = f"{user_id}/{'new_address' if new_address else 'code'}"
    # The code before is worth nothing now; arriving late, it would only be mistaken for this one.
    delivery.withdraw(ctx, channel, about=about)
    occasion = Occasion(
        code=code,
        name=ctx.settings.display_name,
        host=str(urlsplit(ctx.settings.issuer).hostname),
        new_address=new_address,
        minutes=LIFETIME // timedelta(minutes=1),
    )
    until: datetime = ctx.now + LIFETIME
    if channel is Channel.TEXT:
        message = channel_letters.text_message(occasion)
        delivery.text(ctx, to=to, message=message, about=about, good_until=until)
        return
    delivery.mail(
        ctx,
        to=to,
        subject=channel_letters.mail_subject(occasion),
        text=channel_letters.mail_text(occasion),
        about=about,
        good_until=until,
    )


def pending(ctx: RequestContext, bound_to: str, channel: Channel) -> bool:
    """Tell whether a code was sent for this step that may still be typed."""
    last = channel_codes.find(ctx.db, bound_to, channel)
    return last is not None and last.used_at is None and last.expires_at > ctx.now


def address_proved(
    ctx: RequestContext, user_id: str, channel: Channel, bound_to: str
) -> str | None:
    """Return the address that the step's accepted code proved; None when none was accepted.

    Take it from here, not from a form: the code may have been replaced by one to another address.
    """
    last = channel_codes.find(ctx.db, bound_to, channel)
    proved = last is not None and last.user_id == user_id and last.used_at is not None
    return last.address if last is not None and proved else None


def verify(
    ctx: RequestContext,
    user_id: str,
    channel: Channel,
    code: str,
    bound_to: str,
    *,
    new_address: bool = False,
) -> bool:
    """Use up a code, however it is spaced; False when it is wrong, old, used or tried too often.

    With `new_address` it is one that was sent to an address to be proved.
    """
    digits = re.sub(r"[\s-]", "", code)
    if not re.fullmatch(rf"[0-9]{{{DIGITS}}}", digits):
        return False
    sent = channel_codes.count_try(ctx.db, bound_to, channel, user_id, ctx.now, most=TRIES)
    if sent is None:
        return False
    if not same(sent.code_hash, _hash(ctx, (bound_to, channel, user_id, sent.address, digits))):
        return False
    if not channel_codes.consume(ctx.db, sent, ctx.now):
        return False
    whom = (user_id, sent.address)
    for key in _counters(ctx, whom, channel, new_address=new_address):
        throttles.reset(ctx.db, key)
    record(ctx, ChannelCodeAccepted(user_id=user_id, channel=channel))
    return True


def _hash(ctx: RequestContext, bound: tuple[str, ...]) -> bytes:
    """Return what is kept of a code and all that it is bound to."""
    return ctx.house.get(MasterKey).mac("channel_code", "\0".join(bound).encode())


def _counters(
    ctx: RequestContext, whom: tuple[str, str], channel: Channel, *, new_address: bool
) -> list[bytes]:
    """Return the counters of a sending, always in this order: they are locked in it.

    Anybody may name an address to be proved: that takes nothing from who signs in by it (I11).
    """
    user_id, address = whom
    master = ctx.house.get(MasterKey)
    kind = "channel_code_to_new_address" if new_address else "channel_code"
    of_whom = (("user", user_id), ("address", address.casefold()))
    messages = ["\0".join((kind, channel, *each)).encode() for each in of_whom]
    return [master.mac("throttle", message) for message in messages]


def _admit(ctx: RequestContext, keys: list[bytes]) -> Wait | None:
    """Count a sending and let it pass, or say how long to wait."""
    waits = [(PER_HOUR, ctx.now + _PAUSE)]
    until = ctx.now + _FORGOTTEN_AFTER
    admitted: list[bytes] = []
    for key in keys:
        if not throttles.admit(ctx.db, key, now=ctx.now, waits=waits, forgotten_at=until):
            for earlier in admitted:
                throttles.give_back(ctx.db, earlier, ctx.now)
            instant = throttles.next_attempt(ctx.db, keys, ctx.now)
            return Wait(instant - ctx.now if instant else BETWEEN)
        admitted.append(key)
    return None
