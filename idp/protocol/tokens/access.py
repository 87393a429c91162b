"""Access tokens: JWTs by RFC 9068, short-lived, not stored.

`jti` begins with the grant's id, by which our own endpoints ask whether the grant still lives.
"""

from dataclasses import dataclass
from datetime import timedelta

from idp.context import RequestContext
from idp.kernel.clock import epoch
from idp.kernel.jose import Claims
from idp.kernel.secrets import new_id
from idp.protocol.keys.keyring import Keyring
from idp.protocol.tokens import ours

ALGORITHM = "ES256"
TYP = "at+jwt"


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A signed access token and what its answer says about it."""

    token: str
    jti: str
    expires_in: timedelta


def issue(
    ctx: RequestContext,
    ring: Keyring,
    *,
    client_id: str,
    scope: tuple[str, ...],
    subject: str,
    grant_id: str = "",
    extra: Claims | None = None,
) -> AccessToken:
    """Return an access token for our own endpoints (RFC 9068 §2.2)."""
    lifetime = ctx.settings.access_token_lifetime
    jti = f"{grant_id}.{new_id()}" if grant_id else new_id()
    claims: Claims = {
        "iss": ctx.settings.issuer,
        "aud": ctx.settings.issuer,
        "sub": subject,
        "client_id": client_id,
        "iat": epoch(ctx.now),
        "exp": epoch(ctx.now + lifetime),
        "jti": jti,
        "scope": " ".join(scope),
        **(extra or {}),
    }
    return AccessToken(ring.signer(ALGORITHM).sign(claims, TYP), jti, lifetime)


def read(ctx: RequestContext, token: str) -> Claims | None:
    """Return the claims of an access token of ours that has not expired.

    Whether its grant still lives is another question, and the database's.
    """
    claims = ours.read(ctx, token, TYP)
    expires = claims.get("exp") if claims is not None else None
    return claims if isinstance(expires, int) and expires > epoch(ctx.now) else None


def grant_id_of(claims: Claims) -> str | None:
    """Return the grant that the token hangs on; None for a client's own token."""
    grant_id, separator, _ = str(claims.get("jti", "")).partition(".")
    return grant_id if separator else None
