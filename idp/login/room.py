"""How many sessions a user may have at once (ASVS 5.0 §7.1.2): which ones are in the way."""

from idp.context import RequestContext
from idp.policy.book import Limits
from idp.sessions import service as sessions
from idp.store import sessions as rows
from idp.store import users
from idp.store.sessions import Session

# Why those end that made room.
MADE_ROOM = "session_limit"


def in_the_way(ctx: RequestContext, user_id: str, limits: Limits) -> list[Session]:
    """Return the sessions that leave no room for another one, those unused for longest first.

    Nobody else opens or counts a session of this user until the commit.
    """
    if not limits.sessions:
        return []
    users.hold(ctx.db, user_id)
    live = rows.list_live_of_user(ctx.db, user_id, ctx.now)
    too_many = max(0, len(live) + 1 - limits.sessions)
    return live[len(live) - too_many :][::-1]


def make_room(ctx: RequestContext, crowd: list[Session]) -> None:
    """End what is in the way."""
    for session in crowd:
        sessions.end(ctx, session.sid, because=MADE_ROOM)
