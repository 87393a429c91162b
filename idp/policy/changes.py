"""What is different between two sights of one session: a new address alone is nothing (DESIGN §1).

Harmless things happen to honest people all day: a telephone leaves the Wi-Fi, a browser updates
itself, a tunnel to the office goes up. What does not happen to them is that one browser turns into
another one somewhere else.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import asin, cos, radians, sin, sqrt

from idp.policy.terms import Change

_EARTH_RADIUS = 6371.0
# What files say about where an address is, they say about a region (and a carrier's gateway).
_BLURRED = 500.0
# An airliner with the wind behind it, door to door.
_FASTEST = 1000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """Somebody was seen: from which network, by which browser, when.

    Attributes:
        network: its AS number, or its prefix.
        country: an ISO 3166 code; None where it is unknown.
        browser: family and kind of system, as an update leaves them.
        device_id: the device credential; None when there is none to compare.
        latitude: where a file says so.
        longitude: where a file says so.
        at: the last instant of it.
    """

    network: str
    country: str | None
    browser: str
    at: datetime
    device_id: str | None = None
    latitude: float | None = None
    longitude: float | None = None


def changes_between(
    before: Sight, now: Sight, *, earlier: Sight | None = None
) -> frozenset[Change]:
    """Return what changed in a session.

    Args:
        before: where it was a moment ago.
        now: where it is.
        earlier: where it was before that.
    """
    changes = set()
    network, browser = now.network != before.network, now.browser != before.browser
    device = before.device_id not in (None, now.device_id)
    if network:
        changes.add(Change.NETWORK)
    if browser:
        changes.add(Change.BROWSER)
    if network and browser:
        changes.add(Change.NETWORK_AND_BROWSER)
        if earlier is not None and earlier.browser == now.browser:
            changes.add(Change.COPIED_COOKIE)
    if None not in (before.country, now.country) and before.country != now.country:
        changes.add(Change.COUNTRY)
    if device:
        changes.add(Change.DEVICE)
    # The same browser with the same credential did not travel: a tunnel went up, or a telephone
    # roams by way of its home.
    if (device or browser) and too_fast(before, now):
        changes.add(Change.IMPOSSIBLE_TRAVEL)
    return frozenset(changes)


def too_fast(before: Sight, now: Sight) -> bool:
    """Tell whether nobody gets from one place to the other in that time.

    Within a country, where a carrier's gateways are a day's journey apart, nothing is claimed; nor
    is it without coordinates.
    """
    countries = (before.country, now.country)
    distance = distance_between(before, now)
    if None in countries or before.country == now.country or distance is None:
        return False
    hours = abs(now.at - before.at) / timedelta(hours=1)
    return distance > _BLURRED + _FASTEST * hours


def distance_between(one: Sight, other: Sight) -> float | None:
    """Return the kilometres along the ground between two places, where both are known."""
    if one.latitude is None or one.longitude is None:
        return None
    if other.latitude is None or other.longitude is None:
        return None
    south, north = radians(one.latitude), radians(other.latitude)
    height = sin((north - south) / 2) ** 2
    width = sin(radians(other.longitude - one.longitude) / 2) ** 2
    share = height + cos(south) * cos(north) * width
    return 2 * _EARTH_RADIUS * asin(sqrt(min(share, 1.0)))
