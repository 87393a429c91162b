"""Letters about a sign-in as there was none before: a new browser first, a new country second.

They are few, so that they are read. One sign-in sends one letter at the most; a country is told of
once, and a browser that keeps no cookies is told of once a day, or not at all for a month after its
user said “it was me” of one like it. The first sign-in of an account is compared with nothing, and
the one behind a forgotten password is told of by the letter about that. Who had the password in a
new browser and no second step is told of once a day as well, and who comes back after half a year
in a browser that is known, each time.
"""

from dataclasses import dataclass, replace
from datetime import timedelta

from idp.context import Origin, RequestContext
from idp.credentials import mail_cap
from idp.credentials.notices import Notice, tell
from idp.kernel.secrets import MasterKey
from idp.store import decisions, spent
from idp.store.decisions import Recorded
from idp.store.users import User
from idp.surroundings.networks import Networks
from idp.web.device_words import describe
from idp.web.place_words import country_name
from idp.web.words import in_words

# Two windows of a browser without cookies are two browsers to us; to their user they are one.
BROWSER_QUIET_FOR = timedelta(days=1)
VOUCHED_FOR = timedelta(days=30)
# As long as a browser that was there can come back (RFC 6265bis).
COUNTRY_QUIET_FOR = timedelta(days=400)
LONG_AWAY = timedelta(days=180)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """What is new about a sign-in.

    Attributes:
        device_new: no sign-in of this user came from this browser before.
        first_sign_in: there was none before at all, or the account was set up just now.
        country: where the address seems to be (ISO 3166), if anybody knows.
        country_new: no sign-in of this user came from there before.
        network: the AS number, or else the prefix of the address.
        decision_id: the decision that the sign-in was judged by.
        away: for how long nobody had signed in, where that is long.
    """

    device_new: bool
    first_sign_in: bool = False
    country: str | None = None
    country_new: bool = False
    network: str = ""
    decision_id: str | None = None
    away: timedelta | None = None


def tell_of_new(ctx: RequestContext, user: User, arrival: Arrival) -> Notice | None:
    """Write to the user about what is new, if anything is; return what was written about.

    What is told is noted in the sign-in's own transaction: of two at once, one writes.
    """
    if not (arrival.device_new or arrival.country_new or arrival.away):
        return None
    browser, country = describe(ctx.origin.user_agent), arrival.country
    # A letter about a browser names its country, and so tells of that as well.
    new_country = country is not None and _first(ctx, user, COUNTRY_QUIET_FOR, "country", country)
    if arrival.device_new:
        seen = (browser, arrival.network)
        quiet = _vouched(ctx, user, *seen) or not _first(
            ctx, user, BROWSER_QUIET_FOR, "browser", *seen
        )
        notice = None if quiet else Notice.NEW_BROWSER
    else:
        notice = Notice.NEW_PLACE if new_country else None
    if notice is None and arrival.away and not arrival.device_new:
        notice = Notice.LONG_AWAY
    if notice is None or arrival.first_sign_in or not mail_cap.admits(ctx, "arrival", user.id):
        return None
    place = country_name(country) if country else ""
    away = in_words(arrival.away) if arrival.away else ""
    tell(ctx, user, notice, place=place, sign_in=arrival.decision_id or "", away=away)
    return notice


def tell_of_half_way(ctx: RequestContext, user: User, prompt: Recorded) -> Notice | None:
    """Write to the user that somebody had the password and no more, once a day of one like it."""
    browser = describe(prompt.user_agent), prompt.facts.get("network", "")
    if _vouched(ctx, user, *browser) or not _first(
        ctx, user, BROWSER_QUIET_FOR, "half way", *browser
    ):
        return None
    if not mail_cap.admits(ctx, "arrival", user.id):
        return None
    country = prompt.facts.get("country")
    place = country_name(country) if country else ""
    origin = Origin(address=prompt.address, user_agent=prompt.user_agent)
    then = replace(ctx, now=prompt.at, origin=origin)
    tell(then, user, Notice.SIGN_IN_STOPPED, place=place, sign_in=prompt.id)
    return Notice.SIGN_IN_STOPPED


def tell_of_recovery(ctx: RequestContext, user: User, *, device_new: bool) -> None:
    """Write to the user that a forgotten password was replaced, and where.

    The sign-in that follows is the same thing: of its browser and country no letter of their own
    is written.
    """
    place = ctx.house.get(Networks).place_of(ctx.origin.address)
    _first(ctx, user, BROWSER_QUIET_FOR, "browser", describe(ctx.origin.user_agent), place.network)
    if place.country is not None:
        _first(ctx, user, COUNTRY_QUIET_FOR, "country", place.country)
    tell(
        ctx,
        user,
        Notice.PASSWORD_RECOVERED,
        place=country_name(place.country) if place.country else "",
        new_browser="yes" if device_new else "",
    )


def _first(ctx: RequestContext, user: User, quiet_for: timedelta, *what: str) -> bool:
    """Tell whether this is told for the first time in a while; from now on it is not."""
    key = ctx.house.get(MasterKey).mac("arrival", "\0".join((user.id, *what)).encode())
    return spent.burn(ctx.db, key, ctx.now + quiet_for)


def _vouched(ctx: RequestContext, user: User, browser: str, network: str) -> bool:
    """Tell whether the user said “it was me” of such a browser in the same network lately."""
    answered = decisions.list_answered(ctx.db, user.id, decisions.ME, ctx.now - VOUCHED_FOR)
    return any(
        describe(each.user_agent) == browser and each.facts.get("network", "") == network
        for each in answered
    )
