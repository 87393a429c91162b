"""Scopes and claims in human words, with the user's own values (OIDC Core §5.4)."""

from dataclasses import dataclass, field
from typing import Any

from idp.protocol import scopes
from idp.store.users import User
from idp.web.words import gettext as _


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that a client would get."""

    title: str
    detail: str | None = None
    values: list[tuple[str, str] | str] = field(default_factory=list)


def items(user: User, scope: tuple[str, ...], claims: tuple[str, ...]) -> list[Item]:
    """Return what these scopes and single claims give away, most telling first."""
    found = [item for value in scope if (item := _item(user, value)) is not None]
    covered = set(scopes.claims_of(scope))
    single = [name for name in claims if name not in covered and name in scopes.USER_CLAIMS]
    values = _values(user, tuple(single))
    if single and values:
        found.append(Item(_("Single details"), None, values))
    return found


def title_of(scope: str) -> str:
    """Return the name of a scope."""
    titles = {
        "openid": _("Know who you are"),
        "profile": _("Your profile"),
        "email": _("Your email address"),
        "address": _("Your postal address"),
        "phone": _("Your telephone number"),
        "offline_access": _("Stay connected when you are away"),
    }
    return titles.get(scope, scope)


def _item(user: User, scope: str) -> Item | None:
    if scope == "openid":
        return Item(title_of(scope), _("An identifier that tells your account from others."))
    if scope == "offline_access":
        return Item(title_of(scope), _("Access goes on until you take it back."))
    if scope in scopes.CLAIMS_OF_SCOPE:
        return Item(title_of(scope), None, _values(user, scopes.CLAIMS_OF_SCOPE[scope]))
    return Item(scope, _("A permission that the application defines itself."))


def _values(user: User, names: tuple[str, ...]) -> list[tuple[str, str] | str]:
    hidden = {"updated_at", "email_verified", "phone_number_verified"}
    claims = scopes.user_claims(user, [name for name in names if name not in hidden])
    shown = {name: text for name, value in claims.items() if (text := _text(value))}
    if len(shown) == 1:
        return list(shown.values())
    return [(_label(name), text) for name, text in shown.items()]


def _label(claim: str) -> str:
    labels = {
        "name": _("Name"),
        "family_name": _("Family name"),
        "given_name": _("Given name"),
        "middle_name": _("Middle name"),
        "nickname": _("Nickname"),
        "preferred_username": _("User name"),
        "profile": _("Profile page"),
        "picture": _("Picture"),
        "website": _("Website"),
        "gender": _("Gender"),
        "birthdate": _("Date of birth"),
        "zoneinfo": _("Time zone"),
        "locale": _("Language"),
        "email": _("Email address"),
        "phone_number": _("Telephone number"),
        "address": _("Postal address"),
    }
    return labels[claim]


def _text(value: Any) -> str:
    if isinstance(value, dict):
        formatted = value.get("formatted") or ", ".join(str(v) for v in value.values() if v)
        return " ".join(str(formatted).split())
    return str(value)
