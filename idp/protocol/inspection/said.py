"""What a token says by itself, before anybody asks what became of it.

Claims are taken with care here: those of a token whose key is gone can no longer be verified.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from idp.kernel.clock import from_epoch
from idp.kernel.jose import Claims
from idp.protocol.tokens import access


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One token in its own words; `faults` are reasons why it was never good, or is not by itself.

    `form` is `jwt` or `opaque` where there is a choice; `verified` that we made it.
    """

    kind: str
    form: str | None = None
    verified: bool = True
    faults: tuple[str, ...] = ()
    grant_id: str | None = None
    client_id: str | None = None
    user_id: str | None = None
    sid: str | None = None
    jti: str | None = None
    kid: str | None = None
    jkt: str | None = None
    scope: tuple[str, ...] = ()
    audience: tuple[str, ...] = ()
    generation: int | None = None
    issued_at: datetime | None = None
    expires_at: datetime | None = None


def of_access_token(claims: Claims, **known: Any) -> Said:
    """Return what an access token says (RFC 9068 §2.2)."""
    grant_id = access.grant_id_of(claims)
    bound = claims.get("cnf")
    return Said(
        kind="access_token",
        grant_id=grant_id,
        client_id=_text(claims, "client_id"),
        user_id=_text(claims, "sub") if grant_id else None,
        sid=_text(claims, "sid"),
        jti=_text(claims, "jti"),
        jkt=_text(bound, "jkt") if isinstance(bound, dict) else None,
        scope=tuple((_text(claims, "scope") or "").split()),
        audience=_texts(claims, "aud"),
        issued_at=_instant(claims, "iat") if grant_id else _made(claims),
        expires_at=_instant(claims, "exp"),
        **known,
    )


def of_id_token(claims: Claims, **known: Any) -> Said:
    """Return what an ID token says (OIDC Core §2)."""
    audience = _texts(claims, "aud")
    return Said(
        kind="id_token",
        client_id=audience[0] if audience else None,
        user_id=_text(claims, "sub"),
        sid=_text(claims, "sid"),
        audience=audience,
        issued_at=_instant(claims, "iat"),
        expires_at=_instant(claims, "exp"),
        **known,
    )


def of_introspection(claims: Claims, **known: Any) -> Said:
    """Return what a signed introspection answer says (RFC 9701 §5): it is nobody's token."""
    audience = _texts(claims, "aud")
    return Said(
        kind="introspection_response",
        client_id=audience[0] if audience else None,
        audience=audience,
        issued_at=_instant(claims, "iat"),
        **known,
    )


def _made(claims: Claims) -> datetime | None:
    """Return when a client's own token was made, to the microsecond."""
    try:
        return access.issued_at(claims)
    except (ValueError, OverflowError, TypeError, KeyError):
        return None


def _text(claims: Claims, name: str) -> str | None:
    value = claims.get(name)
    return value if isinstance(value, str) and value.isprintable() else None


def _texts(claims: Claims, name: str) -> tuple[str, ...]:
    value = claims.get(name)
    values = value if isinstance(value, list) else [value]
    return tuple(each for each in values if isinstance(each, str) and each.isprintable())


def _instant(claims: Claims, name: str) -> datetime | None:
    value = claims.get(name)
    try:
        return from_epoch(value) if isinstance(value, int) else None
    except (ValueError, OverflowError, OSError):
        return None
