"""The UserInfo endpoint (OIDC Core §5.3): claims about the user while the grant lives."""

import flask

from idp.context import RequestContext
from idp.kernel.errors import IdpError
from idp.protocol import responses, scopes
from idp.protocol.errors import InsufficientScope, InvalidRequest, InvalidToken, ProtocolError
from idp.protocol.grants.still_enough import check_still_enough
from idp.protocol.tokens import access
from idp.store import grants
from idp.web import parameters
from idp.web.context import request_context

bp = flask.Blueprint("userinfo", __name__)


@bp.route("/userinfo", methods=["GET", "POST"])
def userinfo() -> flask.Response:
    """Answer with the claims that the access token's scopes and request allow."""
    return responses.any_origin(responses.json(claims_for(request_context(), presented_token())))


def presented_token() -> str | None:
    """Return the access token: from the header, or from a form body, never both (RFC 6750 §2).

    Raises:
        InvalidRequest: in two places, or sent twice.
    """
    header = flask.request.headers.get("Authorization")
    form = parameters.form() if flask.request.method == "POST" else parameters.Parameters()
    in_body = form.get("access_token")
    if "access_token" in form.refused or (header is not None and in_body is not None):
        raise InvalidRequest("The access token was sent more than once.")
    if header is None:
        return in_body
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def claims_for(ctx: RequestContext, token: str | None) -> dict[str, object]:
    """Return the claims.

    Raises:
        InvalidToken: none, not ours, expired, or its grant, session or user is no more.
        InsufficientScope: the token was not issued for `openid`.
        InsufficientUserAuthentication: its client by now asks for a better sign-in than it had.
    """
    claims = access.read(ctx, token) if token else None
    if claims is None:
        raise InvalidToken("no token" if not token else "unreadable or expired")
    if not access.is_for(claims, ctx.settings.issuer):
        raise InvalidToken("issued for another resource")
    grant_id = access.grant_id_of(claims)
    # The token's scope, which may be narrower than its grant's (RFC 6749 §6).
    scope = str(claims.get("scope")).split()
    if grant_id is None or "openid" not in scope:
        raise InsufficientScope
    found = grants.find_live(ctx.db, grant_id, str(claims["jti"]), ctx.now)
    if found is None:
        raise InvalidToken("the grant, session or user is no more")
    grant, user = found
    check_still_enough(ctx, grant)
    asked = [n for n in grant.claims.get("userinfo", ()) if n in scopes.USER_CLAIMS]
    names = dict.fromkeys([*scopes.claims_of(scope), *asked])
    return {"sub": user.id, **scopes.user_claims(user, names)}


@bp.errorhandler(IdpError)
def refuse(error: IdpError) -> flask.Response:
    """Answer as RFC 6750 §3 wants it."""
    response = responses.any_origin(responses.error(error))
    # A browser app has to see what it takes (Fetch, CORS protocol).
    response.headers["Access-Control-Expose-Headers"] = "WWW-Authenticate"
    if isinstance(error, InvalidToken) and error.detail == "no token":
        # §3.1: who showed nothing is told only which scheme to use.
        response.headers["WWW-Authenticate"] = "Bearer"
    elif isinstance(error, ProtocolError):
        response.headers["WWW-Authenticate"] = responses.bearer(error)
    return response


@bp.route("/userinfo", methods=["OPTIONS"])
def preflight() -> flask.Response:
    """Let browser apps ask."""
    return responses.preflight("GET, POST")


@bp.errorhandler(Exception)
def crash(error: Exception) -> flask.Response:
    """Answer in JSON, whatever happened."""
    return responses.any_origin(responses.crash(error))
