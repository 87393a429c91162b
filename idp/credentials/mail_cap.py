"""How much mail with a link one person gets: whoever asks a hundred times sends five."""

from datetime import timedelta

from idp.context import RequestContext
from idp.kernel.secrets import MasterKey
from idp.store import throttles

MOST = 5
WITHIN = timedelta(hours=1)


def admits(ctx: RequestContext, *to: str) -> bool:
    """Count one more mail; False when there were enough within the hour.

    Args:
        ctx: the request, or the worker's turn.
        to: whom it goes to, and on whose behalf, where one must not use up another's.
    """
    # Who was written to cannot be read from the table.
    named = "\0".join(to).encode(errors="surrogatepass")
    key = ctx.house.get(MasterKey).mac("mail_cap", named)
    until = ctx.now + WITHIN
    return throttles.admit(ctx.db, key, now=ctx.now, waits=[(MOST, until)], forgotten_at=until)
