"""What operators do with a user's browsers: see them, and make some strangers again."""

from collections.abc import Sequence
from dataclasses import dataclass

from idp.admin.selection import LONGEST_REASON, printable
from idp.admin.session_desk import ReasonRefused
from idp.audit import record
from idp.audit.device_events import DeviceRevoked
from idp.context import RequestContext
from idp.kernel.errors import IdpError
from idp.sessions import service as sessions
from idp.store import known_devices, users
from idp.store import sessions as session_rows
from idp.store.known_devices import KnownDevice
from idp.store.users import User
from idp.web.end_words import BY_ADMIN

# The cookie of a browser begins with its id: the log keeps what tells a user's browsers apart.
_SHOWN_OF_AN_ID = 8


class NoSuchDevice(IdpError):
    """RFC 9110 §15.5.5: a browser of this id never signed this user in, or was forgotten."""

    public = "The user has no such browser; nothing was done."
    status = 404


@dataclass(frozen=True, slots=True)
class Seen:
    """A browser of a user, and the live sessions in it."""

    device: KnownDevice
    sids: tuple[str, ...]


def devices_of(ctx: RequestContext, user: User) -> list[Seen]:
    """Return the browsers that signed a user in before, the one seen last first."""
    live = session_rows.list_live_of_user(ctx.db, user.id, ctx.now)
    return [
        Seen(device, tuple(each.sid for each in live if each.device_id == device.device_id))
        for device in known_devices.list_of_user(ctx.db, user.id)
    ]


def revoke(ctx: RequestContext, user: User, ids: Sequence[str], reason: str) -> int:
    """Make browsers strangers to a user and end the sessions in them; return how many ended.

    Raises:
        NoSuchDevice: one of them is none of the user's; nothing is done.
        ReasonRefused: nobody could read why.
    """
    if not printable(reason, LONGEST_REASON):
        raise ReasonRefused
    because = BY_ADMIN + reason.strip()
    # A sign-in that is being finished in one of them queues here.
    users.hold(ctx.db, user.id)
    found = {each.device.device_id: each for each in devices_of(ctx, user)}
    if unknown := [each for each in ids if each not in found]:
        raise NoSuchDevice(" ".join(unknown))
    total = 0
    for device_id in dict.fromkeys(ids):
        known_devices.remove(ctx.db, device_id, user.id)
        ended = sum(sessions.end(ctx, sid, because=because) for sid in found[device_id].sids)
        device = device_id[:_SHOWN_OF_AN_ID]
        event = DeviceRevoked(user_id=user.id, device=device, sessions_ended=ended, reason=because)
        record(ctx, event)
        total += ended
    return total
