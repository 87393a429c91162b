"""What sends the rows that are sent: one sender per kind, supplied by the rooms below.

A sender reads and signs while it has the house, and returns what speaks to the world, which is
called outside of any transaction; None when there is nothing to say any more.
"""

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType

from idp.context import RequestContext
from idp.delivery import mail, text
from idp.delivery.parcel import MAIL, TEXT, Parcel
from idp.protocol.wiring import SENDERS as PROTOCOL

Sender = Callable[[RequestContext, Parcel], Callable[[], None] | None]


def _mail(ctx: RequestContext, parcel: Parcel) -> Callable[[], None]:
    return partial(mail.send, ctx.settings, parcel)


def _text(ctx: RequestContext, parcel: Parcel) -> Callable[[], None]:
    return partial(text.send, ctx.settings, parcel)


SENDERS: Mapping[str, Sender] = MappingProxyType({MAIL: _mail, TEXT: _text, **PROTOCOL})
