"""Authorization code grant (RFC 6749 §4.1.3, OIDC Core §3.1.3)."""

from typing import Any

from idp.context import RequestContext
from idp.kernel.clock import epoch
from idp.kernel.secrets import MasterKey
from idp.policy.acr import amr_claim
from idp.protocol import pkce, scopes
from idp.protocol.clients.metadata import Client
from idp.protocol.errors import InvalidGrant, InvalidRequest
from idp.protocol.grants import service as grants
from idp.protocol.keys import service as keys
from idp.protocol.keys.keyring import Keyring
from idp.protocol.tokens import access, identity
from idp.protocol.tokens import code as codes
from idp.store import users
from idp.store.grants import Grant, Presented
from idp.web.parameters import Parameters


def redeem(ctx: RequestContext, client: Client, form: Parameters) -> dict[str, Any]:
    """Answer with an access token and, for `openid`, an ID token.

    Raises:
        InvalidRequest: a parameter is missing or malformed.
        InvalidGrant: forged, expired, used, foreign, or not matching what was asked for.
    """
    code, redirect_uri = form.get("code"), form.get("redirect_uri")
    if code is None or redirect_uri is None:
        raise InvalidRequest("code and redirect_uri are needed.")
    challenge = pkce.challenge_of(form.get("code_verifier"))
    # The keys come first: what cannot be signed must not burn the code.
    ring = keys.keyring(ctx)
    grant_id = codes.grant_of(ctx.house.get(MasterKey), code)
    if grant_id is None:
        raise InvalidGrant("code_forged")
    grant = grants.redeem(
        ctx,
        Presented(
            grant_id=grant_id,
            client_id=client.client_id,
            client_version=client.version,
            redirect_uri=redirect_uri,
            code_challenge=challenge,
        ),
    )
    return tokens_of(ctx, ring, client, grant)


def tokens_of(ctx: RequestContext, ring: Keyring, client: Client, grant: Grant) -> dict[str, Any]:
    """Return the token response of a grant (OIDC Core §3.1.3.3)."""
    token = access.issue(
        ctx,
        ring,
        client_id=grant.client_id,
        scope=grant.scope,
        subject=grant.user_id,
        grant_id=grant.id,
        extra=_about_the_sign_in(grant),
    )
    answer: dict[str, Any] = {
        "access_token": token.token,
        "token_type": "Bearer",
        "expires_in": int(token.expires_in.total_seconds()),
        "scope": " ".join(grant.scope),
    }
    if "openid" in grant.scope:
        answer["id_token"] = identity.issue(
            ctx,
            ring,
            grant,
            algorithm=client.metadata.id_token_signed_response_alg,
            access_token=token.token,
            user_claims=_asked_claims(ctx, grant),
        )
    return answer


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
