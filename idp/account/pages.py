"""GET /account: you are signed in, by what, as who, and with which applications."""

from urllib.parse import urlsplit

import flask

from idp.account.acts import MAX_AUTHENTICATORS
from idp.web.device_words import describe
from idp.account.guard import HOME, ask_to_sign_in, signed_in
from idp.account.notices import notice
from idp.context import RequestContext
from idp.credentials import recovery, totp
from idp.protocol.clients import registry
from idp.protocol.consent.words import title_of
from idp.store import consents
from idp.store.sessions import Standing
from idp.web import continuation, parameters
from idp.web.context import request_context
from idp.web.pages import page, redirect
from idp.web.words import at_time, ngettext, on_day
from idp.web.words import gettext as _

bp = flask.Blueprint("account", __name__)


@bp.get("/")
def root() -> flask.Response:
    """Go to the account page."""
    return redirect(HOME)


@bp.get(HOME)
def home() -> flask.Response:
    """Show the account, or ask to sign in."""
    if continuation.receive("continue", parameters.query()) is not None:
        # The way back from signing in: the ticket has done its work and leaves the address.
        return redirect(HOME)
    standing = signed_in()
    return _show(standing) if standing else ask_to_sign_in()


def _show(standing: Standing) -> flask.Response:
    ctx, user, session = request_context(), standing.user, standing.session
    authenticators = totp.list_for(ctx, user.id)
    codes_left = recovery.remaining(ctx, user.id)
    ends = min(session.idle_until, session.absolute_until)
    return page(
        "account",
        account={"name": user.display_name, "username": user.username, "email": user.email},
        security=_security(bool(authenticators), codes_left),
        session={
            "opened": at_time(session.opened_at),
            "last_seen": at_time(session.last_seen_at),
            "ends": at_time(ends),
            "device": describe(session.user_agent),
            "address": session.address,
            "factors": _factors(session.amr),
        },
        authenticators=[
            {
                "id": each.id,
                "name": each.name,
                "added": on_day(each.created_at),
                "last_used": on_day(each.last_used_at) if each.last_used_at else None,
            }
            for each in authenticators
        ],
        recovery_left=codes_left,
        can_add_authenticator=len(authenticators) < MAX_AUTHENTICATORS,
        connections=_connections(ctx, user.id),
        notice=notice(),
        urls={
            "add_authenticator": "/account/authenticator",
            "remove_authenticator": "/account/authenticator/remove",
            "regenerate_codes": "/account/recovery-codes",
            "revoke": "/account/connections/revoke",
            "logout": "/account/sign-out",
        },
    )


def _security(two: bool, codes: int) -> dict[str, str]:  # noqa: FBT001 - read in one place
    if not two:
        sentence = _("Your password alone opens this account. Add an authenticator app.")
        return {"level": "one", "sentence": sentence}
    sentence = ngettext(
        "A password and an authenticator app protect you; %(num)d recovery code is left.",
        "A password and an authenticator app protect you; %(num)d recovery codes are left.",
        codes,
    )
    return {"level": "two", "sentence": sentence}


def _factors(amr: tuple[str, ...]) -> list[str]:
    names = {
        "pwd": _("Password"),
        "otp": _("Authenticator app"),
        "rec": _("Recovery code"),
    }
    return [names[method] for method in amr if method in names]


def _connections(ctx: RequestContext, user_id: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for each in consents.list_of_user(ctx.db, user_id):
        client = registry.find(ctx, each.client_id)
        if client is None:
            continue
        uris = client.metadata.redirect_uris
        found.append(
            {
                "client_id": each.client_id,
                "name": client.metadata.client_name,
                "host": urlsplit(uris[0]).hostname if uris else None,
                "scopes": [title_of(scope) for scope in each.scope],
                "since": on_day(each.granted_at),
            }
        )
    return found
