"""Grants end, each with one record, from wherever the end comes (I3, I7).

It stands beside the sessions because what ends sessions, at the account pages or on a command
line, ends what would stand without them (OIDC Core §11 `offline_access`).
"""

from idp.audit import record
from idp.audit.events import GrantEnded
from idp.context import RequestContext
from idp.store import grants
from idp.store.endings import EndedGrant
from idp.store.grants import Grant, Which


def end(ctx: RequestContext, grant_id: str, *, because: str) -> bool:
    """End a grant; nothing of it is accepted any more. True when this call ended it."""
    grant = grants.end(ctx.db, grant_id, ctx.now, because)
    if grant is not None:
        record(ctx, event_of(grant, because))
    return grant is not None


def end_all(ctx: RequestContext, which: Which, *, because: str) -> list[Grant]:
    """End the grants that are meant; return those that this call ended."""
    ended = grants.end_all(ctx.db, which, ctx.now, because)
    for grant in ended:
        record(ctx, event_of(grant, because))
    return ended


def end_offline(ctx: RequestContext, user_id: str, *, because: str) -> int:
    """End what a user's clients hold without a session; return how many this call ended.

    The sessions come first: while they are being ended, no grant is opened in them.
    """
    return len(end_all(ctx, Which(user_id=user_id, offline=True), because=because))


def end_offline_with_password(ctx: RequestContext, user_id: str, *, because: str) -> int:
    """End the same because the password is another, unless the operator lets it stand."""
    if ctx.settings.offline_survives_password_change:
        return 0
    return end_offline(ctx, user_id, because=because)


def event_of(grant: Grant | EndedGrant, reason: str) -> GrantEnded:
    """Return the record of a grant's end."""
    return GrantEnded(
        user_id=grant.user_id,
        sid=grant.sid,
        client_id=grant.client_id,
        grant_id=grant.id,
        reason=reason,
    )
