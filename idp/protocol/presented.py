"""An access token is presented to an endpoint of ours (RFC 6750 §2, RFC 9449 §7).

Owns: where it stands, whether we issued it for ourselves, whether its sender may show it, and the
refusals of all that. Does not own: whether what it hangs on still lives, and what its scope opens.
"""

from dataclasses import dataclass

import flask

from idp.context import RequestContext
from idp.kernel.errors import IdpError
from idp.kernel.jose import Claims
from idp.protocol import dpop, responses
from idp.protocol.errors import (
    InvalidDpopProof,
    InvalidRequest,
    InvalidToken,
    NoToken,
    ProtocolError,
    UseDpopNonce,
)
from idp.protocol.tokens import access
from idp.web import parameters

# Another request may be let in; what is not there, or asked for too often, is not about tokens.
_ASKS_FOR_MORE = (400, 401, 403)
SCHEMES = {"bearer": "Bearer", "dpop": "DPoP"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a request shows: a token under a scheme, and proofs for its own method and path."""

    scheme: str
    token: str | None
    proofs: tuple[str, ...]
    method: str
    path: str


@dataclass(frozen=True, slots=True)
class Presented:
    """What a token says whose sender may show it, and the nonce for the next proof, if due."""

    claims: Claims
    next_nonce: str | None = None


def shown() -> Shown:
    """Return what the request shows: in the header, or in a form body, never both (RFC 6750 §2).

    Raises:
        InvalidRequest: in two places, or sent twice.
    """
    request = flask.request
    header = request.headers.get("Authorization")
    form = parameters.form() if request.method == "POST" else parameters.Parameters()
    in_body = form.get("access_token")
    if "access_token" in form.refused or (header is not None and in_body is not None):
        raise InvalidRequest("The access token was sent more than once.")
    scheme, token = _of_header(header)
    return Shown(
        scheme=scheme or "Bearer",
        token=token if scheme else in_body,
        proofs=tuple(request.headers.getlist("DPoP")),
        method=request.method,
        path=request.path,
    )


def _of_header(header: str | None) -> tuple[str | None, str]:
    """Return scheme and token of an `Authorization` header; no scheme where it is none of ours."""
    name, _, token = (header or "").partition(" ")
    return SCHEMES.get(name.lower()), token.strip()


def check(ctx: RequestContext, shown: Shown) -> Presented:
    """Return what the token says, when we issued it for ourselves and its sender may show it.

    A token that is bound to a key takes a proof of that key, and is never taken as a bearer token:
    that would make the binding worth nothing (RFC 9449 §7.2).

    Raises:
        NoToken: none was shown.
        InvalidToken: not ours, expired, for another resource, or bound otherwise than it is shown.
        InvalidDpopProof: the proof that it takes is missing or worthless.
        UseDpopNonce: the proof has no nonce of ours.
    """
    if not shown.token:
        raise NoToken("no token")
    claims = access.read(ctx, shown.token)
    if claims is None:
        raise InvalidToken("unreadable or expired")
    if not access.is_for(claims, ctx.settings.issuer):
        raise InvalidToken("issued for another resource")
    jkt = access.jkt_of(claims)
    if (shown.scheme == "DPoP") is not (jkt is not None):
        raise InvalidToken(f"{shown.scheme}, bound to {jkt}")
    if jkt is None:
        return Presented(claims)
    binding = dpop.verify(
        ctx,
        shown.proofs,
        method=shown.method,
        path=shown.path,
        access_token=shown.token,
        jkt=jkt,
    )
    return Presented(claims, binding.next_nonce)


def answer(presented: Presented, value: object) -> flask.Response:
    """Return the answer to whoever was let in."""
    response = responses.any_origin(responses.json(value))
    responses.put_nonce(response, presented.next_nonce)
    return response


def refusal(error: IdpError) -> flask.Response:
    """Answer as RFC 6750 §3 and RFC 9449 §7.1 want it."""
    response = responses.any_origin(responses.error(error))
    if isinstance(error, InvalidDpopProof | UseDpopNonce):
        # At the token endpoint these are 400; a resource asks for a better request.
        response.status_code = 401
    if isinstance(error, ProtocolError) and response.status_code in _ASKS_FOR_MORE:
        scheme, _ = _of_header(flask.request.headers.get("Authorization"))
        responses.put_challenges(response, error, scheme or "Bearer")
    return response
