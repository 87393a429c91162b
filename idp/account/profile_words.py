"""The profile in words: labels, choices, and why a value cannot be."""

from collections.abc import Mapping
from functools import cache
from zoneinfo import available_timezones

from babel import Locale, UnknownLocaleError

from idp.account.profile_claims import fault_of_claim
from idp.protocol import scopes
from idp.store.users import User
from idp.web.words import gettext as _

# What people may change themselves; what else there is, an operator has set.
TYPED = ("name", "given_name", "family_name", "nickname")
CHOSEN = ("locale", "zoneinfo")
EDITABLE = (*TYPED, *CHOSEN)
LONGEST = 200
_OTHERS = ("middle_name", "gender", "birthdate", "website", "profile", "picture", "address")
# Regions whose zones are named after a place; the rest of the database are old spellings.
_REGIONS = (
    "Africa",
    "America",
    "Antarctica",
    "Asia",
    "Atlantic",
    "Australia",
    "Europe",
    "Indian",
    "Pacific",
)
_LOCALES = (
    *("ar", "bg-BG", "ca-ES", "cs-CZ", "da-DK", "de-AT", "de-CH", "de-DE", "el-GR", "en-AU"),
    *("en-CA", "en-GB", "en-IE", "en-IN", "en-US", "es-ES", "es-MX", "et-EE", "fa-IR", "fi-FI"),
    *("fr-BE", "fr-CA", "fr-CH", "fr-FR", "ga-IE", "he-IL", "hi-IN", "hr-HR", "hu-HU", "id-ID"),
    *("is-IS", "it-CH", "it-IT", "ja-JP", "ko-KR", "lt-LT", "lv-LV", "mt-MT", "nb-NO", "nl-BE"),
    *("nl-NL", "pl-PL", "pt-BR", "pt-PT", "ro-RO", "ru-RU", "sk-SK", "sl-SI", "sv-SE", "th-TH"),
    *("tr-TR", "uk-UA", "vi-VN", "zh-CN", "zh-TW"),
)


def labels() -> dict[str, str]:
    """Return how claims are called."""
    return {
        "name": _("Full name"),
        "given_name": _("Given name"),
        "family_name": _("Family name"),
        "nickname": _("Nickname"),
        "locale": _("Language"),
        "zoneinfo": _("Time zone"),
        "middle_name": _("Middle name"),
        "gender": _("Gender"),
        "birthdate": _("Date of birth"),
        "website": _("Website"),
        "profile": _("Profile page"),
        "picture": _("Picture"),
        "address": _("Postal address"),
        "preferred_username": _("User name"),
        "email": _("Email address"),
        "phone_number": _("Phone number"),
    }


def fault_of(claim: str, value: str) -> str | None:
    """Return why a person cannot have this value; None when it is fine, or empty."""
    if not value:
        return None
    if claim in CHOSEN:
        return _("Choose one from the list.") if fault_of_claim(claim, value) else None
    if len(value) > LONGEST or fault_of_claim(claim, value):
        return _("Use at most %(most)s characters that can be shown.", most=LONGEST)
    return None


def other_details(user: User) -> list[tuple[str, str]]:
    """Return what an operator has set beside what people change themselves."""
    named, values = labels(), scopes.user_claims(user, _OTHERS)
    return [(named[claim], _text(value)) for claim, value in values.items()]


def _text(value: object) -> str:
    if isinstance(value, Mapping):
        whole = value.get("formatted") or ", ".join(str(part) for part in value.values() if part)
        return " ".join(str(whole).split())
    return str(value)


def languages(current: str) -> list[tuple[str, str]]:
    """Return the languages to choose from, each in its own words; the current one is among them."""
    found = _languages()
    if current and current not in dict(found):
        found = (*found, (current, _language(current)))
    return sorted(found, key=lambda each: each[1].casefold())


@cache
def _languages() -> tuple[tuple[str, str], ...]:
    return tuple((tag, _language(tag)) for tag in _LOCALES)


def _language(tag: str) -> str:
    try:
        name = Locale.parse(tag.replace("_", "-"), sep="-").get_display_name()
    except (ValueError, UnknownLocaleError):
        return tag
    return name[:1].upper() + name[1:] if name else tag


def zones(current: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the time zones by region; the current one is among them."""
    found = _zones()
    if current and not any(current == zone for _region, those in found for zone, _place in those):
        return [(_("Now"), [(current, current)]), *found]
    return list(found)


@cache
def _zones() -> tuple[tuple[str, list[tuple[str, str]]], ...]:
    named = sorted(available_timezones())
    regions: list[tuple[str, list[tuple[str, str]]]] = [("UTC", [("UTC", "UTC")])]
    for region in _REGIONS:
        zones_there = [zone for zone in named if zone.startswith(f"{region}/")]
        regions.append((region, [(zone, _place(zone)) for zone in zones_there]))
    return tuple(regions)


def _place(zone: str) -> str:
    """Return the place that a zone is called after: America/Argentina/Salta, Argentina, Salta."""
    return ", ".join(zone.split("/")[1:]).replace("_", " ")
