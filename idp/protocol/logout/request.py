"""A logout request after its checks (RP-Initiated Logout §2, §3)."""

from dataclasses import dataclass

from idp.context import RequestContext
from idp.protocol.clients import registry
from idp.protocol.clients.metadata import Client
from idp.protocol.tokens import identity
from idp.web.parameters import Parameters

MAX_STATE = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutRequest:
    """What is asked; `return_uri` is None unless it is one that the client registered.

    `sid` is the session that the ID token speaks of. `fault` names what was not as it should be.
    """

    client: Client | None = None
    sid: str | None = None
    return_uri: str | None = None
    state: str | None = None
    ui_locales: str | None = None
    fault: str | None = None


def parse(ctx: RequestContext, raw: Parameters) -> LogoutRequest:
    """Read a logout request. A faulty one never redirects; signing out stays possible."""
    if raw.refused:
        return LogoutRequest(fault="a parameter is unreadable or sent twice")
    locales = raw.get("ui_locales")
    hint = raw.get("id_token_hint")
    said = identity.read_hint(ctx, hint) if hint is not None else None
    if hint is not None and said is None:
        return LogoutRequest(ui_locales=locales, fault="id_token_hint is not ours")
    client_id = raw.get("client_id")
    if said is not None and client_id not in (None, said["aud"]):
        return LogoutRequest(ui_locales=locales, fault="id_token_hint is another client's")
    client = registry.find(ctx, said["aud"] if said else client_id)
    sid = said.get("sid") if said else None
    wanted, state = raw.get("post_logout_redirect_uri"), raw.get("state")
    allowed = client.metadata.post_logout_redirect_uris if client else ()
    fault = None
    if wanted is not None and wanted not in allowed:
        wanted, fault = None, "post_logout_redirect_uri is not registered"
    if state is not None and len(state) > MAX_STATE:
        wanted, fault = None, "state is too long"
    return LogoutRequest(
        client=client,
        sid=sid if isinstance(sid, str) else None,
        return_uri=wanted,
        state=state if wanted is not None else None,
        ui_locales=locales,
        fault=fault,
    )
