"""Refresh token grant (RFC 6749 §6, OIDC Core §12)."""

from typing import Any

from idp.context import RequestContext
from idp.kernel.secrets import MasterKey
from idp.policy.acr import satisfies
from idp.presence import refreshing
from idp.protocol import resources, scopes
from idp.protocol.clients.metadata import Client
from idp.protocol.errors import InvalidGrant, InvalidRequest, InvalidScope
from idp.protocol.grants import rotation
from idp.protocol.grants.service import refused
from idp.protocol.keys import service as keys
from idp.protocol.token_endpoint.answer import tokens_of
from idp.protocol.token_endpoint.lifetimes import untils_of
from idp.protocol.token_endpoint.request import TokenRequest
from idp.protocol.tokens import refresh as refresh_tokens
from idp.store import grants
from idp.store.redemptions import PresentedRefresh
from idp.web.parameters import Parameters


def redeem(ctx: RequestContext, request: TokenRequest) -> dict[str, Any]:
    """Answer with new tokens and the successor of the refresh token.

    Raises:
        InvalidRequest: the token is missing.
        InvalidScope: asks for more than was granted; nothing is burnt.
        InvalidTarget: the same of a resource.
        InvalidGrant: forged, foreign, replaced, ended or too old.
    """
    client, form = request.client, request.form
    if form.get("refresh_token") is None:
        raise InvalidRequest("refresh_token is needed.")
    # The keys come first: what cannot be signed must not rotate.
    ring = keys.keyring(ctx)
    token = refresh_tokens.read(ctx.house.get(MasterKey), form.get("refresh_token"))
    if token is None:
        raise InvalidGrant("refresh_token_forged")
    _check_within_grant(ctx, token.grant_id, client, form)
    grant = rotation.refresh(
        ctx,
        PresentedRefresh(
            grant=token.grant_id,
            client=client.client_id,
            client_version=client.version,
            confidential=not client.public,
            presented=token.generation,
            jkt=request.jkt,
            leeway_from=ctx.now - ctx.settings.refresh_leeway,
            **untils_of(ctx, client.metadata),
        ),
    )
    return tokens_of(
        ctx,
        ring,
        client,
        grant,
        scope=scopes.split(form.get("scope")) or grant.scope,
        resource=resources.narrowed(form.get("resource"), grant.resource),
        jkt=request.jkt,
    )


def _check_within_grant(
    ctx: RequestContext, grant_id: str, client: Client, form: Parameters
) -> None:
    """Look before anything rotates: what was granted never changes, so a mistake burns nothing.

    Raises:
        InvalidScope: more scope than was granted (RFC 6749 §6).
        InvalidTarget: more resources than were granted (RFC 8707 §2.2).
        InvalidGrant: the client by now asks for a better sign-in than this was, or the operator's
            policy wants something of its session.
    """
    scope, resource, floor = form.get("scope"), form.get("resource"), client.metadata.require_acr
    policed = refreshing.is_policed(ctx, client.client_id)
    if scope is None and resource is None and floor is None and not policed:
        return
    grant = grants.find(ctx.db, grant_id)
    if grant is None or grant.client_id != client.client_id:
        return
    if floor is not None and not satisfies(grant.acr, floor):
        raise refused(ctx, client.client_id, grant_id, "acr_too_low")
    if not set(scopes.split(scope)) <= set(grant.scope):
        raise InvalidScope
    resources.check(resource, grant.resource, ctx.settings.issuer)
    if policed and not grant.offline:
        reason = refreshing.why_not(ctx, grant.sid, client.client_id)
        if reason is not None:
            raise refused(ctx, client.client_id, grant_id, reason)
