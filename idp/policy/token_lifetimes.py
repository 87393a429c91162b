"""How long tokens live: what the client registered, never beyond what the operator allows."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshLimits:
    """How long a refresh family lives unused, and in any case.

    One that is tied to its session dies with it whatever stands here.
    """

    idle: timedelta
    absolute: timedelta

    def from_now(self, now: datetime) -> tuple[datetime, datetime]:
        """Return until when a family that begins now lives: unused, and in any case (I5)."""
        end = now + self.absolute
        return min(now + self.idle, end), end


def capped(wanted_seconds: int | None, cap: timedelta, default: timedelta) -> timedelta:
    """Return the lifetime that a client wants as far as the cap lets it, or the default."""
    if wanted_seconds is None:
        return min(default, cap)
    # Compared as numbers first: a client may want more seconds than a timedelta holds.
    return cap if wanted_seconds >= cap.total_seconds() else timedelta(seconds=wanted_seconds)


def refresh_limits(
    wanted_idle: int | None, wanted_absolute: int | None, idle: timedelta, absolute: timedelta
) -> RefreshLimits:
    """Return the limits of a family whose client wants these seconds, under these caps."""
    longest = capped(wanted_absolute, absolute, absolute)
    return RefreshLimits(idle=min(capped(wanted_idle, idle, idle), longest), absolute=longest)
