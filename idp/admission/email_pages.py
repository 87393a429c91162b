"""/ticket/email: use a proved address, where its user is signed in."""

import flask

from idp.admission import email_change
from idp.admission.opened import Opened, link_over, received, way_to
from idp.credentials.account_tickets import Purpose
from idp.login import browser
from idp.login.proceed import hop
from idp.login.ways import HOME
from idp.store.account_tickets import AccountTicket
from idp.web import continuation, csrf, parameters
from idp.web.context import request_context
from idp.web.pages import page, redirect

bp = flask.Blueprint("email_change", __name__)
EMAIL = "/ticket/email"
_DONE = "email_changed"


def open_link(ticket: AccountTicket) -> flask.Response:
    """Go on to the page that asks for a yes."""
    return redirect(way_to(EMAIL, ticket))


@bp.get(EMAIL)
def ask() -> flask.Response:
    """Ask whether the address shall be used; first for a sign-in, where there is none."""
    query = parameters.query()
    handover = continuation.receive("continue", query)
    if handover is not None and handover.carry.get(_DONE):
        return page("ticket_email_done", home_url=HOME)
    opened = received(query, Purpose.VERIFY_EMAIL)
    if opened is None:
        return link_over()
    return _unless_theirs(opened) or _show(opened)


@bp.post(EMAIL)
def answer() -> flask.Response:
    """Use the address."""
    form = parameters.form()
    csrf.check(form)
    opened = received(form, Purpose.VERIFY_EMAIL)
    if opened is None:
        return link_over()
    if (elsewhere := _unless_theirs(opened)) is not None:
        return elsewhere
    if not email_change.confirm(request_context(), opened.ticket):
        return link_over()
    return redirect(continuation.back(opened.handover.with_(**{_DONE: True})))


def _unless_theirs(opened: Opened) -> flask.Response | None:
    """Return where to go instead, unless whom the ticket is about is signed in here."""
    standing = browser.current().standing
    if standing is None:
        return hop("/login", opened.handover)
    if standing.user.id == opened.ticket.user_id:
        return None
    switch = opened.handover.frame(reason="other_account")
    return page(
        "ticket_other_account",
        account=standing.user.username,
        switch_url=continuation.url("/login", "login", switch),
        home_url=HOME,
    )


def _show(opened: Opened) -> flask.Response:
    standing = browser.current().standing
    return page(
        "ticket_email",
        ticket=continuation.ticket("continue", opened.handover),
        action=EMAIL,
        address=opened.ticket.email,
        account=standing.user.username if standing else None,
        home_url=HOME,
    )
