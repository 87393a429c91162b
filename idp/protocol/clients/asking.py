"""What the endpoints that clients call have in common: a form, who sends it, and refusals in JSON.

A cookie plays no part in any of them, so there is nothing that another site could forge.
"""

from collections.abc import Callable
from dataclasses import dataclass

import flask

from idp.context import RequestContext
from idp.kernel.errors import IdpError
from idp.protocol import responses
from idp.protocol.clients.authentication import authenticate_client
from idp.protocol.clients.metadata import Client
from idp.protocol.errors import InvalidClient, InvalidRequest
from idp.web import parameters
from idp.web.parameters import Parameters

Dress = Callable[[flask.Response], flask.Response]


@dataclass(frozen=True, slots=True)
class Asking:
    """A client that proved to be the one it says, and what it sends."""

    client: Client
    form: Parameters

    def need(self, name: str) -> str:
        """Return a parameter.

        Raises:
            InvalidRequest: it is missing.
        """
        value = self.form.get(name)
        if value is None:
            raise InvalidRequest("A parameter is missing.", name)
        return value


def read(ctx: RequestContext, *, newest: bool = False) -> Asking:
    """Return the form and its client; `newest`: never by a cached copy.

    Raises:
        InvalidRequest: no form, unreadable, or something in it twice.
        InvalidClient: unknown, wrong secret, or another method than the registered one.
    """
    if flask.request.mimetype != parameters.FORM:
        raise InvalidRequest("The body must be application/x-www-form-urlencoded.")
    form, header = parameters.form(), flask.request.headers.get("Authorization")
    client = authenticate_client(ctx, header, form, newest=newest)
    if form.refused:
        raise InvalidRequest("A parameter is unreadable or sent twice.")
    return Asking(client, form)


def refuse_in_json(bp: flask.Blueprint, dress: Dress = lambda response: response) -> None:
    """Let a blueprint answer refusals and crashes as RFC 6749 §5.2 wants it."""

    @bp.errorhandler(IdpError)
    def refuse(error: IdpError) -> flask.Response:
        response = dress(responses.error(error))
        if isinstance(error, InvalidClient):
            challenge = f'Basic realm="{bp.name}", charset="UTF-8"'
            response.headers["WWW-Authenticate"] = challenge
        return response

    @bp.errorhandler(Exception)
    def crash(error: Exception) -> flask.Response:
        return dress(responses.crash(error))
