"""What happens to a session beside what its browser asks: stopped, proved, timed out."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import update

from idp.context import RequestContext
from idp.kernel.errors import IdpError
from idp.kernel.secrets import digest
from idp.sessions import endings, judged
from idp.sessions import service as sessions
from idp.store import sessions as rows
from idp.store.schema import sessions as table


class Missed(IdpError):
    """The session is over, or was changed meanwhile."""


def stop(ctx: RequestContext, secret: str) -> None:
    """Challenge a session, as the judgement of a request does."""
    standing = rows.find_standing(ctx.db, digest(secret), ctx.now, "")
    if standing is None or standing.session.challenged_at is not None:
        raise Missed
    read = standing.session
    asked = replace(read, challenge="network_and_browser_changed")
    if not judged.challenge(ctx, read, standing.secret_hash, asked):
        raise Missed


def proved(ctx: RequestContext, secret: str) -> str:
    """Prove a session anew; return its new secret."""
    standing = sessions.find_standing(ctx, secret)
    if standing is None:
        raise Missed
    opened = sessions.prove(ctx, standing.session, secret, ("pwd",), None, anew=True)
    if opened is None:
        raise Missed
    return opened.secret


def timed_out(ctx: RequestContext, sid: str) -> None:
    """Let a session have been idle for too long, and the job of a worker find it."""
    over = ctx.now - timedelta(seconds=1)
    mine = update(table).where(table.c.sid == sid, table.c.ended_at.is_(None))
    ctx.db.write(mine.values(idle_until=over))
    endings.end_expired(ctx)
