"""The life of a grant (RFC 6749 §1.3, §4.1; RFC 9700 §4.2.4)."""

from sqlalchemy.exc import IntegrityError

from idp.audit import record
from idp.audit.events import GrantEnded, GrantOpened, GrantRedeemed, GrantRefused
from idp.context import RequestContext
from idp.kernel.secrets import MasterKey, new_id
from idp.protocol.clients.registry import StaleClient
from idp.protocol.errors import InvalidGrant
from idp.protocol.tokens import code as codes
from idp.store import grants
from idp.store.grants import Grant, Presented

CLIENT_CHANGED = "client_changed"


def open_grant(ctx: RequestContext, grant: Grant) -> str:
    """Insert a grant; return the authorization code that stands for it.

    Raises:
        StaleClient: the client, the session or the user was deleted a moment ago.
    """
    try:
        grants.add(ctx.db, grant)
    except IntegrityError as error:
        raise StaleClient from error
    record(
        ctx,
        GrantOpened(
            user_id=grant.user_id,
            sid=grant.sid,
            client_id=grant.client_id,
            grant_id=grant.id,
            scope=list(grant.scope),
        ),
    )
    return codes.code_of(ctx.house.get(MasterKey), grant.id)


def new_grant_id() -> str:
    """Return the id of a grant to be."""
    return new_id()


def redeem(ctx: RequestContext, presented: Presented) -> Grant:
    """Trade a code, once (I1).

    Raises:
        InvalidGrant: for whatever reason; the reason is in the audit log.
        StaleClient: the client was changed since it was authenticated; nothing is burnt.
    """
    grant = grants.redeem(ctx.db, presented, ctx.now)
    if grant is not None:
        record(
            ctx,
            GrantRedeemed(
                user_id=grant.user_id,
                sid=grant.sid,
                client_id=grant.client_id,
                grant_id=grant.id,
            ),
        )
        return grant
    reason = _why_not(ctx, presented)
    if reason == CLIENT_CHANGED:
        raise StaleClient
    if reason == "code_reused":
        # Two hold one code: thief or owner, we cannot tell, so what it bought is void.
        end(ctx, presented.grant_id, because=reason)
    record(
        ctx,
        GrantRefused(client_id=presented.client_id, grant_id=presented.grant_id, reason=reason),
    )
    raise InvalidGrant(reason)


def _why_not(ctx: RequestContext, presented: Presented) -> str:
    grant = grants.find(ctx.db, presented.grant_id)
    if grant is None:
        return "grant_gone"
    causes = (
        (grant.client_id != presented.client_id, "other_client"),
        (grant.code_redeemed_at is not None, "code_reused"),
        (grant.ended_at is not None, f"grant_ended:{grant.end_reason}"),
        (grant.code_expires_at <= ctx.now, "code_expired"),
        (grant.redirect_uri != presented.redirect_uri, "redirect_uri_differs"),
        (grant.code_challenge != presented.code_challenge, "code_verifier_differs"),
        (grants.find_live(ctx.db, grant.id, ctx.now) is None, "session_or_user_over"),
    )
    return next((reason for holds, reason in causes if holds), CLIENT_CHANGED)


def end(ctx: RequestContext, grant_id: str, *, because: str) -> bool:
    """End a grant; nothing of it is accepted any more. True when this call ended it."""
    grant = grants.end(ctx.db, grant_id, ctx.now, because)
    if grant is not None:
        _record_end(ctx, grant, because)
    return grant is not None


def end_all_of(ctx: RequestContext, user_id: str, client_id: str, *, because: str) -> int:
    """End all grants of a user at a client; return how many this call ended."""
    ended = grants.end_all_of(ctx.db, user_id, client_id, ctx.now, because)
    for grant in ended:
        _record_end(ctx, grant, because)
    return len(ended)


def _record_end(ctx: RequestContext, grant: Grant, reason: str) -> None:
    record(
        ctx,
        GrantEnded(
            user_id=grant.user_id,
            sid=grant.sid,
            client_id=grant.client_id,
            grant_id=grant.id,
            reason=reason,
        ),
    )
