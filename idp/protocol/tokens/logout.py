"""Logout tokens (OIDC Back-Channel Logout §2.4)."""

from datetime import timedelta

from idp.context import RequestContext
from idp.kernel.clock import epoch
from idp.kernel.jose import Claims
from idp.protocol.keys.keyring import Keyring

TYP = "logout+jwt"
EVENT = "http://schemas.openid.net/event/backchannel-logout"
# Long enough for a delivery and for clocks that differ; what was stolen is of no use.
LIFETIME = timedelta(minutes=2)


def issue(
    ctx: RequestContext,
    ring: Keyring,
    *,
    client_id: str,
    subject: str,
    sid: str,
    jti: str,
    algorithm: str,
) -> str:
    """Return a logout token, signed as the client's ID tokens are; never with a `nonce`."""
    claims: Claims = {
        "iss": ctx.settings.issuer,
        "sub": subject,
        "aud": client_id,
        "iat": epoch(ctx.now),
        "exp": epoch(ctx.now + LIFETIME),
        "jti": jti,
        "sid": sid,
        "events": {EVENT: {}},
    }
    return ring.signer(algorithm).sign(claims, TYP)
