"""What a browser shows of itself: the cookies that we gave it."""

from dataclasses import dataclass

from idp.context import RequestContext
from idp.credentials.devices import read_device_cookie
from idp.kernel.secrets import MasterKey
from idp.web import cookies


@dataclass(frozen=True, slots=True)
class Shown:
    """What a browser shows: a session's secret, and the device credential that we gave it."""

    secret: str | None = None
    device_id: str | None = None


def cookies_shown(ctx: RequestContext) -> Shown:
    """Return what this request's cookies show."""
    device = cookies.read(ctx.settings, cookies.DEVICE)
    return Shown(
        secret=cookies.read(ctx.settings, cookies.SESSION),
        device_id=read_device_cookie(ctx.house.get(MasterKey), device) if device else None,
    )
