"""Client credentials grant (RFC 6749 §4.4): a token for the client itself."""

from typing import Any

from idp.audit import record
from idp.audit.events import ClientTokenIssued
from idp.context import RequestContext
from idp.protocol import resources, scopes
from idp.protocol.clients.registry import StaleClient
from idp.protocol.errors import InvalidScope
from idp.protocol.keys import service as keys
from idp.protocol.token_endpoint.answer import bearer_answer
from idp.protocol.token_endpoint.lifetimes import shape_of
from idp.protocol.token_endpoint.request import TokenRequest
from idp.protocol.tokens import access


def redeem(ctx: RequestContext, request: TokenRequest) -> dict[str, Any]:
    """Answer with an access token whose subject is the client (RFC 9068 §2.2).

    Raises:
        StaleClient: the client was changed since it was authenticated.
        InvalidScope: asks for a scope that is not the client's, or that only a user can give.
        InvalidTarget: asks for a resource that is not the client's.
    """
    client, form = request.client, request.form
    allowed = [scope for scope in client.metadata.scope if scope not in scopes.SCOPES]
    wanted = scopes.split(form.get("scope"))
    if not set(wanted) <= set(allowed):
        raise InvalidScope
    granted = wanted or tuple(allowed)
    resource = form.get("resource")
    resources.check(resource, client.metadata.resources, ctx.settings.issuer)
    token = access.issue(
        ctx,
        keys.keyring(ctx),
        shape_of(ctx.settings, client.metadata),
        client_id=client.client_id,
        scope=granted,
        audience=scopes.split(resource),
        subject=client.client_id,
        jkt=request.jkt,
    )
    event = ClientTokenIssued(client_id=client.client_id, jti=token.jti, scope=list(granted))
    if not record(ctx, event, client_version=client.version):
        raise StaleClient
    return bearer_answer(token, granted, request.jkt)
