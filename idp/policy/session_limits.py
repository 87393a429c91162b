"""How long a session lives: the earlier of its two clocks."""

from dataclasses import dataclass
from datetime import datetime, timedelta

TOUCH_SHARE = 10


@dataclass(frozen=True, slots=True)
class Deadlines:
    """When a session ends if nothing more happens, and when it ends in any case."""

    idle: timedelta
    idle_until: datetime
    absolute_until: datetime


def deadlines(
    idle: timedelta, absolute: timedelta, now: datetime, *, at_most: datetime | None = None
) -> Deadlines:
    """Return the limits of a session that starts now; it ends by `at_most` where that is sooner."""
    end = min(now + absolute, at_most or now + absolute)
    return Deadlines(idle=idle, idle_until=min(now + idle, end), absolute_until=end)


def idle_after_activity(idle: timedelta, absolute_until: datetime, now: datetime) -> datetime:
    """Return the new idle limit: activity moves it, never past the absolute one (I5)."""
    return min(now + idle, absolute_until)


def worth_noting(last_seen_at: datetime, idle: timedelta, now: datetime) -> bool:
    """Tell whether activity is written: only after a tenth of the idle time has passed."""
    return now - last_seen_at >= idle / TOUCH_SHARE
