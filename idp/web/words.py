"""flask-babel with types: what pages say goes through here, English being the key."""

from datetime import datetime

import flask_babel


def gettext(message: str, **values: object) -> str:
    """Return a sentence in the reader's language."""
    return str(flask_babel.gettext(message, **values))


def ngettext(singular: str, plural: str, num: int) -> str:
    """Return a sentence about `num` things in the reader's language."""
    return str(flask_babel.ngettext(singular, plural, num))


def on_day(instant: datetime) -> str:
    """Return a date as the reader writes it."""
    return str(flask_babel.format_date(instant, "medium"))


def at_time(instant: datetime) -> str:
    """Return a date and time, to the minute, as the reader writes them."""
    day, time = on_day(instant), str(flask_babel.format_time(instant, "short"))
    return gettext("%(day)s, %(time)s", day=day, time=time)


def clock_time(instant: datetime) -> str:
    """Return a time of day, to the minute, as the reader writes it."""
    return str(flask_babel.format_time(instant, "short"))
