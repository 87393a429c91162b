"""GET /login/step-up: ask a signed-in person for what the session has not shown yet."""

from dataclasses import replace

import flask

from idp.credentials.owned import bindable, owned
from idp.kernel.clock import epoch
from idp.login import browser, service
from idp.login.proceed import ENROL, ENROL_KEY, PATHS, hop, received
from idp.policy.acr import satisfies
from idp.policy.factors import steps_to
from idp.web import continuation, csrf, parameters
from idp.web.context import request_context
from idp.web.pages import redirect

bp = flask.Blueprint("login_step_up", __name__)


@bp.get("/login/step-up")
def step_up() -> flask.Response:
    """Ask for the one step that reaches a wanted level, or let it be set up."""
    handover = received(parameters.query())
    ctx, standing = request_context(), browser.current().standing
    if standing is None or handover.reason is not None:
        # A ticket that asks for a sign-in is no ticket for less.
        return hop("/login", handover)
    session, user = standing.session, standing.user
    if any(satisfies(session.acr, level) for level in handover.acr):
        return redirect(continuation.back(handover.with_(step_up=session.sid)))
    has = owned(ctx, user)
    steps = next((s for level in handover.acr if (s := steps_to(level, session.amr, has))), ())
    if not steps and ctx.now - session.authenticated_at > ctx.settings.reauthentication_age:
        # A new factor is bound by who has just proved to be there, as on the account page.
        again = replace(
            handover,
            reason="sensitive",
            fresh=True,
            proved_at=epoch(session.authenticated_at),
            age=int(ctx.settings.reauthentication_age.total_seconds()),
        )
        return hop("/login", again)
    attempt = service.begin_attempt(
        ctx, user.id, session.amr, csrf.browser_hash(), sid=session.sid, purpose="step_up"
    )
    onward = handover.frame(reason="client_wants_more", attempt=attempt)
    if steps:
        onward = replace(onward, proved_at=epoch(session.authenticated_at))
        return hop(PATHS[steps[0]], onward)
    keys_only = all(satisfies(level, "phr") for level in handover.acr)
    return hop(ENROL_KEY if keys_only and "key" in bindable(ctx) else ENROL, onward)
