"""The life of a grant (RFC 6749 §1.3, §4.1; RFC 9700 §4.2.4): opened, redeemed, ended."""

from sqlalchemy.exc import IntegrityError

from idp.audit import note, record
from idp.audit.events import GrantOpened, GrantRedeemed, GrantRefused
from idp.context import RequestContext
from idp.kernel.secrets import MasterKey, new_id
from idp.protocol.clients.registry import StaleClient
from idp.protocol.errors import InvalidGrant, LoginRequired
from idp.protocol.grants.why_dead import why_dead
from idp.protocol.tokens import code as codes
from idp.sessions import grant_ends
from idp.store import grants, redemptions
from idp.store.grants import Grant, Which
from idp.store.redemptions import PresentedCode

CLIENT_CHANGED = "client_changed"


def open_grant(ctx: RequestContext, grant: Grant, secret_hash: bytes) -> str:
    """Insert a grant that a session's secret opens; return the code that stands for it.

    Raises:
        StaleClient: the client or the user was deleted a moment ago.
        LoginRequired: the session ended a moment ago, or was given another secret.
    """
    told = note(ctx, GrantOpened, grant_id=grant.id, scope=list(grant.scope))
    try:
        added = grants.add(ctx.db, grant, secret_hash, ctx.now, told)
    except IntegrityError as error:
        raise StaleClient from error
    if not added:
        raise LoginRequired("the session ended, or its secret was replaced, meanwhile")
    return codes.code_of(ctx.house.get(MasterKey), grant.id)


def new_grant_id() -> str:
    """Return the id of a grant to be."""
    return new_id()


def redeem(ctx: RequestContext, shown: PresentedCode) -> Grant:
    """Trade a code, once (I1).

    Raises:
        InvalidGrant: for whatever reason; the reason is in the audit log.
        StaleClient: the client was changed since it was authenticated; nothing is burnt.
    """
    told = note(ctx, GrantRedeemed, grant_id=shown.grant)
    grant = redemptions.redeem(ctx.db, shown, ctx.now, told)
    if grant is not None:
        return grant
    reason = _why_not(ctx, shown)
    if reason == CLIENT_CHANGED:
        raise StaleClient
    if reason == "code_reused":
        # Two hold one code: thief or owner, we cannot tell, so what it bought is void.
        end(ctx, shown.grant, because=reason)
    raise refused(ctx, shown.client, shown.grant, reason)


def refused(ctx: RequestContext, client_id: str, grant_id: str | None, reason: str) -> InvalidGrant:
    """Note why a grant is not honoured; return what the client reads."""
    record(ctx, GrantRefused(client_id=client_id, grant_id=grant_id, reason=reason))
    return InvalidGrant(reason)


def _why_not(ctx: RequestContext, shown: PresentedCode) -> str:
    grant = grants.find(ctx.db, shown.grant)
    if grant is None:
        return "grant_gone"
    redeemed = grant.code_redeemed_at is not None
    # A used code alone, found in a log or a history, must not end what it bought: only who could
    # have redeemed it is thief or owner. So what was asked for comes before what became of it.
    causes = (
        (grant.client_id != shown.client, "other_client"),
        (grant.redirect_uri != shown.redirect_uri, "redirect_uri_differs"),
        (grant.code_challenge != shown.code_challenge, "code_verifier_differs"),
        (grant.dpop_jkt not in (None, shown.jkt) and not redeemed, "other_key"),
        (redeemed, "code_reused"),
        (grant.ended_at is not None, f"grant_ended:{grant.end_reason}"),
        (grant.code_expires_at <= ctx.now, "code_expired"),
    )
    found = next((reason for holds, reason in causes if holds), None)
    # A code wants its session even where its grant will stand without it.
    return found or why_dead(ctx, grant, with_session=True) or CLIENT_CHANGED


def end(ctx: RequestContext, grant_id: str, *, because: str) -> bool:
    """End a grant; nothing of it is accepted any more. True when this call ended it."""
    return grant_ends.end(ctx, grant_id, because=because)


def end_all(ctx: RequestContext, which: Which, *, because: str) -> list[Grant]:
    """End the grants that are meant; return those that this call ended."""
    return grant_ends.end_all(ctx, which, because=because)
