"""GET /ticket: a link that came by mail is opened. Looking at it uses nothing up."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import flask

from idp.admission import (
    email_pages,
    invitation_pages,
    recovery_pages,
    registration_pages,
    reset_pages,
)
from idp.admission.opened import link_over
from idp.credentials import account_tickets
from idp.credentials.account_tickets import PARAMETER, PATH, Purpose
from idp.store.account_tickets import AccountTicket
from idp.web import csrf, parameters
from idp.web.context import request_context

bp = flask.Blueprint("admission_links", __name__)
Open = Callable[[AccountTicket], flask.Response]
WAYS: Mapping[Purpose, Open] = MappingProxyType(
    {
        Purpose.RECOVER: recovery_pages.open_link,
        Purpose.INVITE: invitation_pages.open_link,
        Purpose.RESET: reset_pages.open_link,
        Purpose.VERIFY_EMAIL: email_pages.open_link,
        Purpose.REGISTER: registration_pages.open_link,
    }
)


@bp.get(PATH)
def open_link() -> flask.Response:
    """Go on to what the link is for, leaving its secret behind."""
    token = parameters.query().get(PARAMETER)
    ticket = account_tickets.find(request_context(), token)
    response = WAYS[Purpose(ticket.purpose)](ticket) if ticket else link_over()
    # The address that the browser shows now holds a secret: nobody else is told of it.
    response.headers["Referrer-Policy"] = "no-referrer"
    csrf.keep_browser_cookie(response)
    return response
