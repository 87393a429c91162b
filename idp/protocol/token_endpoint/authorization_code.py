"""Authorization code grant (RFC 6749 §4.1.3, OIDC Core §3.1.3)."""

from typing import Any

from idp.context import RequestContext
from idp.kernel.secrets import MasterKey
from idp.protocol import pkce, resources
from idp.protocol.errors import InvalidGrant, InvalidRequest
from idp.protocol.grants import service as grants
from idp.protocol.keys import service as keys
from idp.protocol.token_endpoint.answer import tokens_of
from idp.protocol.token_endpoint.lifetimes import untils_of
from idp.protocol.token_endpoint.request import TokenRequest
from idp.protocol.tokens import code as codes
from idp.store import grants as grant_rows
from idp.store.redemptions import PresentedCode


def redeem(ctx: RequestContext, request: TokenRequest) -> dict[str, Any]:
    """Answer with an access token, for `openid` an ID token, for many clients a refresh token.

    Raises:
        InvalidRequest: a parameter is missing or malformed.
        InvalidTarget: asks for a resource beyond those of the grant.
        InvalidGrant: forged, expired, used, foreign, or not matching what was asked for.
    """
    client, form = request.client, request.form
    code, redirect_uri = form.get("code"), form.get("redirect_uri")
    if code is None or redirect_uri is None:
        raise InvalidRequest("code and redirect_uri are needed.")
    challenge = pkce.challenge_of(form.get("code_verifier"))
    # The keys come first: what cannot be signed must not burn the code.
    ring = keys.keyring(ctx)
    grant_id = codes.grant_of(ctx.house.get(MasterKey), code)
    if grant_id is None:
        raise InvalidGrant("code_forged")
    wanted = form.get("resource")
    if wanted is not None and (before := grant_rows.find(ctx.db, grant_id)) is not None:
        # What a grant is for never changes: asked before, so that a mistake burns nothing.
        resources.check(wanted, before.resource, ctx.settings.issuer)
    refreshes = client.metadata.refreshes
    grant = grants.redeem(
        ctx,
        PresentedCode(
            grant=grant_id,
            client=client.client_id,
            client_version=client.version,
            redirect_uri=redirect_uri,
            code_challenge=challenge,
            jkt=request.jkt,
            # Whoever has a secret is bound by it and may change keys (RFC 9449 §5).
            bound_jkt=request.jkt if client.public and refreshes else None,
            first_generation=1 if refreshes else 0,
            **untils_of(ctx, client.metadata),
        ),
    )
    return tokens_of(
        ctx,
        ring,
        client,
        grant,
        scope=grant.scope,
        resource=resources.narrowed(wanted, grant.resource),
        jkt=request.jkt,
    )
