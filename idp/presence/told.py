"""What is told of what was decided: the owner by a letter, the records once in a while.

The owner is told of a session that looked as if somebody else had it: of each, by one letter.
"""

from idp.context import RequestContext
from idp.credentials import mail_cap
from idp.credentials.notices import Notice, tell
from idp.kernel.secrets import MasterKey
from idp.policy.terms import Change
from idp.store import spent
from idp.store.users import User

_COPIES = frozenset({Change.COPIED_COOKIE, Change.STALE_COOKIE})


def tell_owner(
    ctx: RequestContext, user: User, changes: frozenset[Change], *, ended: bool
) -> Notice | None:
    """Write to the user, unless it was the policy alone that changed."""
    notice = Notice.SESSION_ENDED if ended else Notice.SESSION_STOPPED
    if changes & _COPIES:
        notice = Notice.COPIED_SESSION_ENDED if ended else Notice.SESSION_COPIED
    if not changes or not mail_cap.admits(ctx, "session", user.id):
        return None
    tell(ctx, user, notice)
    return notice


def is_news(ctx: RequestContext, sid: str, rule: str) -> bool:
    """Tell whether a refusal is to be recorded: who tries again and again is, once in a while."""
    said = f"{sid}\x00{rule}\x00{ctx.origin.address}".encode(errors="surrogatepass")
    key = ctx.house.get(MasterKey).mac("refused", said)
    return spent.burn(ctx.db, key, ctx.now + ctx.settings.session_idle)
