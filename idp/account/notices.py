"""What the account page says after an act, carried over the redirect by a ticket."""

from idp.account.guard import HOME
from idp.web import continuation, parameters
from idp.web.continuation import Handover
from idp.web.words import gettext as _

PURPOSE = "notice"


def with_notice(key: str) -> str:
    """Return the address of the account page with something to say."""
    return continuation.url(HOME, PURPOSE, Handover(to=HOME, reason=key))


def notice() -> str | None:
    """Return what this request's ticket says; None without one."""
    said = continuation.receive(PURPOSE, parameters.query())
    sentences = {
        "factor_required": _("A second factor is required here, so the last one stays."),
        "authenticator_removed": _("The authenticator app was removed."),
        "connection_revoked": _("The application has no access any more."),
    }
    return sentences.get(said.reason or "") if said else None
