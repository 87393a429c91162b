"""Which standard claims an operator may set, and what form their values have (OIDC Core §5.1)."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from idp.protocol.scopes import PROFILE_CLAIMS

MAXIMUM = 1000
ADDRESS_FIELDS = (
    "formatted",
    "street_address",
    "locality",
    "region",
    "postal_code",
    "country",
)
_ELSEWHERE = {
    "sub": "is made by the provider",
    "preferred_username": "is the user name",
    "updated_at": "is written by the provider",
    "email": "has its own option, --email",
    "email_verified": "has its own option, --email-verified",
    "phone_number": "has its own option, --phone",
    "phone_number_verified": "has its own option, --phone-verified",
    "address": "is set by its parts: address.street_address, address.locality and so on",
}
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*\Z")
_BIRTHDATE = re.compile(r"\d{4}(-\d{2}-\d{2})?\Z")
_PHONE = re.compile(r"\+[1-9][0-9 ().-]{5,24}(;ext=[0-9]{1,8})?\Z")


def fault_of_claim(name: str, value: str) -> str | None:
    """Return why a claim cannot have this value; an empty one takes it away."""
    if name in _ELSEWHERE:
        return f"{name} {_ELSEWHERE[name]}"
    if name.startswith("address."):
        if name.removeprefix("address.") not in ADDRESS_FIELDS:
            return f"{name} is none of address.{', address.'.join(ADDRESS_FIELDS)}"
    elif name not in PROFILE_CLAIMS:
        return f"{name!r} is no standard claim: {', '.join(sorted(PROFILE_CLAIMS))}, address.*"
    if len(value) > MAXIMUM:
        return f"{name} is longer than {MAXIMUM} characters"
    if _has_control(value, but="\n" if name.startswith("address.") else ""):
        return f"{name} has control characters"
    form = _FORMS.get(name)
    return f"{name} {form[1]}" if form and value and not form[0](value) else None


def fault_of_phone(number: str) -> str | None:
    """Return why something is no telephone number in the form that clients expect (E.164)."""
    good = _PHONE.match(number)
    return None if good else "the telephone number has no form like +49 30 1234567"


def merged(profile: Mapping[str, Any], claims: Mapping[str, str]) -> dict[str, Any]:
    """Return a profile with these claims set; an empty value takes a claim away."""
    result = dict(profile)
    address = dict(result.pop("address", {}))
    for name, value in claims.items():
        part = name.removeprefix("address.")
        target = result if part == name else address
        target.pop(part, None)
        if value:
            target[part] = value
    return {**result, "address": address} if address else result


def _has_control(value: str, but: str = "") -> bool:
    return any(not c.isprintable() and c not in but for c in value)


def _is_web_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and " " not in value


def _is_birthdate(value: str) -> bool:
    if not _BIRTHDATE.match(value):
        return False
    # The year 0000 means that it is left out; 2000 has a 29th of February, as any year might.
    day = value if not value.startswith("0000") else f"2000{value[4:]}"
    try:
        date.fromisoformat(day if len(day) > 4 else f"{day}-01-01")
    except ValueError:
        return False
    return value != "0000"


def _is_zone(value: str) -> bool:
    try:
        ZoneInfo(value)
    except (OSError, ValueError, LookupError):
        return False
    return True


_FORMS: Mapping[str, tuple[Callable[[str], bool], str]] = {
    "profile": (_is_web_address, "is no http or https URL"),
    "picture": (_is_web_address, "is no http or https URL"),
    "website": (_is_web_address, "is no http or https URL"),
    "birthdate": (_is_birthdate, "has no form like 1990-12-31, 0000-12-31 or 1990"),
    "zoneinfo": (_is_zone, "is no time zone like Europe/Berlin"),
    "locale": (lambda value: bool(_LANGUAGE.match(value)), "is no language tag like en-GB"),
}
