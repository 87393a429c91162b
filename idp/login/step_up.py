"""GET /login/step-up: ask a signed-in person for what the session has not shown yet."""

from dataclasses import replace

import flask

from idp.context import RequestContext
from idp.credentials.owned import bindable, owned
from idp.kernel.clock import epoch
from idp.login import browser, service
from idp.login.proceed import ENROL, ENROL_KEY, PATHS, hop, received
from idp.policy.acr import LEVELS, satisfies
from idp.policy.factors import steps_to
from idp.policy.sign_in import NeedFactor
from idp.store.sessions import Session, Standing
from idp.web import continuation, csrf, parameters
from idp.web.context import request_context
from idp.web.continuation import Handover
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
    missing = service.judge(ctx, user, session.amr, fresh=True)
    if isinstance(missing, NeedFactor) or not _recent(ctx, session):
        # A new factor is bound by who has just proved to be there, by all that there is.
        age = int(ctx.settings.reauthentication_age.total_seconds())
        at = epoch(session.authenticated_at)
        return hop(
            "/login", replace(handover, reason="sensitive", fresh=True, proved_at=at, age=age)
        )
    onward = _begin(standing, handover, "step_up_by_binding")
    keys_only = all(satisfies(level, "phr") for level in handover.acr)
    return hop(ENROL_KEY if keys_only and "key" in bindable(ctx) else ENROL, onward)


def _recent(ctx: RequestContext, session: Session) -> bool:
    return ctx.now - session.authenticated_at <= ctx.settings.reauthentication_age


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
    onward = handover.frame(reason="client_wants_more", attempt=attempt)
    return replace(onward, proved_at=epoch(session.authenticated_at))
