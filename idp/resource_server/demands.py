"""What one act of an API takes, beyond a valid token."""

import re
from datetime import timedelta

from idp.policy.acr import LEVELS, satisfies
from idp.resource_server.access_tokens import AccessClaims
from idp.resource_server.challenge import Challenge

_SCOPE = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]+( [\x21\x23-\x5B\x5D-\x7E]+)*\Z")


def require(
    claims: AccessClaims,
    *,
    acr: str | None = None,
    max_age: timedelta | None = None,
    scope: str | None = None,
) -> None:
    """Let a token pass whose user signed in surely and lately enough, and that has the scopes.

    A level includes those below it: who asks for `mfa` takes `phr`. A challenge names all that the
    sign-in takes, met or not, so that one sign-in meets it. A client's own token has no sign-in
    behind it and meets none.

    Args:
        claims: what `AccessTokens.read` returned.
        acr: the least level: `sfa`, `mfa`, `phr` or `phrh`.
        max_age: how long ago the user may have proved to be there.
        scope: one scope or several, with spaces between them; all are needed.

    Raises:
        Challenge: `insufficient_scope` or `insufficient_user_authentication`.
        ValueError: the demand itself makes no sense.
    """
    _check(acr, max_age, scope)
    schemes = ("Bearer",) if claims.jkt is None else ("DPoP",)
    if scope is not None and not set(scope.split()) <= claims.scope:
        has = f"has {sorted(claims.scope)}"
        raise Challenge("insufficient_scope", has, scope=scope, schemes=schemes)
    too_low = acr is not None and not satisfies(claims.acr or "", acr)
    if too_low or (max_age is not None and _older(claims, max_age)):
        raise Challenge(
            "insufficient_user_authentication",
            f"acr {claims.acr}, auth_time {claims.auth_time}",
            acr_values=() if acr is None else (acr,),
            max_age=None if max_age is None else int(max_age.total_seconds()),
            schemes=schemes,
        )


def _older(claims: AccessClaims, max_age: timedelta) -> bool:
    return claims.auth_time is None or claims.read_at - claims.auth_time > max_age


def _check(acr: str | None, max_age: timedelta | None, scope: str | None) -> None:
    if acr is not None and acr not in LEVELS:
        raise ValueError(f"acr: one of {', '.join(LEVELS)}")
    if max_age is not None and max_age < timedelta(0):
        raise ValueError("max_age: not negative")
    if scope is not None and not _SCOPE.match(scope):
        raise ValueError("scope: scope tokens with a space between them (RFC 6749 §3.3)")
