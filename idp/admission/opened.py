"""A link that was opened: from here on the browser's own, in addresses without its secret."""

from dataclasses import dataclass

import flask

from idp.credentials import account_tickets
from idp.credentials.account_tickets import Purpose
from idp.kernel.encoding import b64url
from idp.kernel.secrets import same
from idp.store.account_tickets import AccountTicket
from idp.web import continuation, csrf
from idp.web.context import request_context
from idp.web.continuation import Handover
from idp.web.pages import page
from idp.web.parameters import Parameters

_TICKET, _BROWSER = "account_ticket", "account_ticket_browser"
GONE = 410


@dataclass(frozen=True, slots=True)
class Opened:
    """A live ticket that this browser has opened, and the handover that says so."""

    ticket: AccountTicket
    handover: Handover


def way_to(path: str, ticket: AccountTicket) -> str:
    """Return the address of the ticket's page, which is good in this browser alone."""
    csrf.token()
    carry = {_TICKET: ticket.id, _BROWSER: b64url(csrf.browser_hash())}
    return continuation.back(Handover(to=path, carry=carry))


def received(sent: Parameters, purpose: Purpose) -> Opened | None:
    """Return the ticket that this browser opened; None when it is over or another browser's."""
    handover = continuation.receive("continue", sent)
    if handover is None:
        return None
    if not same(str(handover.carry.get(_BROWSER)), b64url(csrf.browser_hash())):
        return None
    ticket_id = handover.carry.get(_TICKET)
    ticket = account_tickets.find_opened(request_context(), ticket_id, purpose)
    return Opened(ticket, handover) if ticket else None


def link_over() -> flask.Response:
    """Show that a link is used, too old, or none of ours: which of it nobody learns."""
    settings = request_context().settings
    return page(
        "ticket_over",
        status=GONE,
        recovery_url="/recovery" if settings.sends_mail else None,
        login_url="/login",
    )
