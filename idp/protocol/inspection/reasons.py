"""Why a token is not good: all that can be said, what it says itself first.

Each reason is a word for programs, with a detail behind a colon; `words.py` has the sentences.
"""

from collections.abc import Iterator

from idp.context import RequestContext
from idp.policy.acr import satisfies
from idp.protocol.clients.metadata import Client
from idp.protocol.grants.rotation import is_reuse
from idp.protocol.grants.why_dead import why_dead, why_no_refresh, why_session_over
from idp.protocol.inspection.said import Said
from idp.store import clients, revoked_tokens
from idp.store.grants import Grant
from idp.store.users import User

RETRIED = "would_be_retried"
REPLACED = "replaced_by_generation"


def of_code(ctx: RequestContext, grant: Grant | None, client: Client | None) -> Iterator[str]:
    """Yield why a code would not be redeemed."""
    if grant is None:
        yield "grant_gone"
        return
    if grant.code_redeemed_at is not None:
        yield "code_redeemed"
    elif grant.code_expires_at <= ctx.now:
        yield "expired"
    yield from _given(why_dead(ctx, grant, with_session=True))
    yield from _of_client(client)


def of_refresh_token(
    ctx: RequestContext, said: Said, grant: Grant | None, client: Client | None
) -> Iterator[str]:
    """Yield why a refresh token gives nothing, or that it is not the current one."""
    if grant is None:
        yield "grant_gone"
        return
    dead = [
        *_given(why_no_refresh(ctx, grant)),
        *_of_client(client),
        *_below_floor(grant, client),
    ]
    yield from dead
    presented = said.generation or 0
    if presented > grant.generation:
        yield "never_issued"
    elif presented < grant.generation:
        yield f"{REPLACED}:{grant.generation}"
        if not dead:
            confidential = client is not None and not client.public
            leeway_from = ctx.now - ctx.settings.refresh_leeway
            late = is_reuse(grant, presented, confidential=confidential, leeway_from=leeway_from)
            yield "would_be_reuse" if late else RETRIED


def _below_floor(grant: Grant, client: Client | None) -> Iterator[str]:
    floor = client.metadata.require_acr if client is not None else None
    if floor is not None and not satisfies(grant.acr, floor):
        yield f"acr_too_low:{floor}"


def of_access_token(
    ctx: RequestContext, said: Said, grant: Grant | None, client: Client | None
) -> Iterator[str]:
    """Yield why our own endpoints would refuse an access token, and introspection not know it."""
    if said.expires_at is not None and said.expires_at <= ctx.now:
        yield "expired"
    if said.jti is not None and revoked_tokens.includes(ctx.db, said.jti):
        yield "revoked"
    if said.grant_id is None:
        yield from _of_own(ctx, said, client)
    elif grant is None:
        yield "grant_gone"
    else:
        yield from _given(why_dead(ctx, grant))
        yield from _of_client(client)


def of_id_token(ctx: RequestContext, said: Said, user: User | None) -> Iterator[str]:
    """Yield why nobody should rest on an ID token any more."""
    if said.expires_at is not None and said.expires_at <= ctx.now:
        yield "expired"
    yield from of_session(ctx, said.sid, user)


def of_session(ctx: RequestContext, sid: str | None, user: User | None) -> Iterator[str]:
    """Yield why a session's cookie opens nothing."""
    if user is None:
        yield "user_gone"
        return
    if user.disabled_at is not None:
        yield "user_disabled"
    if sid is not None:
        yield from _given(why_session_over(ctx, sid))


def _of_own(ctx: RequestContext, said: Said, client: Client | None) -> Iterator[str]:
    yield from _of_client(client)
    if client is None or client.disabled or said.issued_at is None:
        return
    # Without its `jti`: whether it was revoked alone is said already.
    if not clients.stands(ctx.db, client.client_id, "", said.issued_at):
        yield "client_tokens_voided"


def _of_client(client: Client | None) -> Iterator[str]:
    if client is None:
        yield "client_gone"
    elif client.disabled:
        yield "client_disabled"


def _given(reason: str | None) -> Iterator[str]:
    if reason is not None:
        yield reason


def alive(reasons: tuple[str, ...]) -> bool:
    """Tell whether a token would be taken now, if only for a retry."""
    return {reason.partition(":")[0] for reason in reasons} <= {REPLACED, RETRIED}
