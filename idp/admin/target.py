"""What a selection means: which grant, session, client or user stands behind a name or a token."""

from dataclasses import dataclass
from datetime import datetime

from idp.admin.selection import Selection
from idp.context import RequestContext
from idp.kernel.clock import from_epoch
from idp.kernel.jose import Claims
from idp.protocol.errors import ProtocolError
from idp.protocol.tokens import identity
from idp.protocol.tokens.recognised import recognise
from idp.store import clients, grants, sessions, users
from idp.store.users import User


class NothingOfThisName(ProtocolError):
    """RFC 9110 §15.5.5: no such client or user; nobody may believe that it was dealt with."""

    code = "not_found"
    public = "There is no client or user of this name."
    status = 404


class NobodyOfThisName(NothingOfThisName):
    """RFC 9110 §15.5.5: no such user."""

    public = "There is no user of this name."


class NoClientOfThisName(NothingOfThisName):
    """RFC 9110 §15.5.5: no such client."""

    public = "There is no client of this id."


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnToken:
    """An access token that a client got for itself."""

    jti: str
    client_id: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What shall end, by its ids; `named` is how it was named, without any secret."""

    named: dict[str, str]
    found: bool = True
    own_token: OwnToken | None = None
    grant_id: str | None = None
    sid: str | None = None
    with_session: bool = False
    offline: bool = False
    client_id: str | None = None
    user: User | None = None
    before: datetime | None = None


def target_of(ctx: RequestContext, what: Selection) -> Target:
    """Return what is meant.

    Raises:
        NothingOfThisName: no such client or user. What may have been removed in the meantime, a
            token, a grant or a session, is not `found`, and that is an answer.
    """
    if what.token is not None:
        return _of_token(ctx, what.token)
    if what.grant_id is not None:
        found = grants.find(ctx.db, what.grant_id) is not None
        return Target(named={"grant_id": what.grant_id}, grant_id=what.grant_id, found=found)
    if what.sid is not None:
        named = {"sid": what.sid} | ({"offline": "true"} if what.offline else {})
        found = sessions.find(ctx.db, what.sid) is not None
        return Target(
            named=named, sid=what.sid, with_session=True, offline=what.offline, found=found
        )
    if what.client_id is not None and clients.find(ctx.db, what.client_id) is None:
        raise NoClientOfThisName
    return Target(
        named=_named(what),
        client_id=what.client_id,
        user=require_user(ctx, what.user) if what.user is not None else None,
        before=what.issued_before,
    )


def _named(what: Selection) -> dict[str, str]:
    before = what.issued_before.isoformat() if what.issued_before else None
    said = {"client_id": what.client_id, "user": what.user, "issued_before": before}
    return {name: value for name, value in said.items() if value is not None}


def require_user(ctx: RequestContext, name: str) -> User:
    """Return the user of this subject or name.

    Raises:
        NobodyOfThisName: there is none.
    """
    user = users.find(ctx.db, name) or users.find_by_username(ctx.db, name)
    if user is None:
        raise NobodyOfThisName
    return user


def _of_token(ctx: RequestContext, token: str) -> Target:
    """Return what a token of whatever kind hangs on, expired or not."""
    if (ours := recognise(ctx, token)) is not None:
        named = {"token": ours.kind.value}
        if ours.grant_id is not None:
            known = grants.find(ctx.db, ours.grant_id) is not None
            return Target(named=named, grant_id=ours.grant_id, found=known)
        return Target(named=named, own_token=_own_token(ours.claims))
    if (claims := identity.read_hint(ctx, token)) is not None:
        # It names no grant, but whose session it is of, and which client got it.
        return Target(
            named={"token": "id_token"},
            sid=str(claims.get("sid")),
            offline=True,
            client_id=str(claims["aud"]),
        )
    return Target(named={"token": "unknown"}, found=False)


def _own_token(claims: Claims) -> OwnToken:
    return OwnToken(
        jti=str(claims["jti"]),
        client_id=str(claims["client_id"]),
        expires_at=from_epoch(int(claims["exp"])),
    )
