"""Durations as policies and people write them."""

from datetime import timedelta

import click

from idp.policy.durations import UNITS, duration_of


def span(duration: timedelta) -> str:
    """Return a duration such as `12 h`, or `1 h 30 m`; its two largest units are enough."""
    left = round(abs(duration.total_seconds()))
    sign = "-" if duration < timedelta(0) else ""
    parts = []
    for unit, seconds in UNITS.items():
        count, left = divmod(left, seconds)
        if count:
            parts.append(f"{count} {unit}")
    return sign + " ".join(parts[:2]) if parts else "0 s"


class Span(click.ParamType[timedelta]):
    """An option's value such as `30d`, `12h` or `45m`."""

    name = "span"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        """Return the duration."""
        if isinstance(value, timedelta):
            return value
        found = duration_of(str(value))
        if not found:
            self.fail(f"{value!r} is no duration such as 30d, 12h or 45m, or too long.", param, ctx)
        return found
