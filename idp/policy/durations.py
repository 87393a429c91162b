"""How policies write durations: `45m`, `12h`, `30d`, or `50%` of the default."""

import re
from datetime import timedelta

from idp.policy.book import Duration, Share

UNITS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_LONGEST = timedelta(days=3_650)
_WRITTEN = re.compile(r"(?P<count>[0-9]{1,9})(?P<unit>[dhms])", re.ASCII)
_PERCENT = re.compile(r"(?P<percent>[0-9]{1,3})%", re.ASCII)


def duration_of(text: str) -> timedelta | None:
    """Return a duration; None where the text is none, or longer than ten years."""
    if text == "0":
        return timedelta(0)
    found = _WRITTEN.fullmatch(text)
    if found is None:
        return None
    seconds = int(found["count"]) * UNITS[found["unit"]]
    return timedelta(seconds=seconds) if seconds <= _LONGEST.total_seconds() else None


def share_of(text: str) -> Share | None:
    """Return a share of the default; None where the text is none, or more than all of it."""
    found = _PERCENT.fullmatch(text)
    percent = int(found["percent"]) if found else 0
    return Share(percent / 100) if 0 < percent <= 100 else None


def in_short(duration: Duration) -> str:
    """Return a duration as policies write it, in the largest unit that it is whole in."""
    if isinstance(duration, Share):
        return f"{duration.of_default * 100:g}%"
    seconds = duration.total_seconds()
    if not seconds:
        return "0"
    unit, length = next(((u, n) for u, n in UNITS.items() if not seconds % n), ("s", 1))
    return f"{seconds / length:.15g}{unit}"
