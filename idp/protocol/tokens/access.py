"""Access tokens, short-lived and not stored: JWTs by RFC 9068, or the same claims sealed.

`jti` begins with the grant's id, by which our own endpoints ask whether the grant still lives. A
client's own token hangs on no grant; its `jti` says to the microsecond when it was made.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from idp.context import RequestContext
from idp.kernel.clock import epoch
from idp.kernel.encoding import b64url, json_bytes, unb64url
from idp.kernel.jose import Claims
from idp.kernel.secrets import MasterKey, new_id
from idp.protocol.keys.keyring import Keyring
from idp.protocol.tokens import ours

TYP = "at+jwt"
OPAQUE_PREFIX = "idp_at_"
_SEALED_AS = "access_token"
_MICROSECOND = timedelta(microseconds=1)
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A signed access token and what its answer says about it."""

    token: str
    jti: str
    expires_in: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What a client's access tokens look like, and how long they live."""

    opaque: bool
    algorithm: str
    lifetime: timedelta


def issue(
    ctx: RequestContext,
    ring: Keyring,
    shape: Shape,
    *,
    client_id: str,
    scope: tuple[str, ...],
    audience: tuple[str, ...],
    subject: str,
    grant_id: str = "",
    jkt: str | None = None,
    extra: Claims | None = None,
) -> AccessToken:
    """Return an access token (RFC 9068 §2.2); `audience` empty: for our own endpoints.

    With `jkt` it is good only together with a proof of that key (RFC 9449 §6.1).
    """
    jti = f"{grant_id}.{new_id()}" if grant_id else _own_jti(ctx.now)
    claims: Claims = {
        "iss": ctx.settings.issuer,
        "aud": _audience(audience or (ctx.settings.issuer,)),
        "sub": subject,
        "client_id": client_id,
        "iat": epoch(ctx.now),
        "exp": epoch(ctx.now + shape.lifetime),
        "jti": jti,
        "scope": " ".join(scope),
        **(extra or {}),
    }
    if jkt is not None:
        claims["cnf"] = {"jkt": jkt}
    if shape.opaque:
        sealed = ctx.house.get(MasterKey).seal(json_bytes(claims), _SEALED_AS)
        token = OPAQUE_PREFIX + b64url(sealed)
    else:
        token = ring.signer(shape.algorithm).sign(claims, TYP)
    return AccessToken(token, jti, shape.lifetime)


def read(ctx: RequestContext, token: str) -> Claims | None:
    """Return the claims of an access token of ours that has not expired, whoever it is for.

    Whether what it hangs on still lives is another question, and the database's.
    """
    claims = read_expired(ctx, token)
    expires = claims.get("exp") if claims is not None else None
    return claims if isinstance(expires, int) and expires > epoch(ctx.now) else None


def read_expired(ctx: RequestContext, token: str) -> Claims | None:
    """Return the claims of an access token of ours, expired or not."""
    if token.startswith(OPAQUE_PREFIX):
        return _opened(ctx, token)
    return ours.read(ctx, token, TYP)


def is_for(claims: Claims, audience: str) -> bool:
    """Tell whether a token was issued for this audience (RFC 9068 §4)."""
    said = claims.get("aud")
    return audience in said if isinstance(said, list) else audience == said


def jkt_of(claims: Claims) -> str | None:
    """Return the key that the token is bound to (RFC 9449 §6.1); None for a bearer token."""
    bound = claims.get("cnf")
    return str(bound["jkt"]) if bound is not None else None


def grant_id_of(claims: Claims) -> str | None:
    """Return the grant that the token hangs on; None for a client's own token."""
    grant_id, separator, _ = str(claims.get("jti", "")).partition(".")
    return grant_id if separator else None


def issued_at(claims: Claims) -> datetime:
    """Return when a client's own token was made; `iat` is too coarse to tell before from after."""
    _, separator, made = str(claims.get("jti", "")).rpartition("-")
    if separator and made.isascii() and made.isdigit():
        return _EPOCH + int(made) * _MICROSECOND
    return _EPOCH + timedelta(seconds=int(claims["iat"]))


def _own_jti(now: datetime) -> str:
    return f"{new_id()}-{(now - _EPOCH) // _MICROSECOND}"


def _audience(audience: tuple[str, ...]) -> str | list[str]:
    return audience[0] if len(audience) == 1 else list(audience)


def _opened(ctx: RequestContext, token: str) -> Claims | None:
    if len(token) > ours.MAX_LENGTH:
        return None
    try:
        sealed = unb64url(token.removeprefix(OPAQUE_PREFIX))
        claims: Claims = json.loads(ctx.house.get(MasterKey).open(sealed, _SEALED_AS))
    except ValueError:
        return None
    return claims
