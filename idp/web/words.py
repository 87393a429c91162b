"""flask-babel with types: what pages say goes through here, English being the key."""

from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import flask
import flask_babel


def gettext(message: str, **values: object) -> str:
    """Return a sentence in the reader's language."""
    return str(flask_babel.gettext(message, **values))


def ngettext(singular: str, plural: str, num: int) -> str:
    """Return a sentence about `num` things in the reader's language."""
    return str(flask_babel.ngettext(singular, plural, num))


def in_words(time: timedelta) -> str:
    """Return a length of time as a person would say it."""
    return str(flask_babel.format_timedelta(time, threshold=1.5))


def show_times_in(zone: str) -> None:
    """Show the times of this request in a zone; in UTC when the database has none of this name."""
    try:
        flask.g.zone = ZoneInfo(zone)
    except (KeyError, OSError, ValueError):
        flask.g.zone = UTC


def zone_shown() -> str:
    """Return how the zone is called in which this request's times are shown."""
    return str(_zone())


def _zone() -> tzinfo:
    zone: tzinfo = flask.g.get("zone", UTC) if flask.has_app_context() else UTC
    return zone


def on_day(instant: datetime) -> str:
    """Return a date as the reader writes it."""
    return str(flask_babel.format_date(instant.astimezone(_zone()), "medium", rebase=False))


def at_time(instant: datetime) -> str:
    """Return a date and time, to the minute, as the reader writes them."""
    return gettext("%(day)s, %(time)s", day=on_day(instant), time=clock_time(instant))


def clock_time(instant: datetime) -> str:
    """Return a time of day, to the minute, as the reader writes it."""
    return str(flask_babel.format_time(instant.astimezone(_zone()), "short", rebase=False))
