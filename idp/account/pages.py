"""GET /account: you are signed in, by what, as who, and with which applications."""

from urllib.parse import urlsplit

import flask

from idp.account.device_words import describe
from idp.context import RequestContext
from idp.credentials import recovery, totp
from idp.login import service as login
from idp.policy.sign_in import NeedFactor
from idp.protocol.clients import registry
from idp.protocol.consent import service as consent
from idp.protocol.consent.words import title_of
from idp.sessions import service as sessions
from idp.settings import SecondFactor
from idp.store import consents
from idp.store.sessions import Standing
from idp.web import continuation, cookies, csrf, parameters
from idp.web.context import request_context
from idp.web.continuation import Handover
from idp.web.pages import page, redirect
from idp.web.parameters import Parameters
from idp.web.words import at_time, ngettext, on_day
from idp.web.words import gettext as _

bp = flask.Blueprint("account", __name__)
HOME = "/account"
MAX_AUTHENTICATORS = 10


def signed_in() -> Standing | None:
    """Return whose account page it is."""
    ctx = request_context()
    return sessions.find_live(ctx, cookies.read(ctx.settings, cookies.SESSION))


def ask_to_sign_in() -> flask.Response:
    """Send the person to the sign-in page and back here."""
    return redirect(continuation.url("/login", "login", Handover(to=HOME)))


def recently_proved(ctx: RequestContext, standing: Standing) -> bool:
    """Tell whether the last proof is young enough for a sensitive act, and no factor is missing."""
    session = standing.session
    if isinstance(login.judge(ctx, standing.user, session.amr), NeedFactor):
        return False
    return ctx.now - session.authenticated_at <= ctx.settings.reauthentication_age


def ask_again(standing: Standing) -> flask.Response:
    """Send the person through a fresh proof and back here."""
    user = standing.user
    again = Handover(to=HOME, reason="sensitive", identifier=user.username, user_id=user.id)
    return redirect(continuation.url("/login", "login", again))


@bp.get("/")
def root() -> flask.Response:
    """Go to the account page."""
    return redirect(HOME)


@bp.get(HOME)
def home() -> flask.Response:
    """Show the account, or ask to sign in."""
    standing = signed_in()
    return _show(standing) if standing else ask_to_sign_in()


def _form() -> Parameters:
    form = parameters.form()
    csrf.check(form)
    return form


@bp.post("/account/authenticator")
def add_authenticator() -> flask.Response:
    """Begin to set up an authenticator app."""
    _form()
    ctx, standing = request_context(), signed_in()
    if standing is None:
        return ask_to_sign_in()
    if not recently_proved(ctx, standing):
        return ask_again(standing)
    if len(totp.list_for(ctx, standing.user.id)) >= MAX_AUTHENTICATORS:
        return _show(standing)
    attempt = login.begin_attempt(
        ctx,
        standing.user.id,
        standing.session.amr,
        csrf.browser_hash(),
        enrolling=True,
        sid=standing.session.sid,
    )
    onward = Handover(to=HOME, attempt=attempt, reason="demanded")
    return redirect(continuation.url("/login/enrol", "login", onward))


@bp.post("/account/authenticator/remove")
def remove_authenticator() -> flask.Response:
    """Remove an authenticator app, unless the policy needs it."""
    form = _form()
    ctx, standing = request_context(), signed_in()
    if standing is None:
        return ask_to_sign_in()
    if not recently_proved(ctx, standing):
        return ask_again(standing)
    user_id = standing.user.id
    last = len(totp.list_for(ctx, user_id)) == 1
    if last and ctx.settings.second_factor is SecondFactor.REQUIRED:
        return _show(standing, _("A second factor is required here, so the last one stays."))
    removed = totp.remove(ctx, user_id, form.get("authenticator_id") or "")
    return _show(standing, _("The authenticator app was removed.") if removed else None)


@bp.post("/account/recovery-codes")
def regenerate_codes() -> flask.Response:
    """Show new recovery codes, this once; the old ones are void."""
    _form()
    ctx, standing = request_context(), signed_in()
    if standing is None:
        return ask_to_sign_in()
    if not recently_proved(ctx, standing):
        return ask_again(standing)
    return page(
        "recovery_codes",
        client=None,
        codes=recovery.regenerate(ctx, standing.user.id),
        continue_url=HOME,
        continue_label=_("Back to my account"),
    )


@bp.post("/account/connections/revoke")
def revoke_connection() -> flask.Response:
    """Take a consent back."""
    form = _form()
    standing = signed_in()
    if standing is None:
        return ask_to_sign_in()
    client_id = form.get("client_id") or ""
    revoked = consent.revoke(request_context(), standing.user.id, client_id)
    return _show(standing, _("The application has no access any more.") if revoked else None)


@bp.post("/account/sign-out")
def sign_out() -> flask.Response:
    """End this session."""
    _form()
    ctx, standing = request_context(), signed_in()
    if standing is not None:
        sessions.end(ctx, standing.session.sid, because="user_logout")
    response = page(
        "logged_out",
        client=None,
        return_url=None,
        sign_in_url="/login",
        was_signed_in=standing is not None,
    )
    cookies.clear(response, ctx.settings, cookies.SESSION)
    return response


def _show(standing: Standing, notice: str | None = None) -> flask.Response:
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
        notice=notice,
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
