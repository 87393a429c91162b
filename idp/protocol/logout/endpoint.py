"""GET and POST /logout, and the confirmation (RP-Initiated Logout §2).

Nobody but the person, or a client that shows the ID token of this very session, ends it: without
that hint any page could sign people out.
"""

from urllib.parse import urlencode

import flask
import structlog

from idp.protocol.logout import request as requests
from idp.protocol.logout.farewell import LOGOUT, show, signed_out
from idp.protocol.logout.request import LogoutRequest
from idp.sessions import service as sessions
from idp.store.sessions import Standing
from idp.web import continuation, cookies, csrf, parameters
from idp.web.context import request_context
from idp.web.continuation import Handover
from idp.web.pages import ClientCard, page, redirect
from idp.web.parameters import Parameters

bp = flask.Blueprint("logout", __name__)
log = structlog.get_logger("idp")
RESUME = "/logout/continue"


@bp.get(LOGOUT)
def logout() -> flask.Response:
    """End the session, or ask the person first."""
    return _proceed(parameters.query())


@bp.post(LOGOUT)
def logout_by_form() -> flask.Response:
    """Take a request by POST; go on with GET, for a cross-site POST comes without our cookies."""
    form = parameters.form()
    # As by GET, one that cannot be read as a whole asks for nothing in particular.
    asked = {} if form.refused else _kept(form.values)
    handover = Handover(to=RESUME, carry={"asked": asked})
    return redirect(continuation.back(handover))


def _kept(sent: dict[str, str]) -> dict[str, str]:
    names = ("id_token_hint", "client_id", "post_logout_redirect_uri", "state", "ui_locales")
    return {name: sent[name] for name in names if name in sent}


@bp.get(RESUME)
def resume() -> flask.Response:
    """Go on with a request that came by POST."""
    handover = continuation.receive("continue", parameters.query())
    return _proceed(Parameters(handover.carry.get("asked", {}) if handover else {}))


def _proceed(raw: Parameters) -> flask.Response:
    ctx = request_context()
    asked = requests.parse(ctx, raw)
    flask.g.ui_locale = asked.ui_locales
    if asked.fault is not None:
        log.info("logout request", fault=asked.fault, reference=ctx.reference)
    standing = sessions.find_standing(ctx, cookies.read(ctx.settings, cookies.SESSION))
    if standing is None:
        url = _return_url(asked)
        return redirect(url) if url else show(_card(asked), was_signed_in=False)
    if asked.fault is None and asked.sid == standing.session.sid:
        return _end(standing, asked, because="client_logout")
    return _confirm(asked, standing)


def _confirm(asked: LogoutRequest, standing: Standing) -> flask.Response:
    onward = Handover(
        to=LOGOUT,
        carry={"sid": standing.session.sid, "way_back": _return_url(asked)},
        client=_card(asked),
        target=_return_url(asked),
        locale=asked.ui_locales,
    )
    return page(
        "logout",
        form_target=onward.target,
        client=onward.client,
        account=standing.user.display_name,
        action="/logout/confirm",
        ticket=continuation.ticket("logout", onward),
    )


@bp.post("/logout/confirm")
def confirm() -> flask.Response:
    """Take the person's answer."""
    form = parameters.form()
    csrf.check(form)
    ctx = request_context()
    handover = continuation.receive("logout", form)
    standing = sessions.find_standing(ctx, cookies.read(ctx.settings, cookies.SESSION))
    if form.get("action") != "logout":
        return redirect("/account")
    here = standing.session.sid if standing else None
    if handover is None or here not in (None, handover.carry["sid"]):
        # The question was about another session than the one that stands by now.
        return redirect(LOGOUT)
    # It may have another secret by now, of a proof in another tab: the answer ends it all the same.
    sid = handover.carry["sid"]
    sessions.end(ctx, sid, because="user_logout")
    way_back = handover.carry.get("way_back")
    return signed_out(ctx, [sid], here=sid, client=handover.client, way_back=way_back)


def _end(standing: Standing, asked: LogoutRequest, *, because: str) -> flask.Response:
    ctx, sid = request_context(), standing.session.sid
    sessions.end(ctx, sid, because=because)
    return signed_out(
        ctx,
        [sid],
        here=sid,
        client=_card(asked),
        way_back=_return_url(asked),
        locale=asked.ui_locales,
    )


def _return_url(asked: LogoutRequest) -> str | None:
    """Return where to send the person: registered, with `state` and nothing else added (§3)."""
    if asked.return_uri is None or asked.state is None:
        return asked.return_uri
    separator = "&" if "?" in asked.return_uri else "?"
    return f"{asked.return_uri}{separator}{urlencode({'state': asked.state})}"


def _card(asked: LogoutRequest) -> ClientCard | None:
    if asked.client is None:
        return None
    metadata = asked.client.metadata
    return ClientCard(name=metadata.client_name, home_url=metadata.client_uri)
