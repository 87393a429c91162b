"""POST /token (RFC 6749 §3.2): parse, authenticate, redeem, answer."""

import flask

from idp.kernel.errors import IdpError
from idp.protocol import responses
from idp.protocol.clients.authentication import authenticate_client
from idp.protocol.clients.registry import StaleClient
from idp.protocol.errors import (
    InvalidClient,
    InvalidRequest,
    UnauthorizedClient,
    UnsupportedGrantType,
)
from idp.protocol.token_endpoint import authorization_code, client_credentials, refresh_token
from idp.protocol.token_endpoint.request import TokenRequest
from idp.web import parameters
from idp.web.context import request_context

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
    if grant_type not in client.metadata.grant_types:
        raise UnauthorizedClient

    try:
        answer = GRANTS[grant_type](ctx, TokenRequest(client, form))
    except StaleClient:
        client = authenticate_client(ctx, header, form, newest=True)
        if grant_type not in client.metadata.grant_types:
            raise UnauthorizedClient from None
        answer = GRANTS[grant_type](ctx, TokenRequest(client, form))
    return responses.any_origin(responses.json(answer))


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
