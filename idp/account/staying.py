"""When the session ends that an account page is shown in, why, and how to stay (WCAG 2.2 §2.2.1).

Looking at a page counts as use, so an idle end is near only where a page stood open. A script says
so two minutes before; without scripts the line and its button stand at the end of each page. An
absolute end cannot be put off: it is said early enough to finish what one does.
"""

from dataclasses import replace
from datetime import timedelta

import flask

from idp.account.frame import OVERVIEW, SECTIONS
from idp.account.guard import act
from idp.context import RequestContext
from idp.sessions import service as sessions
from idp.store.sessions import Session, Standing
from idp.web import cookies
from idp.web.context import request_context
from idp.web.pages import redirect
from idp.web.parameters import Parameters

bp = flask.Blueprint("account_staying", __name__)
STAY, STATE = "/account/stay", "/account/session"
# Who has a copy of the cookies would see in each move of the idle end that their owner is there,
# and could be the next to come each time, so that neither copy falls behind (policy.turns).
_FAR, _NEAR = timedelta(minutes=15), timedelta(minutes=4)


@bp.post(STAY)
@act(OVERVIEW)
def stay(ctx: RequestContext, standing: Standing, form: Parameters) -> flask.Response:
    """Count the press of the button as use of the session, to the second."""
    session = sessions.stay(ctx, standing.session)
    if flask.request.accept_mimetypes.best == "application/json":
        return _state(ctx, session)
    to = form.get("to") or OVERVIEW
    return redirect(to if to in SECTIONS else OVERVIEW)


@bp.get(STATE)
def state() -> flask.Response:
    """Say how long the session still has: another window may have used it. That is no use of it.

    Of an idle end that is far off no more is said than that.
    """
    ctx = request_context()
    standing = sessions.find_standing(ctx, cookies.read(ctx.settings, cookies.SESSION))
    good = standing is not None and standing.session.challenged_at is None
    return _state(ctx, _from_afar(ctx, standing.session) if standing is not None and good else None)


def _from_afar(ctx: RequestContext, session: Session) -> Session:
    """Return the session with no more of its idle end than who waits for it needs to know."""
    enough = max(_NEAR, min(_FAR, timedelta(seconds=session.idle_seconds) / 2))
    return replace(session, idle_until=min(session.idle_until, ctx.now + enough))


def _state(ctx: RequestContext, session: Session | None) -> flask.Response:
    nothing = timedelta(0)
    idle = session.idle_until - ctx.now if session is not None else nothing
    absolute = session.absolute_until - ctx.now if session is not None else nothing
    response = flask.jsonify(idle=int(idle.total_seconds()), absolute=int(absolute.total_seconds()))
    response.headers["Cache-Control"] = "no-store"
    return response
