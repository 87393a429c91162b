"""The UserInfo endpoint (OIDC Core §5.3): claims about the user while the grant lives."""

import flask

from idp.context import RequestContext
from idp.kernel.errors import IdpError
from idp.kernel.jose import Claims
from idp.protocol import presented, responses, scopes
from idp.protocol.errors import InsufficientScope, InvalidToken
from idp.protocol.grants.still_enough import check_still_enough
from idp.protocol.tokens import access
from idp.store import grants
from idp.web.context import request_context

bp = flask.Blueprint("userinfo", __name__)


@bp.route("/userinfo", methods=["GET", "POST"])
def userinfo() -> flask.Response:
    """Answer with the claims that the access token's scopes and request allow."""
    ctx = request_context()
    token = presented.check(ctx, presented.shown())
    return presented.answer(token, claims_for(ctx, token.claims))


def claims_for(ctx: RequestContext, claims: Claims) -> dict[str, object]:
    """Return what a token's claims open.

    Raises:
        InvalidToken: its grant, session or user is no more.
        InsufficientScope: the token was not issued for `openid`.
        InsufficientUserAuthentication: its client by now asks for a better sign-in than it had.
    """
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
    """Say what it takes."""
    return presented.refusal(error)


@bp.route("/userinfo", methods=["OPTIONS"])
def preflight() -> flask.Response:
    """Let browser apps ask."""
    return responses.preflight("GET, POST")


@bp.errorhandler(Exception)
def crash(error: Exception) -> flask.Response:
    """Answer in JSON, whatever happened."""
    return responses.any_origin(responses.crash(error))
