"""Client credentials grant (RFC 6749 §4.4): a token for the client itself."""

from typing import Any

from idp.audit import record
from idp.audit.events import ClientTokenIssued
from idp.context import RequestContext
from idp.protocol import scopes
from idp.protocol.clients.metadata import Client
from idp.protocol.clients.registry import StaleClient
from idp.protocol.errors import InvalidScope
from idp.protocol.keys import service as keys
from idp.protocol.tokens import access
from idp.web.parameters import Parameters


def redeem(ctx: RequestContext, client: Client, form: Parameters) -> dict[str, Any]:
    """Answer with an access token whose subject is the client (RFC 9068 §2.2).

    Raises:
        StaleClient: the client was changed since it was authenticated.
        InvalidScope: asks for a scope that is not the client's, or that only a user can give.
    """
    allowed = [scope for scope in client.metadata.scope if scope not in scopes.SCOPES]
    wanted = scopes.split(form.get("scope"))
    if not set(wanted) <= set(allowed):
        raise InvalidScope
    granted = wanted or tuple(allowed)
    token = access.issue(
        ctx,
        keys.keyring(ctx),
        client_id=client.client_id,
        scope=granted,
        subject=client.client_id,
    )
    event = ClientTokenIssued(client_id=client.client_id, jti=token.jti, scope=list(granted))
    if not record(ctx, event, client_version=client.version):
        raise StaleClient
    answer: dict[str, Any] = {
        "access_token": token.token,
        "token_type": "Bearer",
        "expires_in": int(token.expires_in.total_seconds()),
    }
    return answer | ({"scope": " ".join(granted)} if granted else {})
