"""Coming back after an idle end: one factor is enough where a session's secret still stands.

NIST SP 800-63B-4 §2.2.3: until the overall time limit, a session that ended by inactivity is taken
up again by one factor together with the session's secret. At AAL3 it takes both.
"""

from dataclasses import dataclass
from datetime import datetime

from idp.policy.acr import LEVELS, acr_of, two_steps
from idp.policy.at_sign_in import asks, refuses
from idp.policy.book import Judgement
from idp.policy.terms import DeviceStanding

IDLE_END = "idle_timeout"


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """The session that was in this browser before, and whose it was.

    `same_user` and `same_device` compare it with who signs in now, and where; `behind` says that
    another copy of its cookies was used last (policy.turns); `end_reason` is None where nobody has
    written down yet that it is over.
    """

    same_user: bool
    same_device: bool
    behind: bool
    amr: tuple[str, ...]
    idle_until: datetime
    absolute_until: datetime
    challenged: bool
    end_reason: str | None


def returns_with(
    before: Before,
    judgement: Judgement,
    *,
    device: DeviceStanding,
    shown: tuple[str, ...],
    now: datetime,
) -> tuple[str, ...] | None:
    """Return what was shown now and then, where that is enough; None where all is shown anew."""
    # Not fresh, not over or over by something else than idling, or too long ago.
    idled = before.end_reason in (None, IDLE_END) and before.idle_until <= now
    in_time = now < min(before.absolute_until, before.idle_until + judgement.limits.return_within)
    same = before.same_user and before.same_device and not before.behind
    known = same and device is not DeviceStanding.NEW
    calm = not before.challenged and not asks(judgement) and not refuses(judgement)
    if not (idled and in_time and known and calm) or two_steps(shown):
        return None
    together = tuple(dict.fromkeys((*before.amr, *shown)))
    # What AAL3 rests on is never taken over.
    return together if two_steps(together) and acr_of(together) != LEVELS[-1] else None
