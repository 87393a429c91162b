"""What a judgement does to a session that stands: it goes on as judged, or is challenged (I4, I5).

Both ask whether it still is as it was when it was judged. Where it is not, another request proved,
ended or judged it meanwhile, and the judgement is void.
"""

from collections.abc import Iterable
from dataclasses import replace

from idp.audit import record
from idp.audit.events import SessionChallenged, SessionLimitsChanged
from idp.context import RequestContext
from idp.store import session_changes
from idp.store.sessions import Session


def settle(
    ctx: RequestContext, read: Session, secret_hash: bytes, after: Session, *, rule: str = ""
) -> bool:
    """Let a session go on as it was judged; False when another request was faster."""
    if not session_changes.judge_anew(ctx.db, read, after, secret_hash, ctx.now):
        return False
    if _limits(read) != _limits(after):
        record(
            ctx,
            SessionLimitsChanged(
                user_id=read.user_id,
                sid=read.sid,
                rule=rule,
                idle_seconds=after.idle_seconds,
                absolute_until=after.absolute_until.isoformat(),
            ),
        )
    return True


def challenge(
    ctx: RequestContext,
    read: Session,
    secret_hash: bytes,
    judged: Session,
    *,
    changes: Iterable[str] = (),
) -> bool:
    """Let a session be good for nothing until it is proved anew, as its `challenge` wants.

    False when another request was faster.
    """
    stopped = replace(judged, challenged_at=ctx.now)
    if not session_changes.judge_anew(ctx.db, read, stopped, secret_hash, ctx.now):
        return False
    record(
        ctx,
        SessionChallenged(
            user_id=read.user_id,
            sid=read.sid,
            rule=judged.challenge or "",
            changes=sorted(changes),
        ),
    )
    return True


def _limits(session: Session) -> tuple[object, ...]:
    return session.idle_seconds, session.absolute_until
