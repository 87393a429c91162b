"""Whether a grant's sign-in is good enough for what its client asks for by now (RFC 9470).

For every endpoint of ours that takes an access token. It costs no statement: the grant says how
and when its user signed in, and the client is known from its copy, two seconds old at most.
"""

from datetime import datetime, timedelta

from idp.context import RequestContext
from idp.policy.acr import satisfies
from idp.protocol.clients import registry
from idp.protocol.clients.metadata import ClientMetadata
from idp.protocol.errors import InsufficientUserAuthentication, InvalidToken
from idp.store.grants import Grant


def check_still_enough(ctx: RequestContext, grant: Grant) -> None:
    """Let a live grant pass whose sign-in is good enough.

    Raises:
        InsufficientUserAuthentication: says all that a better one takes, so that one will do.
        InvalidToken: the client was deleted a moment ago.
    """
    client = registry.find(ctx, grant.client_id)
    if client is None:
        raise InvalidToken("the client is no more")
    check_grant(grant, client.metadata, ctx.now, ctx.settings.access_token_lifetime)


def check_grant(
    grant: Grant, client: ClientMetadata, now: datetime, token_lifetime: timedelta
) -> None:
    """Compare a grant with its client's `require_acr` and `default_max_age`.

    A `max_age` of the request's own stands instead of the default (OIDC Registration §2). A token
    is good for its lifetime after the sign-in in any case: who asks for a sign-in each time does
    not ask for one each second.

    Raises:
        InsufficientUserAuthentication: the level is too low, or the sign-in too long ago.
    """
    limit = _age_limit(grant, client)
    too_low = client.require_acr is not None and not satisfies(grant.acr, client.require_acr)
    too_old = limit is not None and now - grant.auth_time > max(limit, token_lifetime)
    if too_low or too_old:
        seconds = int(limit.total_seconds()) if limit is not None else None
        raise InsufficientUserAuthentication(acr=client.require_acr, max_age=seconds)


def _age_limit(grant: Grant, client: ClientMetadata) -> timedelta | None:
    if client.default_max_age is None:
        return None
    return timedelta(seconds=grant.claims.get("max_age", client.default_max_age))
