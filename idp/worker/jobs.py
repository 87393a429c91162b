"""The background jobs: what each does, and how often."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from idp.context import RequestContext
from idp.delivery import dispatch
from idp.judgement import habits
from idp.login import given_up
from idp.presence.upkeep import AT_ONCE, apply_policy
from idp.protocol.keys import schedule
from idp.protocol.keys import service as keys
from idp.sessions import endings
from idp.store import (
    account_tickets,
    authorization_requests,
    channel_codes,
    decisions,
    grants,
    known_devices,
    revoked_tokens,
    sessions,
    spent,
    throttles,
)
from idp.store.purge import BATCH

MINUTE = timedelta(minutes=1)
# A browser's cookie lives for 400 days at most (RFC 6265bis): longer nobody can come back.
DEVICES_KEPT = timedelta(days=400)
CLOCKS_DIFFER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Job:
    """Something done every so often, in a short transaction of its own.

    `run` returns how many things it changed; when these are `full`, there may be more, and it runs
    again at once. Doing it twice at once, on two nodes, does no harm.
    """

    name: str
    every: timedelta
    run: Callable[[RequestContext], int]
    full: int = BATCH


def purge_authorization_requests(ctx: RequestContext) -> int:
    """Remove requests that nobody can go on with."""
    return authorization_requests.purge(ctx.db, ctx.now)


def purge_account_tickets(ctx: RequestContext) -> int:
    """Remove links by mail that are too old."""
    return account_tickets.purge(ctx.db, ctx.now)


def purge_channel_codes(ctx: RequestContext) -> int:
    """Remove codes that nobody can use and whose sending counts no more."""
    return channel_codes.purge(ctx.db, ctx.now)


def purge_spent(ctx: RequestContext) -> int:
    """Forget answered challenges that are refused for their age by now."""
    return spent.purge(ctx.db, ctx.now)


def purge_throttles(ctx: RequestContext) -> int:
    """Remove counters that have forgotten everything."""
    return throttles.purge(ctx.db, ctx.now)


def purge_revoked_tokens(ctx: RequestContext) -> int:
    """Forget tokens that have expired, revoked or not, on a node whose clock is behind as well."""
    return revoked_tokens.purge(ctx.db, ctx.now - CLOCKS_DIFFER)


def purge_idle_grants(ctx: RequestContext) -> int:
    """Remove grants that have long been of no use."""
    return grants.purge_idle(ctx.db, ctx.now - ctx.settings.history_kept_for)


def purge_ended_grants(ctx: RequestContext) -> int:
    """Remove grants that were ended long ago."""
    return grants.purge_ended(ctx.db, ctx.now - ctx.settings.history_kept_for)


def purge_sessions(ctx: RequestContext) -> int:
    """Remove sessions that have long been over."""
    return sessions.purge(ctx.db, ctx.now - ctx.settings.history_kept_for)


def purge_decisions(ctx: RequestContext) -> int:
    """Remove what was decided long ago; what it taught, and who it was, stays learned."""
    return decisions.purge(ctx.db, ctx.now - ctx.settings.history_kept_for)


def purge_known_devices(ctx: RequestContext) -> int:
    """Forget browsers that cannot come back."""
    return known_devices.purge(ctx.db, ctx.now - DEVICES_KEPT)


def rotate_keys(ctx: RequestContext) -> int:
    """Let the next key sign where the active one has done so for long enough."""
    return len(schedule.rotate_due(ctx))


JOBS: tuple[Job, ...] = (
    Job("end expired sessions", MINUTE, endings.end_expired, full=endings.AT_ONCE),
    Job("purge authorization requests", MINUTE, purge_authorization_requests),
    Job("purge login attempts", MINUTE, given_up.forget_expired),
    Job("purge account tickets", MINUTE, purge_account_tickets),
    Job("purge channel codes", MINUTE, purge_channel_codes),
    Job("purge spent challenges", MINUTE, purge_spent),
    Job("purge throttles", MINUTE, purge_throttles),
    Job("purge delivered", MINUTE, dispatch.purge_delivered),
    Job("purge given up", MINUTE, dispatch.purge_dead),
    Job("purge revoked tokens", MINUTE, purge_revoked_tokens),
    Job("purge idle grants", MINUTE, purge_idle_grants),
    Job("purge ended grants", MINUTE, purge_ended_grants),
    Job("purge sessions", MINUTE, purge_sessions),
    Job("purge decisions", MINUTE, purge_decisions),
    Job("purge known devices", MINUTE, purge_known_devices),
    Job("learn what is common", MINUTE, habits.learn_common),
    Job("forget what is common no more", MINUTE, habits.forget_common),
    Job("apply policy", MINUTE, apply_policy, full=AT_ONCE),
    Job("rotate keys", MINUTE, rotate_keys, full=1),
    Job("remove expired keys", MINUTE, keys.remove_expired),
)
