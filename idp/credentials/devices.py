"""Browsers that signed a user in before: nobody else's failures can make them wait (I11)."""

import re

from idp.audit import record
from idp.audit.events import DeviceKnown
from idp.context import RequestContext
from idp.kernel.encoding import b64url
from idp.kernel.secrets import MasterKey, new_id, same
from idp.store import known_devices

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


def _proof(master: MasterKey, device_id: str) -> str:
    return b64url(master.mac("device", device_id.encode()))


def is_known(ctx: RequestContext, device_id: str | None, user_id: str | None) -> bool:
    """Tell whether this device signed this user in before."""
    if device_id is None or user_id is None:
        return False
    return known_devices.is_known(ctx.db, device_id, user_id)


def remember(ctx: RequestContext, device_id: str, user_id: str) -> None:
    """Make the device known to the user, or note that it was seen again."""
    if known_devices.add(ctx.db, device_id, user_id, ctx.now):
        record(ctx, DeviceKnown(user_id=user_id))
    else:
        known_devices.touch(ctx.db, device_id, user_id, ctx.now)
