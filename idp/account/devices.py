"""A user's sessions and browsers in words."""

from idp.account.judged_words import level_in_words, rule_in_words
from idp.account.method_words import methods_in_words
from idp.context import RequestContext
from idp.policy.terms import RiskLevel
from idp.protocol.clients import registry
from idp.store import grants, known_devices, sessions
from idp.store.sessions import Session
from idp.surroundings.agents import agent_of
from idp.surroundings.networks import Networks
from idp.web.device_words import describe
from idp.web.place_words import approximately
from idp.web.policy_words import as_sentence
from idp.web.words import at_time, on_day
from idp.web.words import gettext as _

Facts = dict[str, object]


def facts_of(ctx: RequestContext, session: Session) -> Facts:
    """Return a session as its owner can recognise it, and why it lasts as long as it does."""
    address = session.seen_address or session.address
    agent = session.seen_user_agent or session.user_agent
    unusual = session.risk != RiskLevel.LOW.word
    return {
        "sid": session.sid,
        "device": describe(agent),
        "handheld": agent_of(agent).handheld,
        "address": address,
        "place": _place(ctx, address),
        # Whoever has gone elsewhere since may not know where they were.
        "opened_at": session.address if session.address != address else None,
        "opened": at_time(session.opened_at),
        "proved": at_time(session.authenticated_at),
        "last_seen": at_time(session.last_seen_at),
        "ends": at_time(min(session.idle_until, session.absolute_until)),
        "because": as_sentence(rule_in_words(ctx, session.limited_by)),
        "unusual": level_in_words(session.risk) if unusual else None,
        "challenged": as_sentence(rule_in_words(ctx, session.challenge or ""))
        if session.challenged_at
        else None,
        "factors": methods_in_words(session.amr),
    }


def _place(ctx: RequestContext, address: str) -> str | None:
    country = ctx.house.get(Networks).place_of(address).country
    return approximately(country) if country is not None else None


def sessions_of(ctx: RequestContext, here: Session) -> list[Facts]:
    """Return the live sessions with the applications they were used for, this one first."""
    used: dict[str, list[str]] = {}
    for use in grants.list_uses(ctx.db, here.user_id):
        used.setdefault(use.sid, []).append(client_name(ctx, use.client_id))
    live = sessions.list_live_of_user(ctx.db, here.user_id, ctx.now)
    live.sort(key=lambda each: each.sid != here.sid)
    return [
        facts_of(ctx, each) | {"here": each.sid == here.sid, "applications": used.get(each.sid, [])}
        for each in live
    ]


def browsers_of(ctx: RequestContext, here: Session) -> list[Facts]:
    """Return the browsers that signed the user in before, this one first."""
    known = known_devices.list_of_user(ctx.db, here.user_id)
    known.sort(key=lambda each: each.device_id != here.device_id)
    return [
        {
            "id": each.device_id,
            "device": describe(each.user_agent),
            "handheld": agent_of(each.user_agent).handheld,
            "here": each.device_id == here.device_id,
            "first_seen": on_day(each.first_seen_at),
            "last_seen": at_time(each.last_seen_at),
            "confirmed": each.confirmed_at is not None,
            "trusted_until": on_day(each.trusted_until)
            if each.trusted_until and each.trusted_until > ctx.now
            else None,
        }
        for each in known
    ]


def client_name(ctx: RequestContext, client_id: str) -> str:
    """Return how an application is called."""
    client = registry.find(ctx, client_id)
    return client.metadata.client_name if client else _("An application that is gone")
