"""POST /token (RFC 6749 §3.2): parse, authenticate, prove, redeem, answer."""

from typing import Any

import flask

from idp.context import RequestContext
from idp.kernel.errors import IdpError
from idp.protocol import dpop, responses
from idp.protocol.clients.authentication import authenticate_client
from idp.protocol.clients.metadata import Client
from idp.protocol.clients.registry import StaleClient
from idp.protocol.dpop import Binding
from idp.protocol.errors import (
    InvalidClient,
    InvalidDpopProof,
    InvalidRequest,
    UnauthorizedClient,
    UnsupportedGrantType,
)
from idp.protocol.token_endpoint import authorization_code, client_credentials, refresh_token
from idp.protocol.token_endpoint.request import TokenRequest
from idp.web import parameters
from idp.web.context import request_context
from idp.web.parameters import Parameters

bp = flask.Blueprint("token", __name__)

GRANTS = {
    "authorization_code": authorization_code.redeem,
    "refresh_token": refresh_token.redeem,
    "client_credentials": client_credentials.redeem,
}


@bp.post("/token")
def token() -> flask.Response:
    """Trade a grant for tokens."""
    ctx = request_context()
    if flask.request.mimetype != parameters.FORM:
        raise InvalidRequest("The body must be application/x-www-form-urlencoded.")
    form, header = parameters.form(), flask.request.headers.get("Authorization")
    client = authenticate_client(ctx, header, form)
    if form.refused:
        raise InvalidRequest("A parameter is unreadable or sent twice.")

    grant_type = form.get("grant_type")
    if grant_type is None:
        raise InvalidRequest("grant_type is missing.")
    if grant_type not in GRANTS:
        raise UnsupportedGrantType

    binding = shown_key(ctx)
    try:
        answer = redeem(ctx, grant_type, client, form, binding)
    except StaleClient:
        client = authenticate_client(ctx, header, form, newest=True)
        answer = redeem(ctx, grant_type, client, form, binding)
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
    ctx: RequestContext, grant_type: str, client: Client, form: Parameters, binding: Binding | None
) -> dict[str, Any]:
    """Return the tokens of a client that may have them in this way.

    Raises:
        UnauthorizedClient: this grant type is not for this client.
        InvalidDpopProof: the client is registered to prove its key, and did not (RFC 9449 §5.2).
        StaleClient: the client was changed since it was read; nothing has happened.
    """
    if grant_type not in client.metadata.grant_types:
        raise UnauthorizedClient
    if client.metadata.dpop_bound_access_tokens and binding is None:
        raise InvalidDpopProof("needed by this client")
    jkt = binding.jkt if binding else None
    return GRANTS[grant_type](ctx, TokenRequest(client, form, jkt))


@bp.errorhandler(IdpError)
def refuse(error: IdpError) -> flask.Response:
    """Answer as RFC 6749 §5.2 wants it."""
    response = responses.any_origin(responses.error(error))
    if isinstance(error, InvalidClient):
        response.headers["WWW-Authenticate"] = 'Basic realm="token", charset="UTF-8"'
    return response


@bp.route("/token", methods=["OPTIONS"])
def preflight() -> flask.Response:
    """Let browser apps ask."""
    return responses.preflight("POST")


@bp.errorhandler(Exception)
def crash(error: Exception) -> flask.Response:
    """Answer in JSON, whatever happened."""
    return responses.any_origin(responses.crash(error))
