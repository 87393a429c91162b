"""Whom a subject identifier names (RFC 9493 §3).

A format says all members that there are: one more, or one less, and it is not that format.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from idp.admin.target import NobodyOfThisName
from idp.context import RequestContext
from idp.protocol.errors import InvalidRequest, ProtocolError
from idp.store import users
from idp.store.users import User

MOST_ALIASES = 20
_LONGEST = 512
_ACCT = re.compile(r"acct:([^@/?#\s]+)@([^@/?#\s]+)", re.IGNORECASE)

Find = Callable[[RequestContext, Mapping[str, str]], User | None]


class Ambiguous(ProtocolError):
    """RFC 9493 §3.2.8: two accounts could be meant, and nobody is signed out by guess."""

    code = "ambiguous_subject"
    public = "The subject identifier could mean more than one account."
    status = 422


def require_subject(ctx: RequestContext, sub_id: object) -> tuple[User, str]:
    """Return the user that is named, and the format that did.

    Raises:
        InvalidRequest: malformed, or of a format that is not supported.
        NobodyOfThisName: nobody is known by it.
        Ambiguous: it could mean more than one user.
    """
    if not isinstance(sub_id, dict):
        raise InvalidRequest("sub_id must be an object.")
    if sub_id.get("format") == "aliases":
        return _require_one(list(_aliases(ctx, sub_id))), "aliases"
    return _require_one([_find(ctx, sub_id)]), str(sub_id["format"])


def _require_one(found: list[User | None]) -> User:
    named = {user.id: user for user in found if user is not None}
    if not named:
        raise NobodyOfThisName
    if len(named) > 1:
        raise Ambiguous("the aliases differ")
    return next(iter(named.values()))


def _aliases(ctx: RequestContext, sub_id: dict[str, Any]) -> Iterator[User | None]:
    """Return whom each identifier names; all of them are to name one (RFC 9493 §3.2.8)."""
    identifiers = sub_id.get("identifiers")
    if set(sub_id) != {"format", "identifiers"} or not isinstance(identifiers, list):
        raise InvalidRequest("aliases has the one member identifiers, an array.")
    if not 0 < len(identifiers) <= MOST_ALIASES:
        raise InvalidRequest("aliases needs 1 to 20 identifiers.")
    for each in identifiers:
        if not isinstance(each, dict) or each.get("format") == "aliases":
            raise InvalidRequest("An alias must be a subject identifier, and not aliases again.")
        yield _find(ctx, each)


def _find(ctx: RequestContext, identifier: Mapping[str, Any]) -> User | None:
    name = identifier.get("format")
    if not isinstance(name, str) or name not in FORMATS:
        raise InvalidRequest("The format of the subject identifier is not supported.")
    members, find = FORMATS[name]
    if set(identifier) != {"format", *members}:
        raise InvalidRequest("The subject identifier has not the members of its format.")
    values = {member: identifier[member] for member in members}
    for value in values.values():
        if not isinstance(value, str) or not 0 < len(value) <= _LONGEST or not value.isprintable():
            raise InvalidRequest("A member of the subject identifier has no fit value.")
    return find(ctx, values)


def _account(ctx: RequestContext, said: Mapping[str, str]) -> User | None:
    """`acct:` and the user name at our host (RFC 7565 §7)."""
    parts = _ACCT.fullmatch(said["uri"])
    if parts is None:
        raise InvalidRequest("An account is named by acct:user@host.")
    ours = urlsplit(ctx.settings.issuer).hostname
    name = unquote(parts[1])
    known = parts[2].lower() == ours and name.isprintable()
    return users.find_by_username(ctx.db, name) if known else None


def _email(ctx: RequestContext, said: Mapping[str, str]) -> User | None:
    """An address that its user proved to have: anybody may claim one."""
    found = users.list_by_verified_email(ctx.db, said["email"], limit=2)
    if len(found) > 1:
        raise Ambiguous("two users have the address")
    return found[0] if found else None


def _iss_sub(ctx: RequestContext, said: Mapping[str, str]) -> User | None:
    """Our own issuer and `sub`; what others call our users we do not know."""
    return users.find(ctx.db, said["sub"]) if said["iss"] == ctx.settings.issuer else None


def _opaque(ctx: RequestContext, said: Mapping[str, str]) -> User | None:
    return users.find(ctx.db, said["id"])


FORMATS: Mapping[str, tuple[tuple[str, ...], Find]] = {
    "account": (("uri",), _account),
    "email": (("email",), _email),
    "iss_sub": (("iss", "sub"), _iss_sub),
    "opaque": (("id",), _opaque),
}
