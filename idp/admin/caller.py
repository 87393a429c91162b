"""Who may take things back: a client of the operators, by a token that it got for itself.

No user can hand this on: a token that hangs on a grant is refused whatever its scope says, and
`/authorize` gives no such scope away.
"""

from dataclasses import replace
from datetime import timedelta

from idp.context import RequestContext
from idp.kernel.clock import epoch
from idp.kernel.jose import Claims
from idp.kernel.secrets import MasterKey
from idp.protocol.clients import registry
from idp.protocol.errors import InsufficientScope, InvalidToken, ProtocolError
from idp.protocol.tokens import access
from idp.store import clients, throttles

SCOPE = "idp:tokens.revoke"
_WINDOW = timedelta(minutes=1)


class TooMany(ProtocolError):
    """A client asks too often (RFC 6585 §4); `wait` says until when."""

    code = "temporarily_unavailable"
    public = "That was asked for too often; try again later."
    status = 429

    def __init__(self, wait: timedelta) -> None:
        super().__init__(f"wait {wait}")
        self.wait = wait


def admitted(ctx: RequestContext, claims: Claims) -> RequestContext:
    """Return the context in which the bearer of a token acts, by its client's name.

    Raises:
        InsufficientScope: it is a user's, or has not the scope, or its client has it no more.
        InvalidToken: revoked, or its client is disabled or gone.
        TooMany: the client asks too often.
    """
    if access.grant_id_of(claims) is not None or SCOPE not in str(claims.get("scope")).split():
        raise InsufficientScope(SCOPE)
    client_id = str(claims["client_id"])
    if not clients.stands(ctx.db, client_id, str(claims["jti"]), access.issued_at(claims)):
        raise InvalidToken("revoked, or the client is disabled or gone")
    # Whom an operator took the scope from is out at once, not when the last token expires (I3).
    client = registry.find_newest(ctx, client_id)
    if client is None or SCOPE not in client.metadata.scope:
        raise InsufficientScope(SCOPE)
    _count(ctx, client_id)
    return replace(ctx, actor=f"client:{client_id}")


def _count(ctx: RequestContext, client_id: str) -> None:
    """Count a request, whatever becomes of it: minute by minute."""
    seconds = int(_WINDOW.total_seconds())
    number = epoch(ctx.now) // seconds
    wait = timedelta(seconds=(number + 1) * seconds - epoch(ctx.now))
    named = f"{client_id}\0{number}".encode(errors="surrogatepass")
    key = ctx.house.get(MasterKey).mac("revocations", named)
    over = ctx.now + wait
    most = ctx.settings.revocations_per_minute
    counted = throttles.admit(ctx.db, key, now=ctx.now, waits=[(most, over)], forgotten_at=over)
    ctx.db.commit()
    if not counted:
        raise TooMany(wait)
