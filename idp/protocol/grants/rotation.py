"""A refresh token is traded for its successor (RFC 6749 §6; RFC 9700 §4.14.2; DESIGN §4).

Whoever lost an answer, or has a second tab, gets the same successor again; whoever shows what was
replaced long ago ends the family.
"""

from datetime import datetime

from idp.audit import note, record
from idp.audit.token_events import RefreshTokenRetried, RefreshTokenReused, RefreshTokenRotated
from idp.context import RequestContext
from idp.protocol.clients.registry import StaleClient
from idp.protocol.grants.service import CLIENT_CHANGED, end, refused
from idp.protocol.grants.why_dead import why_no_refresh
from idp.sessions import service as sessions
from idp.store import grants, redemptions
from idp.store.grants import Grant
from idp.store.redemptions import PresentedRefresh

REUSED = "refresh_token_reused"


def refresh(ctx: RequestContext, shown: PresentedRefresh) -> Grant:
    """Rotate a family, or repeat its last rotation (I2).

    Raises:
        InvalidGrant: for whatever reason; the reason is in the audit log.
        StaleClient: the client was changed since it was authenticated; nothing has moved.
    """
    found = redemptions.refresh(
        ctx.db,
        shown,
        ctx.now,
        note(
            ctx,
            RefreshTokenRotated,
            again=RefreshTokenRetried,
            grant_id=shown.grant,
            generation=shown.successor,
        ),
    )
    if found is None:
        raise _refusal(ctx, shown)
    grant, seen = found
    if seen is not None and not grant.offline:
        sessions.note_use(ctx, grant.sid, seen.last_seen_at, seen.idle_seconds)
    return grant


def _refusal(ctx: RequestContext, shown: PresentedRefresh) -> Exception:
    grant = grants.find(ctx.db, shown.grant)
    if grant is None:
        return refused(ctx, shown.client, shown.grant, "grant_gone")
    reason = _why_not(ctx, grant, shown)
    if reason == CLIENT_CHANGED:
        return StaleClient()
    if reason == REUSED and end(ctx, grant.id, because=REUSED):
        record(
            ctx,
            RefreshTokenReused(
                user_id=grant.user_id,
                sid=grant.sid,
                client_id=grant.client_id,
                grant_id=grant.id,
                generation=grant.generation,
                presented=shown.presented,
            ),
        )
    return refused(ctx, shown.client, grant.id, reason)


def _why_not(ctx: RequestContext, grant: Grant, shown: PresentedRefresh) -> str:
    if grant.client_id != shown.client:
        return "other_client"
    if grant.dpop_jkt not in (None, shown.jkt):
        return "other_key"
    if grant.dpop_jkt is None and shown.jkt is not None and not shown.confidential:
        return "key_where_none_was"
    # What is dead stays dead for its own reason: an old token of it alarms nobody.
    if (reason := why_no_refresh(ctx, grant)) is not None:
        return reason
    if is_reuse(
        grant, shown.presented, confidential=shown.confidential, leeway_from=shown.leeway_from
    ):
        return REUSED
    return CLIENT_CHANGED


def is_reuse(grant: Grant, presented: int, *, confidential: bool, leeway_from: datetime) -> bool:
    """Tell whether a refresh token is older than what a retry may be."""
    if grant.generation != presented + 1:
        return grant.generation > presented
    welcome = confidential or grant.dpop_jkt is not None
    in_time = grant.refreshed_at is not None and grant.refreshed_at > leeway_from
    return not (welcome or in_time)
