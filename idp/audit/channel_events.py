"""The catalogue: codes by mail and text message. The address is not told, only the channel."""

from dataclasses import dataclass

from idp.audit.events import UserEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelCodeEvent(UserEvent):
    """Something about a code that a user gets over a channel."""

    channel: str


class ChannelCodeSent(ChannelCodeEvent):
    """A code was queued; the one before it is worth nothing any more."""

    name = "channel_code.sent"


class ChannelCodeAccepted(ChannelCodeEvent):
    """A code was accepted and used up."""

    name = "channel_code.accepted"
