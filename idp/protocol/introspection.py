"""POST /introspect (RFC 7662): a resource server asks whether a token is good, and for what.

It is told about tokens for an API that it is (`audiences`) and about its own. Of everything else,
foreign, over or never ours, it learns one word, and takes one statement to learn it (§4).
"""

from typing import Any

import flask
from werkzeug.datastructures import MIMEAccept

from idp.context import RequestContext
from idp.kernel.clock import epoch
from idp.kernel.jose import Claims
from idp.policy.acr import satisfies
from idp.protocol import responses
from idp.protocol.clients import asking
from idp.protocol.clients.metadata import Client
from idp.protocol.clients.registry import StaleClient
from idp.protocol.errors import InvalidClient
from idp.protocol.keys import service as keys
from idp.protocol.tokens import access
from idp.protocol.tokens.recognised import Kind, Recognised, recognise
from idp.store import introspections
from idp.store.introspections import Caller, CallerChanged
from idp.web.context import request_context

Told = dict[str, Any]
INACTIVE: Told = {"active": False}
JWT = "application/token-introspection+jwt"
TYP = "token-introspection+jwt"
_CLAIMS = (
    "scope",
    "client_id",
    "sub",
    "aud",
    "iss",
    "exp",
    "iat",
    "jti",
    "cnf",
    "acr",
    "auth_time",
    "amr",
    "sid",
)

bp = flask.Blueprint("introspection", __name__)
asking.refuse_in_json(bp)


@bp.post("/introspect")
def introspect() -> flask.Response:
    """Answer in JSON, or signed for who has to show it to others (RFC 9701)."""
    ctx = request_context()
    signed = wants_jwt(flask.request.accept_mimetypes)
    try:
        asked = _asked(ctx)
        told = look(ctx, asked.client, asked.need("token"))
    except StaleClient:
        asked = _asked(ctx, newest=True)
        told = look(ctx, asked.client, asked.need("token"))
    return _as_jwt(ctx, asked.client, told) if signed else responses.json(told)


def wants_jwt(accept: MIMEAccept) -> bool:
    """Tell whether the signed answer is asked for by its name, and liked no less than the other."""
    liked = {name.lower(): quality for name, quality in accept}
    return liked.get(JWT, 0) > 0 and liked[JWT] >= liked.get("application/json", 0)


def _asked(ctx: RequestContext, *, newest: bool = False) -> asking.Asking:
    asked = asking.read(ctx, newest=newest)
    if asked.client.public:
        # Anybody could be it, and try tokens out (RFC 7662 §2.1, §4).
        raise InvalidClient("introspection needs a client secret")
    return asked


def look(ctx: RequestContext, client: Client, token: str) -> Told:
    """Return what the client may know about a token (§2.2).

    Raises:
        StaleClient: the client was changed since it was authenticated.
        Unavailable: without a database nothing is called active, nor inactive (I12).
    """
    found = recognise(ctx, token)
    caller = Caller(client.client_id, client.version)
    try:
        if found is not None and found.kind is Kind.REFRESH:
            return _refresh_token(ctx, client, caller, found)
        if found is not None and found.kind is Kind.ACCESS and _may_see(ctx, client, found.claims):
            return _access_token(ctx, caller, found)
        introspections.find_grant(ctx.db, caller, "", "", ctx.now)
    except CallerChanged as error:
        raise StaleClient from error
    return INACTIVE


def _may_see(ctx: RequestContext, client: Client, claims: Claims) -> bool:
    if claims["exp"] <= epoch(ctx.now):
        return False
    return claims["client_id"] == client.client_id or any(
        access.is_for(claims, audience) for audience in client.metadata.audiences
    )


def _access_token(ctx: RequestContext, caller: Caller, found: Recognised) -> Told:
    claims = found.claims
    told = {
        "active": True,
        "token_type": "DPoP" if "cnf" in claims else "Bearer",
        **{name: claims[name] for name in _CLAIMS if name in claims},
    }
    if found.grant_id is None:
        client_id, made = claims["client_id"], access.issued_at(claims)
        stands = introspections.own_stands(ctx.db, caller, client_id, claims["jti"], made)
        return told if stands else INACTIVE
    seen = introspections.find_grant(ctx.db, caller, found.grant_id, claims["jti"], ctx.now)
    if seen is None:
        return INACTIVE
    # What people are called is a claim of the scope `profile` (OIDC Core §5.4).
    named = {"username": seen[1]} if "profile" in claims["scope"].split() else {}
    return told | named


def _refresh_token(ctx: RequestContext, client: Client, caller: Caller, found: Recognised) -> Told:
    """Return what a refresh token is good for: the current one, to its own client.

    The one before may be shown again after a lost answer, but by then it is no more than that.
    """
    seen = introspections.find_grant(ctx.db, caller, found.grant_id or "", "", ctx.now)
    if seen is None:
        return INACTIVE
    grant, _ = seen
    current = found.generation == grant.generation and grant.idle_until > ctx.now
    floor = client.metadata.require_acr
    enough = floor is None or satisfies(grant.acr, floor)
    if grant.client_id != client.client_id or not (current and enough):
        return INACTIVE
    issuer = ctx.settings.issuer
    told: Told = {
        "active": True,
        "scope": " ".join(grant.scope),
        "client_id": grant.client_id,
        "sub": grant.user_id,
        # Nobody but us takes it, so that no API takes it for an access token.
        "aud": issuer,
        "iss": issuer,
        "exp": epoch(grant.idle_until),
        "iat": epoch(grant.refreshed_at or grant.opened_at),
        "sid": grant.sid,
    }
    return told | ({"cnf": {"jkt": grant.dpop_jkt}} if grant.dpop_jkt is not None else {})


def _as_jwt(ctx: RequestContext, client: Client, told: Told) -> flask.Response:
    """Return the answer as a JWT that can be used nowhere as a token (RFC 9701 §5, §8.1)."""
    claims: Claims = {
        "iss": ctx.settings.issuer,
        "aud": client.client_id,
        "iat": epoch(ctx.now),
        "token_introspection": told,
    }
    signer = keys.keyring(ctx).signer(client.metadata.introspection_signed_response_alg)
    response = flask.Response(signer.sign(claims, TYP), content_type=JWT)
    response.headers["Cache-Control"] = "no-store"
    return response
