"""The number by which a session's cookies take turns, as its browser keeps it (policy.turns).

With it goes when it was given, in seconds from the session's beginning, all under our MAC.
"""

import re
from dataclasses import replace
from datetime import timedelta

from idp.context import RequestContext
from idp.kernel.encoding import b64url
from idp.kernel.secrets import MasterKey, same
from idp.policy.turns import Held, Turn, after, is_behind
from idp.store import session_changes
from idp.store.sessions import Session, Standing

_VALUE = re.compile(r"([1-9][0-9]{0,8})\.([0-9]{1,9})\.[A-Za-z0-9_-]{43}")
_SECOND = timedelta(seconds=1)


def turn_of(session: Session) -> Turn:
    """Return the turn that a session is at."""
    if session.turned_at is None or session.turned_at < session.authenticated_at:
        # Nobody was given one since the last proof. A node of a release that knows of no turns
        # leaves in the row what was there before a proof that it takes.
        return Turn(0, session.authenticated_at, kept=False)
    return Turn(session.turn, session.turned_at, kept=session.turn_kept)


def read(ctx: RequestContext, session: Session, secret: str, value: str | None) -> Held:
    """Return what a browser holds that shows this secret; nothing where it shows none of ours.

    What was given with another secret is worth nothing: after a new proof all begin anew.
    """
    parts = _VALUE.fullmatch(value or "")
    if parts is None:
        return Held()
    number, seconds = int(parts[1]), int(parts[2])
    if not same(value or "", _value(ctx, secret, number, seconds)):
        return Held()
    return Held(number, session.opened_at + seconds * _SECOND)


def is_copy(ctx: RequestContext, session: Session, secret: str, value: str | None) -> bool:
    """Tell whether another copy of a session's cookies was used after this one."""
    return is_behind(turn_of(session), read(ctx, session, secret, value))


def take(ctx: RequestContext, standing: Standing, secret: str, held: Held) -> str | None:
    """Note what a request with this number says; return the value to be kept from now on.

    None where the browser has that already, or another request is about to give it.
    """
    session, now = standing.session, turn_of(standing.session)
    then = after(now, held, ctx.now)
    if then != now:
        moved = replace(session, turn=then.number, turned_at=then.since, turn_kept=then.kept)
        if not session_changes.move_turn(ctx.db, session, moved, standing.secret_hash, ctx.now):
            return None
    if then.number == held.number:
        return None
    # A clock that was set back behind the session's beginning.
    seconds = max(0, (ctx.now - session.opened_at) // _SECOND)
    return _value(ctx, secret, then.number, seconds)


def _value(ctx: RequestContext, secret: str, number: int, seconds: int) -> str:
    said = f"{number}.{seconds}.{secret}".encode(errors="surrogatepass")
    return f"{number}.{seconds}.{b64url(ctx.house.get(MasterKey).mac('turn', said))}"
