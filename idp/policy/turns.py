"""The cookies of a session take turns: a copy that is not in use falls behind the one that is.

With use the browser gets a higher number, every few minutes. Where somebody else has a copy of its
cookies, one of the two is given it and the other comes with the one before. No browser does that by
itself, once it has had the new number for a while: what it did not show was maybe an answer that
got lost, or is under way.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

EVERY = timedelta(minutes=10)
# Requests that were under way together come with the number of before; and a browser that crashes
# may have forgotten its last half minute.
SETTLES = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Turn:
    """The turn that a session is at.

    Attributes:
        number: what its browser shows; 0 as long as it was given none.
        since: when it was given first.
        kept: it was shown when it had settled, so whoever was given it has it for good.
    """

    number: int
    since: datetime
    kept: bool


@dataclass(frozen=True, slots=True)
class Held:
    """What a browser shows: its number, and when this browser was given that; 0 and never."""

    number: int = 0
    since: datetime | None = None


def is_behind(turn: Turn, held: Held) -> bool:
    """Tell whether who shows this number has a copy of what another one has used since."""
    lost_an_answer = held.number == turn.number - 1 and not turn.kept
    return held.number < turn.number and not lost_an_answer


def after(turn: Turn, held: Held, now: datetime) -> Turn:
    """Return the turn after a request with this number; the same, where nothing is to be noted.

    A number above the session's own was given by a request whose writing was undone: it holds, and
    for what was sent before it came, so does the one before.
    """
    if held.number > turn.number:
        return Turn(held.number, now, kept=False)
    if held.number < turn.number:
        return turn
    if turn.number and not turn.kept:
        return replace(turn, kept=True) if _settled(held, now) else turn
    return Turn(turn.number + 1, now, kept=False) if now - turn.since >= EVERY else turn


def _settled(held: Held, now: datetime) -> bool:
    """Tell whether a browser has had its number for a while.

    It does not matter when that was given first: the answer may have been lost, and with the one
    that came at last others are under way.
    """
    return held.since is not None and now - held.since >= SETTLES
