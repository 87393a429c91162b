"""POST /token (RFC 6749 §3.2): parse, authenticate, prove, redeem, answer."""

from typing import Any

import flask

from idp.context import RequestContext
from idp.protocol import dpop, responses
from idp.protocol.clients import asking
from idp.protocol.clients.asking import Asking
from idp.protocol.clients.registry import StaleClient
from idp.protocol.dpop import Binding
from idp.protocol.errors import (
    InvalidDpopProof,
    InvalidRequest,
    UnauthorizedClient,
    UnsupportedGrantType,
)
from idp.protocol.token_endpoint import authorization_code, client_credentials, refresh_token
from idp.protocol.token_endpoint.request import TokenRequest
from idp.web.context import request_context

bp = flask.Blueprint("token", __name__)
asking.refuse_in_json(bp, responses.any_origin)

GRANTS = {
    "authorization_code": authorization_code.redeem,
    "refresh_token": refresh_token.redeem,
    "client_credentials": client_credentials.redeem,
}


@bp.post("/token")
def token() -> flask.Response:
    """Trade a grant for tokens."""
    ctx = request_context()
    asked = asking.read(ctx)
    grant_type = asked.form.get("grant_type")
    if grant_type is None:
        raise InvalidRequest("grant_type is missing.")
    if grant_type not in GRANTS:
        raise UnsupportedGrantType

    binding = shown_key(ctx)
    try:
        answer = redeem(ctx, grant_type, asked, binding)
    except StaleClient:
        answer = redeem(ctx, grant_type, asking.read(ctx, newest=True), binding)
    response = responses.any_origin(responses.json(answer))
    responses.put_nonce(response, binding.next_nonce if binding else None)
    return response


def shown_key(ctx: RequestContext) -> Binding | None:
    """Return the key that the sender proved to hold, once for the request (RFC 9449 §5).

    Raises:
        InvalidDpopProof: a proof was sent, and it is none.
        UseDpopNonce: it has no nonce of ours.
    """
    proofs = flask.request.headers.getlist("DPoP")
    if not proofs:
        return None
    return dpop.verify(ctx, proofs, method=flask.request.method, path=flask.request.path)


def redeem(
    ctx: RequestContext, grant_type: str, asked: Asking, binding: Binding | None
) -> dict[str, Any]:
    """Return the tokens of a client that may have them in this way.

    Raises:
        UnauthorizedClient: this grant type is not for this client.
        InvalidDpopProof: the client is registered to prove its key, and did not (RFC 9449 §5.2).
        StaleClient: the client was changed since it was read; nothing has happened.
    """
    metadata = asked.client.metadata
    if grant_type not in metadata.grant_types:
        raise UnauthorizedClient
    if metadata.dpop_bound_access_tokens and binding is None:
        raise InvalidDpopProof("needed by this client")
    jkt = binding.jkt if binding else None
    return GRANTS[grant_type](ctx, TokenRequest(asked.client, asked.form, jkt))


@bp.route("/token", methods=["OPTIONS"])
def preflight() -> flask.Response:
    """Let browser apps ask."""
    return responses.preflight("POST")
