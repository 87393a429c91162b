"""The token response of a grant (OIDC Core §3.1.3.3, §12.2)."""

from dataclasses import replace
from typing import Any

from idp.context import RequestContext
from idp.kernel.clock import epoch
from idp.kernel.secrets import MasterKey
from idp.policy.acr import amr_claim
from idp.protocol import scopes
from idp.protocol.clients.metadata import Client
from idp.protocol.keys.keyring import Keyring
from idp.protocol.token_endpoint.lifetimes import shape_of
from idp.protocol.tokens import access, identity
from idp.protocol.tokens.access import AccessToken
from idp.protocol.tokens.refresh import refresh_token_of
from idp.store import users
from idp.store.grants import Grant


def tokens_of(
    ctx: RequestContext,
    ring: Keyring,
    client: Client,
    grant: Grant,
    *,
    scope: tuple[str, ...],
    resource: tuple[str, ...],
    jkt: str | None,
) -> dict[str, Any]:
    """Return the tokens of a grant, the access token narrowed to `scope` and `resource`."""
    token = access.issue(
        ctx,
        ring,
        shape_of(ctx.settings, client.metadata),
        client_id=grant.client_id,
        scope=scope,
        audience=resource,
        subject=grant.user_id,
        grant_id=grant.id,
        jkt=jkt,
        extra=_about_the_sign_in(grant),
    )
    answer = bearer_answer(token, scope, jkt)
    if grant.generation:
        master = ctx.house.get(MasterKey)
        answer["refresh_token"] = refresh_token_of(master, grant.id, grant.generation)
    if "openid" in scope:
        # What a refresh says anew is bound to no request any more (§12.2).
        said = replace(grant, nonce=None) if grant.generation > 1 else grant
        answer["id_token"] = identity.issue(
            ctx,
            ring,
            said,
            algorithm=client.metadata.id_token_signed_response_alg,
            access_token=token.token,
            user_claims=_asked_claims(ctx, grant),
        )
    return answer


def bearer_answer(token: AccessToken, scope: tuple[str, ...], jkt: str | None) -> dict[str, Any]:
    """Return what is said about an access token (RFC 6749 §5.1; RFC 9449 §5)."""
    answer: dict[str, Any] = {
        "access_token": token.token,
        "token_type": "Bearer" if jkt is None else "DPoP",
        "expires_in": int(token.expires_in.total_seconds()),
    }
    return answer | ({"scope": " ".join(scope)} if scope else {})


def _about_the_sign_in(grant: Grant) -> dict[str, Any]:
    """Return what a resource server may judge the sign-in by (RFC 9068 §2.2.1, RFC 9470 §6.1)."""
    return {
        "auth_time": epoch(grant.auth_time),
        "acr": grant.acr,
        "amr": amr_claim(grant.amr),
        "sid": grant.sid,
    }


def _asked_claims(ctx: RequestContext, grant: Grant) -> dict[str, Any]:
    """Return the user's claims that the `claims` parameter wants in the ID token (§5.5)."""
    names = [n for n in grant.claims.get("id_token", ()) if n in scopes.USER_CLAIMS]
    user = users.find(ctx.db, grant.user_id) if names else None
    return scopes.user_claims(user, names) if user else {}
