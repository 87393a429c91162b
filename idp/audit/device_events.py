"""The catalogue: what browsers are to a user."""

from dataclasses import dataclass

from idp.audit.events import UserEvent


class DeviceKnown(UserEvent):
    """A browser succeeded in signing this user in for the first time."""

    name = "device.known"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceTrusted(UserEvent):
    """A browser stands for the user's second factor until then."""

    name = "device.trusted"
    until: str


class DeviceForgotten(UserEvent):
    """A browser is a stranger to the user again."""

    name = "device.forgotten"


@dataclass(frozen=True, slots=True, kw_only=True)
class DevicesDistrusted(UserEvent):
    """No browser stands for the user's second factor any more."""

    name = "devices.distrusted"
    count: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DevicesForgotten(UserEvent):
    """Browsers are strangers to the user again, since the password or the factors are others."""

    name = "devices.forgotten"
    count: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRevoked(UserEvent):
    """An operator made a browser a stranger to the user and ended its sessions.

    `device` is what its id begins with.
    """

    name = "device.revoked"
    device: str
    sessions_ended: int
    reason: str
