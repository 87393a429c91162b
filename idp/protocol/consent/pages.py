"""GET and POST /consent: who asks, for what, and your answer (OIDC Core §3.1.2.4)."""

import flask

from idp.kernel.errors import IdpError
from idp.policy.terms import Moment
from idp.presence import service as presence
from idp.presence.shown import cookies_shown
from idp.protocol.consent import service
from idp.protocol.consent.words import items, title_of
from idp.store.sessions import Standing
from idp.web import continuation, csrf, parameters
from idp.web.context import request_context
from idp.web.continuation import Handover
from idp.web.pages import page, redirect

bp = flask.Blueprint("consent", __name__)


class ConsentStale(IdpError):
    """The question is too old, or somebody else is signed in by now."""

    public = "This question is no longer open."


@bp.get("/consent")
def ask() -> flask.Response:
    """Show what the client would get."""
    handover, standing = _asked(parameters.query())
    carry = handover.carry
    wanted = tuple(carry["scope"])
    return page(
        "consent",
        form_target=handover.target,
        client=handover.client,
        ticket=parameters.query().get(continuation.PARAMETER),
        action="/consent",
        account=standing.user.display_name,
        items=items(standing.user, wanted, tuple(carry["claims"])),
        offline="offline_access" in wanted,
        new_items={title_of(scope) for scope in wanted if scope not in standing.scope}
        if standing.scope
        else set(),
        account_url="/account",
    )


@bp.post("/consent")
def answer() -> flask.Response:
    """Take the answer and go back to the authorization request."""
    form = parameters.form()
    csrf.check(form)
    handover, standing = _asked(form)
    carry, user_id = handover.carry, standing.user.id
    if form.get("action") != "allow":
        service.deny(request_context(), user_id, carry["client_id"])
        return redirect(continuation.back(handover.with_(denied=True)))
    service.allow(
        request_context(),
        user_id,
        carry["client_id"],
        scope=tuple(carry["scope"]),
        claims=tuple(carry["claims"]),
    )
    return redirect(continuation.back(handover.with_(consent=standing.session.sid)))


def _asked(sent: parameters.Parameters) -> tuple[Handover, Standing]:
    """Return the question and who must answer it.

    Raises:
        ConsentStale: no such question, or it was put to another session.
    """
    ctx = request_context()
    handover = continuation.receive("consent", sent)
    if handover is None:
        raise ConsentStale("no ticket")
    client_id = handover.carry["client_id"]
    here = presence.attend(ctx, cookies_shown(ctx), Moment.AUTHORIZE, client_id=client_id)
    standing = here.standing
    if standing is None or standing.session.sid != handover.carry["sid"]:
        raise ConsentStale("another session")
    return handover, standing
