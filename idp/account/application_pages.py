"""/account/applications: with which applications you share what, and how to take it back."""

from urllib.parse import urlsplit

import flask

from idp.account.frame import APPLICATIONS, account_page
from idp.account.guard import act, shown
from idp.account.notices import with_notice
from idp.account.profile_words import labels
from idp.context import RequestContext
from idp.protocol import scopes
from idp.protocol.clients import registry
from idp.protocol.clients.metadata import Client
from idp.protocol.consent import service as consent
from idp.protocol.consent.words import title_of
from idp.store import consents, grants
from idp.store.consents import Consent
from idp.store.sessions import Standing
from idp.web.pages import redirect
from idp.web.parameters import Parameters
from idp.web.words import at_time, on_day

bp = flask.Blueprint("account_applications", __name__)


@bp.get(APPLICATIONS)
@shown
def show(ctx: RequestContext, standing: Standing) -> flask.Response:
    """Show what each application sees, since when, and when it was used last."""
    return account_page(
        "account_applications", standing, APPLICATIONS, connections=_connections(ctx, standing)
    )


def _connections(ctx: RequestContext, standing: Standing) -> list[dict[str, object]]:
    """Return what was agreed to, then the applications that need no agreement."""
    user_id = standing.user.id
    uses = grants.list_uses(ctx.db, user_id)
    last_used = {use.client_id: at_time(use.last_at) for use in reversed(uses)}
    first_used = {use.client_id: use.first_at for use in uses}
    agreed = consents.list_of_user(ctx.db, user_id)
    found: list[dict[str, object]] = [
        _card(client)
        | {
            "revocable": True,
            "agreed": True,
            "scopes": _seen(each),
            "since": on_day(each.granted_at),
            "last_used": last_used.get(each.client_id),
        }
        for each in agreed
        if (client := registry.find(ctx, each.client_id)) is not None
    ]
    live = {use.client_id for use in uses if not use.consented}
    staying = {use.client_id for use in uses if use.offline_until and use.offline_until > ctx.now}
    for client_id in sorted(live - {each.client_id for each in agreed}, key=first_used.__getitem__):
        if (own := registry.find(ctx, client_id)) is not None:
            since, last = on_day(first_used[client_id]), last_used[client_id]
            stays = client_id in staying
            found.append(_card(own) | {"revocable": stays, "since": since, "last_used": last})
    return found


def _seen(agreed: Consent) -> list[str]:
    """Return what an application may see: by scope, and the single details beside it."""
    covered, named = set(scopes.claims_of(agreed.scope)), labels()
    single = [claim for claim in agreed.claims if claim not in covered]
    return [
        *map(title_of, agreed.scope),
        *(named[claim] for claim in single if claim in named),
    ]


def _card(client: Client) -> dict[str, object]:
    uris = client.metadata.redirect_uris
    return {
        "client_id": client.client_id,
        "name": client.metadata.client_name,
        "host": urlsplit(uris[0]).hostname if uris else None,
        "scopes": [],
    }


@bp.post("/account/connections/revoke")
@act(APPLICATIONS)
def revoke(ctx: RequestContext, standing: Standing, form: Parameters) -> flask.Response:
    """Take a consent back, and with it whatever the application still could do."""
    revoked = consent.revoke(ctx, standing.user.id, form.get("client_id") or "")
    return redirect(with_notice(APPLICATIONS, "connection_revoked") if revoked else APPLICATIONS)
