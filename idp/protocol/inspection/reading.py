"""Which token somebody found, and what it says: by its prefix, by its `typ`, by who can open it."""

import json
from collections.abc import Callable, Mapping
from typing import TypeGuard

from idp.context import RequestContext
from idp.kernel.encoding import unb64url
from idp.kernel.jose import Claims, unverified_header
from idp.protocol import introspection
from idp.protocol.inspection import said
from idp.protocol.inspection.said import Said
from idp.protocol.keys import service as keys
from idp.protocol.tokens import access, code, identity, ours, refresh
from idp.protocol.tokens.recognised import Kind, recognise
from idp.sessions import service as sessions
from idp.store import audit_events

UNKNOWN = "unknown"
SESSION = "session_secret"
ID_TOKEN = "id_token"  # noqa: S105 - a kind
_BY_PREFIX = {
    refresh.PREFIX: Kind.REFRESH.value,
    code.PREFIX: Kind.CODE.value,
    access.OPAQUE_PREFIX: Kind.ACCESS.value,
}
_BY_TYP: Mapping[str, Callable[..., Said]] = {
    access.TYP: said.of_access_token,
    identity.TYP: said.of_id_token,
    introspection.TYP: said.of_introspection,
}
_GONE = {"key.revoked": "key_revoked", "key.removed": "key_removed"}


def read(ctx: RequestContext, token: str) -> Said:
    """Return what a token says, whatever it is."""
    if token.startswith(sessions.SECRET_PREFIX):
        return Said(kind=SESSION)
    if (header := unverified_header(token)) is not None:
        return _jwt(ctx, token, header)
    found = recognise(ctx, token)
    if found is None:
        kind = next((kind for p, kind in _BY_PREFIX.items() if token.startswith(p)), UNKNOWN)
        fault = "not_ours" if kind == UNKNOWN else "forged"
        return Said(kind=kind, verified=False, faults=(fault,))
    if found.kind is Kind.ACCESS:
        return said.of_access_token(found.claims, form="opaque")
    generation = found.generation if found.kind is Kind.REFRESH else None
    return Said(kind=found.kind.value, grant_id=found.grant_id, generation=generation)


def _jwt(ctx: RequestContext, token: str, header: Claims) -> Said:
    typ, kid = header.get("typ"), header.get("kid")
    # No kid of ours looks otherwise, and a database need not take whatever JSON can say.
    if not isinstance(typ, str) or typ not in _BY_TYP or not _is_text(kid):
        return Said(kind=UNKNOWN, verified=False, faults=("not_ours",))
    saying = _BY_TYP[typ]
    claims = ours.read(ctx, token, typ)
    if claims is not None:
        return saying(claims, form="jwt", kid=kid)
    fault = _why_unverified(ctx, kid)
    # Whatever nobody of us can have signed is not worth repeating.
    repeated = _unverified_claims(token) if fault in _GONE.values() else {}
    return saying(repeated, form="jwt", kid=kid, verified=False, faults=(fault,))


def _is_text(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and value.isprintable()


def _why_unverified(ctx: RequestContext, kid: str) -> str:
    if keys.verifier(ctx, kid) is not None:
        return "forged"
    names = {event.name for event in audit_events.list_about(ctx.db, kid, 10)}
    return next((reason for name, reason in _GONE.items() if name in names), "key_unknown")


def _unverified_claims(token: str) -> Claims:
    try:
        claims = json.loads(unb64url(token.split(".")[1]))
    except (ValueError, RecursionError):
        return {}
    return claims if isinstance(claims, dict) else {}
