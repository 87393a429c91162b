"""The background jobs: what each does, and how often."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from idp.context import RequestContext
from idp.delivery import dispatch
from idp.protocol.keys import schedule
from idp.protocol.keys import service as keys
from idp.store import (
    account_tickets,
    authorization_requests,
    channel_codes,
    login_attempts,
    spent,
    throttles,
)

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Job:
    """Something done every so often, in a short transaction of its own.

    `run` returns how many things it changed. Doing it twice at once, on two nodes, does no harm.
    """

    name: str
    every: timedelta
    run: Callable[[RequestContext], int]


def purge_authorization_requests(ctx: RequestContext) -> int:
    """Remove requests that nobody can go on with."""
    return authorization_requests.purge(ctx.db, ctx.now)


def purge_login_attempts(ctx: RequestContext) -> int:
    """Remove half-done sign-ins that are too old."""
    return login_attempts.purge(ctx.db, ctx.now)


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


def rotate_keys(ctx: RequestContext) -> int:
    """Let the next key sign where the active one has done so for long enough."""
    return len(schedule.rotate_due(ctx))


JOBS: tuple[Job, ...] = (
    Job("purge authorization requests", MINUTE, purge_authorization_requests),
    Job("purge login attempts", MINUTE, purge_login_attempts),
    Job("purge account tickets", MINUTE, purge_account_tickets),
    Job("purge channel codes", MINUTE, purge_channel_codes),
    Job("purge spent challenges", MINUTE, purge_spent),
    Job("purge throttles", MINUTE, purge_throttles),
    Job("purge deliveries", MINUTE, dispatch.purge),
    Job("rotate keys", MINUTE, rotate_keys),
    Job("remove expired keys", MINUTE, keys.remove_expired),
)
