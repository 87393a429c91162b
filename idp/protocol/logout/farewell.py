"""The end of a sign-out: back to the client, or the page that says who was told what.

Clients that can only be told in the browser (Front-Channel Logout §2) are told by that page, so it
comes first wherever there are some, and leads back to the client by itself.
"""

from collections.abc import Sequence

import flask

from idp.context import RequestContext
from idp.protocol.logout import told
from idp.protocol.logout.told import Report, Told, Word
from idp.web import continuation, cookies, parameters
from idp.web.context import request_context
from idp.web.continuation import Handover
from idp.web.pages import ClientCard, page, redirect
from idp.web.words import gettext as _

bp = flask.Blueprint("farewell", __name__)
LOGOUT, GOODBYE = "/logout", "/logged-out"
# What a ticket has room for; nobody signs out of so many by hand.
_MOST = 40
_ONWARD_SECONDS = 2


def signed_out(
    ctx: RequestContext,
    sids: Sequence[str],
    *,
    here: str | None,
    client: ClientCard | None = None,
    way_back: str | None = None,
    locale: str | None = None,
) -> flask.Response:
    """Send the person on from sessions that are over, this browser's (`here`) among them or not."""
    sids = sids[:_MOST]
    if way_back is not None and not told.report(ctx, sids, here).frames:
        response = redirect(way_back)
    else:
        carry = {"sids": list(sids), "here": here, "way_back": way_back}
        farewell = Handover(to=GOODBYE, client=client, carry=carry, locale=locale)
        response = redirect(continuation.url(GOODBYE, "goodbye", farewell))
    for cookie in (cookies.SESSION, cookies.TURN):
        cookies.clear(response, ctx.settings, cookie)
    return response


@bp.get(GOODBYE)
def goodbye() -> flask.Response:
    """Say that the session is over, and who was told; reloading does no harm."""
    ctx, farewell = request_context(), continuation.receive("goodbye", parameters.query())
    if farewell is None:
        return show(None, was_signed_in=True)
    carried = farewell.carry
    found = told.report(ctx, carried.get("sids", ()), carried.get("here"))
    return show(farewell.client, was_signed_in=True, found=found, way_back=carried.get("way_back"))


def show(
    client: ClientCard | None,
    *,
    was_signed_in: bool,
    found: Report | None = None,
    way_back: str | None = None,
) -> flask.Response:
    """Return the page; with a `way_back` it goes there by itself, script or none."""
    found = found or Report()
    home_url = client.home_url if client else None
    clients = [_in_words(each) for each in found.clients]
    response = page(
        "logged_out",
        frames=found.frames,
        client=client,
        clients=clients,
        yours=sum(bool(each["yours"]) for each in clients),
        unsettled=any(each.word in (Word.TELLING, Word.TRYING) for each in found.clients),
        frame_urls=found.frames,
        return_url=way_back or home_url,
        onward=way_back is not None,
        sign_in_url="/login",
        was_signed_in=was_signed_in,
    )
    if way_back is not None:
        response.headers["Refresh"] = f"{_ONWARD_SECONDS}; url={way_back}"
    return response


def _in_words(client: Told) -> dict[str, object]:
    words = {
        Word.TOLD: _("Was told, and has confirmed it."),
        Word.ASKED_HERE: _("Is asked in this browser to sign you out."),
        Word.TELLING: _("Is being told now."),
        Word.TRYING: _("Could not be reached yet. We keep trying."),
        Word.DEAF: _("Cannot be told. You may still be signed in there."),
        Word.FAILED: _("Could not be told. Sign out there as well."),
    }
    icons = {Word.TOLD: "done", Word.ASKED_HERE: "globe", Word.TELLING: "clock"}
    yours = client.word in (Word.DEAF, Word.FAILED)
    return {
        "name": client.name,
        "said": words[client.word],
        "icon": icons.get(client.word, "stay" if client.word is Word.TRYING else "alert"),
        "word": client.word.name.lower(),
        "yours": yours,
        "home_url": client.home_url if yours else None,
    }
