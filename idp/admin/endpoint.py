"""Take tokens back over HTTP: `POST /admin/revocations`, and for one user in the general form.

The general form is Global Token Revocation (draft-parecki-oauth-global-token-revocation-06 §3).
"""

import flask

from idp.admin import body, revocation, subjects
from idp.admin.caller import TooMany, admitted
from idp.admin.ended import LISTED, Ended
from idp.admin.selection import OrderRefused, order_of
from idp.context import RequestContext
from idp.kernel.errors import IdpError
from idp.protocol import presented, responses
from idp.protocol.errors import InvalidRequest
from idp.protocol.presented import Presented
from idp.web.context import request_context

_FAILED = 500
bp = flask.Blueprint("admin", __name__)


@bp.post("/admin/revocations")
def revocations() -> flask.Response:
    """Take back what is selected; answer with what that was."""
    ctx, token = _admitted()
    order = order_of(_body(), ctx.now)
    return _answer(token, responses.json(_shown(revocation.revoke(ctx, order))))


@bp.post("/global-token-revocation")
def global_token_revocation() -> flask.Response:
    """End everything of a user (§3.3), and say nothing but that it is done (§3.4.1)."""
    ctx, token = _admitted()
    said = _body()
    if set(said) != {"sub_id"}:
        raise InvalidRequest("The body has the one member sub_id.")
    user, named = subjects.require_subject(ctx, said["sub_id"])
    revocation.revoke_user(ctx, user, named=named)
    return _answer(token, flask.Response(status=204))


def _admitted() -> tuple[RequestContext, Presented]:
    ctx = request_context()
    token = presented.check(ctx, presented.shown())
    return admitted(ctx, token.claims), token


def _body() -> dict[str, object]:
    return body.read(flask.request.get_data(), flask.request.mimetype)


def _answer(token: Presented, response: flask.Response) -> flask.Response:
    responses.put_nonce(response, token.next_nonce)
    return response


def _shown(ended: Ended) -> dict[str, object]:
    return {"found": ended.found, **ended.counts, "ids": ended.ids, "ids_listed": LISTED}


@bp.errorhandler(IdpError)
def refuse(error: IdpError) -> flask.Response:
    """Say what it takes, and all that is wrong with a body."""
    response = presented.refusal(error)
    if isinstance(error, OrderRefused):
        said = {"error": error.code, "error_description": error.public, "faults": error.faults}
        return responses.json(said, error.status)
    if isinstance(error, TooMany):
        response.headers["Retry-After"] = str(int(error.wait.total_seconds()))
    return response


@bp.errorhandler(Exception)
def crash(error: Exception) -> flask.Response:
    """Answer in JSON, whatever happened."""
    response = responses.crash(error)
    if response.status_code < _FAILED:
        return response
    said = "Something went wrong on our side; what was ended stays ended. Ask again."
    return responses.json({"error": "server_error", "error_description": said}, _FAILED)
