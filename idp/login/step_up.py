"""GET /login/step-up: ask a signed-in person for what the session has not shown yet."""

from dataclasses import replace

import flask

from idp.credentials.owned import bindable, owned
from idp.kernel.clock import epoch
from idp.login import browser, confirming, service
from idp.login.proceed import hop, received
from idp.login.ways import ENROL, ENROL_KEY, PATHS
from idp.policy.acr import LEVELS, satisfies
from idp.policy.factors import steps_to
from idp.store.sessions import Standing
from idp.web import continuation, csrf, parameters
from idp.web.context import request_context
from idp.web.continuation import Handover
from idp.web.pages import redirect

bp = flask.Blueprint("login_step_up", __name__)
BINDING = "set_up_a_step"


@bp.get("/login/step-up")
def step_up() -> flask.Response:
    """Ask for the one step that reaches a wanted level, or let it be set up."""
    query = parameters.query()
    missing = continuation.receive("step-up", query)
    handover = missing or received(query)
    ctx, standing = request_context(), browser.current().standing
    if standing is None or (missing is None and handover.reason is not None):
        # A ticket that asks for a sign-in is no ticket for less.
        return hop("/login", handover)
    session, user = standing.session, standing.user
    wanted = handover.acr or LEVELS[LEVELS.index(session.acr) + 1 :]
    onward = replace(handover, acr=wanted)
    if any(satisfies(session.acr, level) for level in wanted):
        return redirect(continuation.back(handover.with_(step_up=session.sid)))
    has = owned(ctx, user)
    steps = next((s for level in wanted if (s := steps_to(level, session.amr, has))), ())
    if steps:
        return hop(PATHS[steps[0]], _begin(standing, onward, "step_up"))
    if not handover.acr:
        # Nobody asked, and there is nothing more to show.
        return redirect(continuation.back(handover))
    if (reason := confirming.why_not(ctx, standing)) is not None:
        # A new factor is bound by who has just proved to be there, by all that there is.
        return redirect(confirming.ask(ctx, standing, replace(handover, what=BINDING), reason))
    onward = _begin(standing, handover, "step_up_by_binding")
    keys_only = all(satisfies(level, "phr") for level in handover.acr)
    return hop(ENROL_KEY if keys_only and "key" in bindable(ctx) else ENROL, onward)


def _begin(standing: Standing, handover: Handover, purpose: str) -> Handover:
    session = standing.session
    attempt = service.begin_attempt(
        request_context(),
        session.user_id,
        session.amr,
        csrf.browser_hash(),
        sid=session.sid,
        proved_at=session.authenticated_at,
        purpose=purpose,
    )
    return replace(
        handover,
        reason=handover.reason or "client_wants_more",
        attempt=attempt,
        proved_at=epoch(session.authenticated_at),
        fresh=True,
        identifier="",
        user_id=None,
    )
