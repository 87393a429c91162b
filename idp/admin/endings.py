"""End a great many sessions, sign-ins and grants, some at a time, each with its record (I7).

A step ends up to a thousand and commits, so no reader waits and no writer waits long. It passes by
rows that another request holds; those are ended afterwards one by one, each by a transaction that
holds nothing else. Who waits holds nothing, so no two requests come to wait for each other.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from idp.admin.ended import Ended
from idp.audit import record_all
from idp.context import RequestContext
from idp.sessions import endings as sessions
from idp.sessions import grant_ends
from idp.store import endings, login_attempts
from idp.store.endings import Begun
from idp.store.grants import Which

AT_ONCE = 1000
# A node whose clock is behind may take for alive what is over here.
_CLOCKS_DIFFER = timedelta(minutes=5)


def end_sessions(ctx: RequestContext, which: Begun, because: str, ended: Ended) -> None:
    """End sessions, and let that last before anything else is looked at.

    Who is about to trade a code asks for its session in the same breath: once the session's end
    lasts, no grant comes to life behind the back of whoever ends the grants next (I3).
    """
    since = _of_use_since(ctx)

    def some() -> int:
        found = sessions.end_some(ctx, which, because=because, since=since, limit=AT_ONCE)
        ended.add("sessions", found)
        return len(found)

    _step_by_step(ctx, some)
    _step_by_step(ctx, lambda: sessions.forget_idled(ctx, which, limit=AT_ONCE))
    for sid in endings.open_sessions(ctx.db, which, since=since):
        ctx.db.commit()
        if sessions.end(ctx, sid, because=because):
            ended.add("sessions", [sid])
    ctx.db.commit()


def end_sign_ins(ctx: RequestContext, which: Begun) -> None:
    """Let nobody go on with half-done sign-ins."""
    _step_by_step(ctx, lambda: endings.end_sign_ins(ctx.db, which, ctx.now, limit=AT_ONCE))
    for attempt_id in endings.open_sign_ins(ctx.db, which, ctx.now):
        ctx.db.commit()
        login_attempts.finish(ctx.db, attempt_id, ctx.now)
    ctx.db.commit()


def end_grants(ctx: RequestContext, which: Which, because: str, ended: Ended) -> None:
    """End grants; the last of them are left to the transaction of whoever asks."""
    since = _of_use_since(ctx)

    def some() -> int:
        found = endings.end_grants(ctx.db, which, ctx.now, because, since=since, limit=AT_ONCE)
        record_all(ctx, (grant_ends.event_of(each, because) for each in found))
        ended.add("grants", (each.id for each in found))
        return len(found)

    _step_by_step(ctx, some)
    for grant_id in endings.open_grants(ctx.db, which, since=since):
        ctx.db.commit()
        if grant_ends.end(ctx, grant_id, because=because):
            ended.add("grants", [grant_id])


def _step_by_step(ctx: RequestContext, some: Callable[[], int]) -> None:
    while some() == AT_ONCE:
        ctx.db.commit()


def _of_use_since(ctx: RequestContext) -> datetime:
    """Return the instant after which a thing must have been of use for a token of it to live."""
    return ctx.now - ctx.settings.access_token_longest - _CLOCKS_DIFFER
