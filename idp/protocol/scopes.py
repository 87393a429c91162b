"""Scopes and the claims that they stand for (OIDC Core §5.4), and values fit to be sent (§5.1)."""

from collections.abc import Iterable, Mapping
from typing import Any

from idp.kernel.clock import epoch
from idp.store.users import User

CLAIMS_OF_SCOPE: Mapping[str, tuple[str, ...]] = {
    "openid": (),
    "profile": (
        "name",
        "family_name",
        "given_name",
        "middle_name",
        "nickname",
        "preferred_username",
        "profile",
        "picture",
        "website",
        "gender",
        "birthdate",
        "zoneinfo",
        "locale",
        "updated_at",
    ),
    "email": ("email", "email_verified"),
    "address": ("address",),
    "phone": ("phone_number", "phone_number_verified"),
    "offline_access": (),
}
SCOPES = tuple(CLAIMS_OF_SCOPE)
PROFILE_CLAIMS = frozenset(CLAIMS_OF_SCOPE["profile"]) - {"preferred_username", "updated_at"}
USER_CLAIMS = tuple(claim for claims in CLAIMS_OF_SCOPE.values() for claim in claims)


# What manages the provider itself; a client gets it for itself alone, never out of a user.
RESERVED = "idp:"


def split(scope: str | None) -> tuple[str, ...]:
    """Return the scope values of a parameter, each once, in their order (RFC 6749 §3.3)."""
    return tuple(dict.fromkeys((scope or "").split(" "))) if scope else ()


def known(wanted: Iterable[str], allowed: Iterable[str]) -> tuple[str, ...]:
    """Return those that the client may ask for; others are ignored (OIDC Core §3.1.2.1)."""
    open_to_client = {value for value in allowed if not value.startswith(RESERVED)}
    return tuple(value for value in wanted if value and value in open_to_client)


def claims_of(scope: Iterable[str]) -> tuple[str, ...]:
    """Return the claim names that the scopes ask for."""
    return tuple(claim for value in scope for claim in CLAIMS_OF_SCOPE.get(value, ()))


def user_claims(user: User, names: Iterable[str]) -> dict[str, Any]:
    """Return the named claims that the user has: no null, no empty text (OIDC Core §5.3.2)."""
    everything = _everything(user)
    return {name: everything[name] for name in names if name in everything}


def _everything(user: User) -> dict[str, Any]:
    claims: dict[str, Any] = {
        name: filled
        for name, value in user.profile.items()
        if (filled := _filled(value)) not in (None, "", {}, [])
    }
    claims["preferred_username"] = user.username
    claims["updated_at"] = epoch(user.updated_at)
    if user.email:
        claims |= {"email": user.email, "email_verified": user.email_verified}
    if user.phone_number:
        claims["phone_number"] = user.phone_number
        claims["phone_number_verified"] = user.phone_number_verified
    return claims


def _filled(value: Any) -> Any:
    """Return a claim without the empty members of an object such as `address` (§5.1.1)."""
    if not isinstance(value, dict):
        return value
    return {name: member for name, member in value.items() if member not in (None, "")}
