"""How answers look on the wire: JSON, errors, and the two ways back to a redirect URI."""

from typing import Any
from urllib.parse import urlencode

import flask
from werkzeug.exceptions import HTTPException

from idp.kernel.dpop_proof import ALGORITHMS
from idp.kernel.encoding import json_bytes
from idp.kernel.errors import IdpError
from idp.protocol.errors import (
    InsufficientScope,
    InsufficientUserAuthentication,
    NoToken,
    ProtocolError,
    UseDpopNonce,
)
from idp.web.errors import log_crash, note
from idp.web.pages import page, redirect


def json(value: object, status: int = 200) -> flask.Response:
    """Return JSON that nobody keeps (RFC 6749 §5.1)."""
    response = flask.Response(json_bytes(value), status, content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response


def error(refusal: IdpError) -> flask.Response:
    """Return an error as RFC 6749 §5.2 wants it; its private detail goes to the log."""
    note(refusal)
    code = refusal.code if isinstance(refusal, ProtocolError) else "temporarily_unavailable"
    response = json({"error": code, "error_description": refusal.public}, refusal.status)
    put_nonce(response, refusal.nonce if isinstance(refusal, UseDpopNonce) else None)
    return response


def put_nonce(response: flask.Response, nonce: str | None) -> None:
    """Give a client the nonce of its next proof, if a new one is due (RFC 9449 §8, §8.2)."""
    if nonce is not None:
        response.headers["DPoP-Nonce"] = nonce


def put_challenges(response: flask.Response, refusal: ProtocolError, used: str) -> None:
    """Say how to be let in at a protected endpoint (RFC 6750 §3; RFC 9449 §7.1; RFC 9470 §3).

    The error stands with the scheme that was used, first; the other one is told as well
    (RFC 9449 §7.2), on a line of its own, which every reader understands (RFC 9110 §11.6.1).
    """
    for scheme in sorted(("Bearer", "DPoP"), key=lambda each: each != used):
        said = _said(refusal) if scheme == used else {}
        if scheme == "DPoP":
            said |= {"algs": " ".join(ALGORITHMS)}
        pairs = [f'{name}="{value}"' for name, value in said.items() if value is not None]
        response.headers.add("WWW-Authenticate", f"{scheme} {', '.join(pairs)}".rstrip())


def _said(refusal: ProtocolError) -> dict[str, object]:
    """Return what a challenge says; `max_age` is quoted as in the RFC's own examples."""
    if isinstance(refusal, NoToken):
        return {}
    said: dict[str, object] = {"error": refusal.code, "error_description": refusal.public}
    if isinstance(refusal, InsufficientScope):
        said |= {"scope": refusal.scope}
    if isinstance(refusal, InsufficientUserAuthentication):
        said |= {"acr_values": refusal.acr, "max_age": refusal.max_age}
    return said


def crash(failure: Exception) -> flask.Response:
    """Return an error that is ours, or that HTTP itself has, as JSON."""
    if isinstance(failure, HTTPException):
        description = "The request cannot be read."
        return json(
            {"error": "invalid_request", "error_description": description}, failure.code or 400
        )
    log_crash(failure)
    description = "Something went wrong on our side; nothing was changed."
    return json({"error": "server_error", "error_description": description}, 500)


def any_origin(response: flask.Response) -> flask.Response:
    """Let browser apps read an answer in which no cookie plays a part (RFC 9700 §2.6).

    What it takes to be let in, they have to see as well (Fetch, CORS protocol).
    """
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Expose-Headers"] = "WWW-Authenticate, DPoP-Nonce"
    return response


def preflight(methods: str) -> flask.Response:
    """Tell a browser app's browser that it may ask (Fetch, CORS protocol)."""
    response = any_origin(flask.Response(status=204))
    response.headers["Access-Control-Allow-Methods"] = methods
    response.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type, DPoP"
    response.headers["Access-Control-Max-Age"] = "3600"
    return response


def to_client(
    redirect_uri: str, mode: str, parameters: dict[str, Any], client_name: str
) -> flask.Response:
    """Bring an authorization response to the client (OAuth 2.0 Form Post Response Mode §2)."""
    fields = {name: str(value) for name, value in parameters.items() if value is not None}
    if mode == "form_post":
        return page(
            "form_post",
            form_target=redirect_uri,
            action_url=redirect_uri,
            fields=list(fields.items()),
            client_name=client_name,
        )
    separator = "&" if "?" in redirect_uri else "?"
    return redirect(f"{redirect_uri}{separator}{urlencode(fields)}")
