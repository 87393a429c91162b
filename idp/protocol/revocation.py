"""POST /revoke (RFC 7009): a client gives back what it was given, and it is void at once (I3).

A code or refresh token of whatever generation takes its whole grant with it; an access token goes
alone (§2.1). Whoever is known here by a copy that is seconds old can do no harm: it may only take
away what it has in its hands, and what a disabled client had is void already.
"""

import flask

from idp.audit import note, record
from idp.audit.events import GrantEnded
from idp.audit.token_events import AccessTokenRevoked
from idp.context import RequestContext
from idp.kernel.clock import epoch, from_epoch
from idp.protocol import responses
from idp.protocol.clients import asking
from idp.protocol.clients.metadata import Client
from idp.protocol.grants import service as grants
from idp.protocol.tokens.recognised import Kind, Recognised, recognise
from idp.store import given_back, revoked_tokens
from idp.store import grants as grant_rows
from idp.web.context import request_context

REASON = "client_revoked"
bp = flask.Blueprint("revocation", __name__)
asking.refuse_in_json(bp, responses.any_origin)


@bp.post("/revoke")
def revoke() -> flask.Response:
    """Answer alike for what is void now, was void before, or was never ours (§2.2)."""
    ctx = request_context()
    asked = asking.read(ctx)
    take_back(ctx, asked.client, asked.need("token"))
    return responses.any_origin(responses.json({}))


@bp.route("/revoke", methods=["OPTIONS"])
def preflight() -> flask.Response:
    """Let browser apps ask."""
    return responses.preflight("POST")


def take_back(ctx: RequestContext, client: Client, token: str) -> None:
    """Leave nothing that the token was good for.

    Raises:
        InvalidGrant: it was issued to another client, alive or not (§2.1); nothing happens to it.
    """
    found = recognise(ctx, token)
    if found is None:
        return
    if found.claims:
        _end_token(ctx, client.client_id, found)
    elif found.grant_id is not None:
        # A used code stands in logs and histories for good: without a secret beside it, whoever
        # finds one there would end what its owner has long been using.
        in_use = found.kind is Kind.REFRESH or not client.public
        _end_grant(ctx, client.client_id, found.grant_id, in_use=in_use)


def _end_grant(ctx: RequestContext, client_id: str, grant_id: str, *, in_use: bool) -> None:
    told = note(ctx, GrantEnded, grant_id=grant_id, reason=REASON)
    if given_back.end(ctx.db, grant_id, client_id, REASON, told, in_use=in_use):
        return
    grant = grant_rows.find(ctx.db, grant_id)
    if grant is not None and grant.client_id != client_id:
        raise grants.refused(ctx, client_id, grant_id, "other_client")


def _end_token(ctx: RequestContext, client_id: str, found: Recognised) -> None:
    claims = found.claims
    if claims["client_id"] != client_id:
        raise grants.refused(ctx, client_id, found.grant_id, "other_client")
    jti, expires = str(claims["jti"]), int(claims["exp"])
    if expires > epoch(ctx.now) and revoked_tokens.add(ctx.db, jti, from_epoch(expires)):
        record(ctx, AccessTokenRevoked(client_id=client_id, jti=jti, reason=REASON))
