"""/reset: what to do now that an operator took the second steps away."""

import flask

from idp.admission.opened import link_over, received, way_to
from idp.credentials.account_tickets import Purpose
from idp.login.proceed import RESET_TICKET
from idp.login.ways import HOME
from idp.store import users
from idp.store.account_tickets import AccountTicket
from idp.web import continuation, parameters
from idp.web.context import request_context
from idp.web.continuation import Handover
from idp.web.pages import page, redirect

bp = flask.Blueprint("reset", __name__)
RESET = "/reset"


def open_link(ticket: AccountTicket) -> flask.Response:
    """Go on to the page that says what to do."""
    return redirect(way_to(RESET, ticket))


@bp.get(RESET)
def explain() -> flask.Response:
    """Say that the password is asked for first; new second steps are set up behind it."""
    opened = received(parameters.query(), Purpose.RESET)
    user = users.find(request_context().db, opened.ticket.user_id or "") if opened else None
    if opened is None or user is None or user.disabled_at is not None:
        return link_over()
    onward = Handover(to=HOME, identifier=user.username, carry={RESET_TICKET: opened.ticket.id})
    return page(
        "ticket_reset",
        account=user.username,
        login_url=continuation.url("/login", "login", onward),
    )
