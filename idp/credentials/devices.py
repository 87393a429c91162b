"""Browsers that signed a user in before: nobody else's failures can make them wait (I11)."""

import re
from datetime import timedelta

from idp.audit import record
from idp.audit.device_events import (
    DeviceForgotten,
    DeviceKnown,
    DevicesDistrusted,
    DevicesForgotten,
    DeviceTrusted,
)
from idp.context import RequestContext
from idp.kernel.encoding import b64url
from idp.kernel.secrets import MasterKey, new_id, same
from idp.store import known_devices
from idp.store.known_devices import KnownDevice

_VALUE = re.compile(r"([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{43})")


def new_device_cookie(master: MasterKey) -> tuple[str, str]:
    """Return a new device's id, and the cookie value that only we can have made."""
    device_id = new_id()
    return device_id, f"{device_id}.{_proof(master, device_id)}"


def read_device_cookie(master: MasterKey, value: str) -> str | None:
    """Return the device's id; None when we did not make this value."""
    parts = _VALUE.fullmatch(value)
    if parts is None or not same(parts[2], _proof(master, parts[1])):
        return None
    return parts[1]


def credential_for(ctx: RequestContext, presented: str | None) -> tuple[str, str]:
    """Return the device id and cookie value that a browser has from its sign-in on.

    It keeps its own while that is known to somebody. What everybody forgot, maybe because it was
    stolen, is not taken up again: the thief would be known by it as well.
    """
    master = ctx.house.get(MasterKey)
    device_id = read_device_cookie(master, presented) if presented else None
    if presented and device_id and known_devices.knows_anybody(ctx.db, device_id):
        return device_id, presented
    return new_device_cookie(master)


def _proof(master: MasterKey, device_id: str) -> str:
    return b64url(master.mac("device", device_id.encode()))


def is_known(ctx: RequestContext, device_id: str | None, user_id: str | None) -> bool:
    """Tell whether this device signed this user in before."""
    # Nobody is looked up as well: how much is asked must not tell whether there is such a user.
    return (
        device_id is not None and known_devices.find(ctx.db, device_id, user_id or "") is not None
    )


def is_trusted(ctx: RequestContext, device_id: str | None, user_id: str) -> bool:
    """Tell whether this device stands for the user's second factor."""
    known = known_devices.find(ctx.db, device_id, user_id) if device_id else None
    return bool(known and known.trusted_until and known.trusted_until > ctx.now)


def remember(ctx: RequestContext, device_id: str, user_id: str, *, confirmed: bool = False) -> bool:
    """Make the device known to the user, or note that it was seen again; True when it is new.

    `confirmed` says that the sign-in looked like the user's: from then on it speaks for them.
    """
    device = KnownDevice(
        device_id=device_id,
        user_id=user_id,
        first_seen_at=ctx.now,
        last_seen_at=ctx.now,
        user_agent=ctx.origin.user_agent,
        confirmed_at=ctx.now if confirmed else None,
    )
    if known_devices.add(ctx.db, device):
        record(ctx, DeviceKnown(user_id=user_id))
        return True
    known_devices.touch(ctx.db, device, confirmed=confirmed)
    return False


def trust(
    ctx: RequestContext, device_id: str, user_id: str, lifetime: timedelta | None = None
) -> None:
    """Let this device stand for the user's second factor for a while, or as the settings say."""
    until = ctx.now + (lifetime or ctx.settings.trusted_device_lifetime)
    known_devices.trust(ctx.db, device_id, user_id, until)
    record(ctx, DeviceTrusted(user_id=user_id, until=until.isoformat()))


def forget(ctx: RequestContext, device_id: str, user_id: str) -> bool:
    """Forget a device: it is a stranger from now on; False when it was one."""
    if not known_devices.remove(ctx.db, device_id, user_id):
        return False
    record(ctx, DeviceForgotten(user_id=user_id))
    return True


def distrust_all(ctx: RequestContext, user_id: str, *, because: str) -> int:
    """Let no device stand for the user's second factor any more; return how many did."""
    count = known_devices.distrust_all(ctx.db, user_id, ctx.now)
    if count:
        record(ctx, DevicesDistrusted(user_id=user_id, count=count, reason=because))
    return count


def distrust(ctx: RequestContext, device_id: str, user_id: str, *, because: str) -> bool:
    """Let this device stand for the user's second factor no more; False when it did not."""
    if not known_devices.distrust(ctx.db, device_id, user_id, ctx.now):
        return False
    record(ctx, DevicesDistrusted(user_id=user_id, count=1, reason=because))
    return True


def forget_others(ctx: RequestContext, user_id: str, *, but: str | None, because: str) -> None:
    """Let no device stand for the second factor, and forget all but the one that acts, if any.

    Whoever signed in with the password before would else keep a counter of guesses per browser.
    """
    distrust_all(ctx, user_id, because=because)
    if count := known_devices.remove_others(ctx.db, user_id, but):
        record(ctx, DevicesForgotten(user_id=user_id, count=count, reason=because))
