"""Where somebody is and which browser they have: as a request shows it, or as a session keeps it.

A session keeps the user agent, not the hints: browsers are compared by what both have.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from idp.context import RequestContext
from idp.policy.changes import Sight
from idp.policy.risk import Features
from idp.store import known_devices
from idp.store.known_devices import KnownDevice
from idp.store.sessions import LastSeen, Session
from idp.store.users import User
from idp.surroundings.agents import Agent, agent_of
from idp.surroundings.networks import Networks, Place


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Somebody somewhere; `device` is their browser as this user's, where it is known."""

    address: str
    user_agent: str
    place: Place
    agent: Agent
    device: KnownDevice | None


def by_nobody(ctx: RequestContext) -> bool:
    """Tell whether no browser asks: a command or the worker acts."""
    return not ctx.origin.address and not ctx.origin.user_agent


def of_request(ctx: RequestContext, user: User, device_id: str | None) -> View:
    """Return what the request shows, the device credential being this user's or nobody's."""
    origin = ctx.origin
    return View(
        address=origin.address,
        user_agent=origin.user_agent,
        place=ctx.house.get(Networks).place_of(origin.address),
        agent=agent_of(origin.user_agent, origin.hints),
        device=known_devices.find(ctx.db, device_id, user.id) if device_id else None,
    )


def of_session(ctx: RequestContext, session: Session) -> View:
    """Return where the session was seen last."""
    address, user_agent = _seen_in(session)
    device_id = session.device_id
    return View(
        address=address,
        user_agent=user_agent,
        place=ctx.house.get(Networks).place_of(address),
        agent=agent_of(user_agent),
        device=known_devices.find(ctx.db, device_id, session.user_id) if device_id else None,
    )


def features_of(view: View, user: User, now: datetime) -> Features:
    """Return the values that habits are counted by; the hour is that of the user's own clock."""
    return Features.of(
        at=_local(now, user),
        address=view.address,
        prefix=view.place.prefix,
        asn=view.place.network,
        country=view.place.country,
        user_agent=view.user_agent,
        browser=view.agent.browser,
        version=view.agent.version,
        system=view.agent.system,
        device=view.agent.device,
        known_device=view.device is not None,
    )


def _local(now: datetime, user: User) -> datetime:
    try:
        return now.astimezone(ZoneInfo(str(user.profile.get("zoneinfo") or "UTC")))
    except (KeyError, OSError, ValueError):
        return now.astimezone(UTC)


def sight_of(view: View, device_id: str | None, now: datetime) -> Sight:
    """Return what a request shows, to be compared."""
    return _sight(view.place, view.user_agent, device_id, now)


def sight_of_user(ctx: RequestContext, last: LastSeen) -> Sight:
    """Return where a user was last, in whatever browser."""
    return _sight(ctx.house.get(Networks).place_of(last.address), "", None, last.at)


def sight_of_session(ctx: RequestContext, session: Session) -> Sight:
    """Return where a session was seen last, and when."""
    address, user_agent = _seen_in(session)
    place = ctx.house.get(Networks).place_of(address)
    return _sight(place, user_agent, session.device_id, session.last_seen_at)


def earlier_sight(ctx: RequestContext, session: Session) -> Sight | None:
    """Return where a session was before that, if it was elsewhere."""
    if session.before_address is None:
        return None
    place = ctx.house.get(Networks).place_of(session.before_address)
    user_agent = session.before_user_agent or ""
    return _sight(place, user_agent, session.device_id, session.last_seen_at)


def _seen_in(session: Session) -> tuple[str, str]:
    if not session.seen_address:
        return session.address, session.user_agent
    return session.seen_address, session.seen_user_agent


def _sight(place: Place, user_agent: str, device_id: str | None, at: datetime) -> Sight:
    return Sight(
        network=place.network,
        country=place.country,
        browser=agent_of(user_agent).family,
        device_id=device_id,
        latitude=place.latitude,
        longitude=place.longitude,
        at=at,
    )
