"""Sessions end, from whatever cause, each with its record and with word to its clients (I4, I7).

What was granted within a session rests on its row and ends in the same instant, unwritten; what
stands without it (`offline_access`) is the affair of `grant_ends`. Every client that wants to know
(OIDC Back-Channel Logout §2.2) is told by a row of the outbox, written in the same transaction:
where the end lasts, so does the promise to tell.
"""

from collections.abc import Sequence
from datetime import datetime

from idp.audit import record_all
from idp.audit.events import SessionEnded
from idp.context import RequestContext
from idp.delivery import service as delivery
from idp.delivery.parcel import BACKCHANNEL_LOGOUT
from idp.delivery.service import ToClient
from idp.policy.returning import IDLE_END
from idp.store import endings, sessions
from idp.store.endings import Begun, EndedSession
from idp.store.sessions import Session

AT_ONCE = 500


def end(ctx: RequestContext, sid: str, *, because: str) -> bool:
    """End a session; True when this call ended it."""
    user_id = sessions.end(ctx.db, sid, ctx.now, because)
    if user_id is not None:
        _note(ctx, [EndedSession(sid=sid, user_id=user_id, reason=because)])
    return user_id is not None


def end_all_of_user(ctx: RequestContext, user_id: str, *, because: str) -> int:
    """End every session of a user; return how many this call ended."""
    ended = sessions.end_all_of_user(ctx.db, user_id, ctx.now, because)
    forget_idled(ctx, Begun(user_id=user_id))
    _note(ctx, [EndedSession(sid=sid, user_id=user_id, reason=because) for sid in ended])
    return len(ended)


def end_others(ctx: RequestContext, session: Session, *, because: str) -> int:
    """End every session of the user but this one; return how many this call ended."""
    user_id = session.user_id
    ended = sessions.end_others_of_user(ctx.db, user_id, session.sid, ctx.now, because)
    forget_idled(ctx, Begun(user_id=user_id))
    _note(ctx, [EndedSession(sid=sid, user_id=user_id, reason=because) for sid in ended])
    return len(ended)


def end_some(
    ctx: RequestContext, which: Begun, *, because: str, since: datetime, limit: int
) -> list[str]:
    """End some of the sessions that are meant and were alive since an instant; return those."""
    ended = endings.end_sessions(ctx.db, which, ctx.now, because, since=since, limit=limit)
    _note(ctx, ended)
    return [each.sid for each in ended]


def forget_idled(ctx: RequestContext, which: Begun, *, limit: int = AT_ONCE) -> int:
    """Let nobody come back to some of the sessions that idled out; return to how many.

    They are over as those are that end now: whoever ends all means them, too.
    """
    return endings.forget_secrets(ctx.db, which, ctx.now, IDLE_END, limit=limit)


def end_expired(ctx: RequestContext) -> int:
    """End a batch of the sessions whose time is up; return how many this call ended (I5).

    They have been of no use since: what is done here is to say so, once, on however many nodes.
    """
    ended = endings.end_expired(ctx.db, ctx.now, limit=AT_ONCE)
    _note(ctx, ended)
    return len(ended)


def _note(ctx: RequestContext, ended: Sequence[EndedSession]) -> None:
    if not ended:
        return
    record_all(
        ctx,
        (SessionEnded(user_id=e.user_id, sid=e.sid, reason=e.reason) for e in ended),
    )
    listening = endings.listening(ctx.db, [each.sid for each in ended], ctx.now)
    delivery.to_clients(
        ctx,
        BACKCHANNEL_LOGOUT,
        [
            ToClient(
                client_id=each.client_id,
                # One after the other for each user and client: no other waits for a dead one.
                about=f"{each.user_id}:{each.client_id}",
                sid=each.sid,
                payload={"sub": each.user_id},
            )
            for each in listening
        ],
    )
