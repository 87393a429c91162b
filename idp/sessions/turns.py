"""The number by which a session's cookies take turns, as its browser keeps it (policy.turns)."""

import re
from dataclasses import replace

from idp.context import RequestContext
from idp.kernel.encoding import b64url
from idp.kernel.secrets import MasterKey, same
from idp.policy.turns import Turn, after
from idp.store import session_changes
from idp.store.sessions import Session, Standing

_VALUE = re.compile(r"([1-9][0-9]{0,8})\.([A-Za-z0-9_-]{43})")


def turn_of(session: Session) -> Turn:
    """Return the turn that a session is at."""
    return Turn(session.turn, session.turned_at or session.opened_at, kept=session.turn_kept)


def read(ctx: RequestContext, secret: str, value: str | None) -> int:
    """Return the number that a browser shows with this secret; 0 where it shows none of ours.

    What was given with another secret is worth nothing: after a new proof all begin anew.
    """
    parts = _VALUE.fullmatch(value or "")
    if parts is None or not same(value or "", _value(ctx, secret, int(parts[1]))):
        return 0
    return int(parts[1])


def take(ctx: RequestContext, standing: Standing, secret: str, shown: int) -> str | None:
    """Note what a request with this number says; return the value to be kept from now on.

    None where the browser has that already, or another request is about to give it.
    """
    session, now = standing.session, turn_of(standing.session)
    then = after(now, shown, ctx.now)
    if then != now:
        moved = replace(session, turn=then.number, turned_at=then.since, turn_kept=then.kept)
        if not session_changes.move_turn(ctx.db, session, moved, standing.secret_hash, ctx.now):
            return None
    return _value(ctx, secret, then.number) if then.number > shown else None


def _value(ctx: RequestContext, secret: str, number: int) -> str:
    said = f"{number}.{secret}".encode(errors="surrogatepass")
    return f"{number}.{b64url(ctx.house.get(MasterKey).mac('turn', said))}"
