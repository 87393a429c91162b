"""The steps of a delivery: claim, send outside of any transaction, say what became of it."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from idp.context import RequestContext
from idp.delivery.outcome import Never, NotDelivered
from idp.delivery.parcel import MAIL, SENT, TEXT, Parcel, opened
from idp.kernel.secrets import MasterKey
from idp.store import outbox
from idp.store.outbox import Leased

# Longer than any talk with a relay takes; whoever died in the middle is followed after it.
LEASE = timedelta(minutes=3)
# Given up after about a day.
WAITS = tuple(
    timedelta(seconds=seconds)
    for seconds in (10, 30, 120, 600, 1_800, 3_600, 10_800, 21_600, 43_200)
)
JITTER = 0.1
KEPT_DELIVERED = timedelta(days=1)
KEPT_DEAD = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Lane:
    """What is delivered one by one beside the others: a slow relay holds up mail alone.

    Each client that is told something has a lane of its own, for the same reason.
    """

    MAIL: ClassVar["Lane"]
    TEXT: ClassVar["Lane"]
    WORK: ClassVar["Lane"]

    name: str
    client_id: str | None = None


Lane.MAIL, Lane.TEXT, Lane.WORK = Lane(MAIL), Lane(TEXT), Lane("work")


def due(ctx: RequestContext) -> set[Lane]:
    """Return the lanes in which something waits: one indexed SELECT."""
    found = outbox.due(ctx.db, ctx.now)
    return {Lane(kind, client_id) if kind in SENT else Lane.WORK for kind, client_id in found}


def claim(ctx: RequestContext, lane: Lane) -> Leased | None:
    """Return what comes next in a lane, ours until its lease ends; None when nothing is due."""
    until = ctx.now + LEASE
    if lane == Lane.WORK:
        return outbox.lease(ctx.db, sorted(SENT), ctx.now, until, but=True)
    return outbox.lease(ctx.db, [lane.name], ctx.now, until, client_id=lane.client_id)


def unpack(ctx: RequestContext, held: Leased) -> Parcel:
    """Return what a claimed row holds.

    Raises:
        Never: it is too late for it, or another master key sealed it.
    """
    try:
        parcel = opened(ctx.house.get(MasterKey), held)
    except ValueError:
        raise Never("unreadable") from None
    if parcel.expired(ctx.now):
        raise Never("expired")
    return parcel


def delivered(ctx: RequestContext, held: Leased) -> bool:
    """Mark it as done and forget what it said; False when another worker took it over."""
    return outbox.delivered(ctx.db, held, ctx.now)


def failed(
    ctx: RequestContext, held: Leased, failure: NotDelivered, good_until: datetime | None = None
) -> bool:
    """Let it wait for its next try, or give it up; True when it is given up.

    What failed for a day keeps its sealed payload, so that an operator can have it tried again.
    """
    wait = next(iter(WAITS[held.attempts - 1 :]), None)
    next_try = None if wait is None else ctx.now + _jittered(wait)
    late = next_try is not None and good_until is not None and next_try >= good_until
    for_good = late or isinstance(failure, Never)
    if next_try is None or for_good:
        return outbox.given_up(ctx.db, held, failure.reason, ctx.now, for_good=for_good)
    outbox.postponed(ctx.db, held, next_try, failure.reason)
    return False


def purge_delivered(ctx: RequestContext) -> int:
    """Remove a batch of what was delivered a day ago; return how many."""
    return outbox.purge_delivered(ctx.db, ctx.now - KEPT_DELIVERED)


def purge_dead(ctx: RequestContext) -> int:
    """Remove a batch of what was given up a month ago; return how many."""
    return outbox.purge_dead(ctx.db, ctx.now - KEPT_DEAD)


def _jittered(wait: timedelta) -> timedelta:
    """Return about that long, so that what failed together does not come back together."""
    share = secrets.randbelow(1001) / 1000
    return wait * (1 - JITTER / 2 + JITTER * share)
