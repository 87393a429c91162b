"""Explain one token of ours: what it is, whether it would be taken now, and what happened to it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

from idp.context import RequestContext
from idp.kernel.secrets import digest
from idp.protocol.clients import registry
from idp.protocol.clients.metadata import Client
from idp.protocol.inspection import reasons as why
from idp.protocol.inspection.reading import ID_TOKEN, SESSION, read
from idp.protocol.inspection.said import Said
from idp.protocol.tokens.recognised import Kind
from idp.store import audit_events, grants, sessions, users
from idp.store.audit_events import Recorded
from idp.store.grants import Grant
from idp.store.users import User

EVENTS = 20
# The clocks of two nodes may differ.
_SKEW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Everything that an operator can learn about a token; `reasons` say why it is not good.

    `alive`: it would be taken now. A refresh token that was replaced may be so, for a retry.
    """

    said: Said
    alive: bool
    reasons: tuple[str, ...]
    grant: Grant | None = None
    client: Client | None = None
    user: User | None = None
    events: tuple[Recorded, ...] = ()


def inspect(ctx: RequestContext, token: str) -> Finding:
    """Return what a token is, whether it is good, and why not; nothing is changed or noted."""
    said = read(ctx, token.strip())
    if said.kind == SESSION:
        return _session(ctx, said, token.strip())
    grant = grants.find(ctx.db, said.grant_id) if said.grant_id is not None else None
    said = _completed(said, grant)
    client = registry.find_newest(ctx, said.client_id) if said.client_id is not None else None
    user = users.find(ctx.db, said.user_id) if said.user_id is not None else None
    reasons = (*said.faults, *_reasons(ctx, said, grant, client, user))
    return Finding(
        said=said,
        alive=why.alive(reasons),
        reasons=reasons,
        grant=grant,
        client=client,
        user=user,
        events=_events(ctx, said, grant),
    )


def _completed(said: Said, grant: Grant | None) -> Said:
    """Return what a code or refresh token stands for: it says no more than of which grant it is."""
    if grant is None or said.kind not in (Kind.CODE, Kind.REFRESH):
        return said
    current = said.generation == grant.generation
    issued, expires = (
        (grant.opened_at, grant.code_expires_at)
        if said.kind == Kind.CODE
        # An ended grant's `idle_until` says when it ended.
        else (grant.refreshed_at, grant.idle_until if grant.ended_at is None else None)
    )
    known = said.kind == Kind.CODE or current
    return replace(
        said,
        client_id=grant.client_id,
        user_id=grant.user_id,
        sid=grant.sid,
        jkt=grant.dpop_jkt,
        scope=grant.scope,
        audience=grant.resource,
        issued_at=issued if known else None,
        expires_at=expires if known else None,
    )


def _reasons(
    ctx: RequestContext,
    said: Said,
    grant: Grant | None,
    client: Client | None,
    user: User | None,
) -> Iterable[str]:
    if said.faults and said.client_id is None:
        # There is nothing that could be asked about.
        return ()
    if said.kind == Kind.CODE:
        return why.of_code(ctx, grant, client)
    if said.kind == Kind.REFRESH:
        return why.of_refresh_token(ctx, said, grant, client)
    if said.kind == Kind.ACCESS:
        return why.of_access_token(ctx, said, grant, client)
    if said.kind == ID_TOKEN:
        return why.of_id_token(ctx, said, user)
    return ("not_a_token",)


def _session(ctx: RequestContext, said: Said, secret: str) -> Finding:
    """Return what a session's cookie opens (DESIGN §4): only the newest secret is known."""
    past = sessions.find_by_secret(ctx.db, digest(secret))
    if past is None:
        said = replace(said, verified=False)
        return Finding(said=said, alive=False, reasons=("secret_unknown",))
    session = past.session
    said = replace(
        said,
        sid=session.sid,
        user_id=session.user_id,
        issued_at=session.opened_at,
        expires_at=min(session.idle_until, session.absolute_until),
    )
    user = users.find(ctx.db, session.user_id)
    reasons = tuple(why.of_session(ctx, session.sid, user))
    return Finding(
        said=said,
        alive=not reasons,
        reasons=reasons,
        user=user,
        events=_events(ctx, said, None),
    )


def _events(ctx: RequestContext, said: Said, grant: Grant | None) -> tuple[Recorded, ...]:
    """Return what happened to the grant, else to the one token, else to the session."""
    mark = said.grant_id or said.jti or said.sid
    if mark is None:
        return ()
    begun = grant.opened_at if grant is not None else None
    since = begun - _SKEW if begun is not None else None
    return tuple(audit_events.list_about(ctx.db, mark, EVENTS, since=since))
