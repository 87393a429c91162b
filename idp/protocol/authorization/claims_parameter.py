"""The `claims` parameter (OIDC Core §5.5): which claims, where, and what they must be."""

import json
from dataclasses import dataclass
from typing import Any

from idp.protocol import scopes
from idp.protocol.errors import InvalidRequest

MAX_VALUES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimsRequest:
    """What we understand of the parameter; what we do not understand is ignored (§5.5).

    An essential acr whose values we cannot read is no less essential (§5.5.1.1).
    """

    userinfo: tuple[str, ...] = ()
    id_token: tuple[str, ...] = ()
    subject: str | None = None
    acr_values: tuple[str, ...] = ()
    acr_essential: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Every user claim that is asked for by name."""
        return tuple(dict.fromkeys([*self.userinfo, *self.id_token]))


def parse(text: str | None) -> ClaimsRequest:
    """Read the parameter.

    Raises:
        InvalidRequest: it is not JSON, or not of the form of §5.5.
    """
    if text is None:
        return ClaimsRequest()
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidRequest("claims is not JSON.") from error
    if not isinstance(value, dict):
        raise InvalidRequest("claims is not a JSON object.")
    userinfo, id_token = _members(value, "userinfo"), _members(value, "id_token")
    acr = id_token.get("acr") or {}
    wanted = _values(acr)
    return ClaimsRequest(
        userinfo=tuple(name for name in scopes.USER_CLAIMS if name in userinfo),
        id_token=tuple(name for name in scopes.USER_CLAIMS if name in id_token),
        subject=_subject(id_token, userinfo),
        acr_values=wanted,
        acr_essential=acr.get("essential") is True and bool(acr.get("values") or acr.get("value")),
    )


def _members(value: dict[str, Any], place: str) -> dict[str, dict[str, Any] | None]:
    members = value.get(place)
    if members is None:
        return {}
    if not isinstance(members, dict) or not all(
        member is None or isinstance(member, dict) for member in members.values()
    ):
        raise InvalidRequest("claims has a member of the wrong type.")
    return members


def _values(member: dict[str, Any]) -> tuple[str, ...]:
    listed = member.get("values")
    values = [member.get("value"), *(listed[:MAX_VALUES] if isinstance(listed, list) else [])]
    return tuple(v for v in values if isinstance(v, str) and v.isascii() and v.isprintable())


def _subject(*places: dict[str, dict[str, Any] | None]) -> str | None:
    for members in places:
        member = members.get("sub")
        if member is not None and "value" in member:
            value = member["value"]
            # What cannot be one of our subjects must match none of them, not be ignored.
            return value if isinstance(value, str) and value.isascii() else ""
    return None
