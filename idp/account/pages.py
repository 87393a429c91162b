"""GET /account: how safe the account is, what to do about it, and where everything else is."""

from datetime import timedelta

import flask

from idp.account.decision_words import sign_in_in_words
from idp.account.devices import facts_of
from idp.account.frame import OVERVIEW, account_page
from idp.account.guard import shown
from idp.account.questions import newest_of
from idp.account.security import advice_for
from idp.context import RequestContext
from idp.protocol.logout.farewell import LOGOUT, signed_out
from idp.sessions import service as sessions
from idp.store import consents, decisions
from idp.store import sessions as session_rows
from idp.store.sessions import Standing
from idp.web import cookies, csrf, parameters
from idp.web.context import request_context
from idp.web.pages import redirect
from idp.web.words import at_time

bp = flask.Blueprint("account", __name__)
# A question that nobody answered in a fortnight waits in the activity, where it was all the time.
ASKED_FOR, LOOKED_AT = timedelta(days=14), 30


@bp.get("/")
def root() -> flask.Response:
    """Go to the account page."""
    return redirect(OVERVIEW)


@bp.get(OVERVIEW)
@shown
def home(ctx: RequestContext, standing: Standing) -> flask.Response:
    """Show the account, or ask to sign in."""
    session, user_id = standing.session, standing.user.id
    before = session_rows.find_before(ctx.db, session)
    lately = decisions.list_between(ctx.db, user_id, ctx.now - ASKED_FOR, None, LOOKED_AT)
    asked = newest_of(lately, session)
    return account_page(
        "account",
        standing,
        OVERVIEW,
        security=advice_for(ctx, standing),
        session=facts_of(ctx, session),
        before=facts_of(ctx, before) | {"when": at_time(before.opened_at)} if before else None,
        asked={"id": asked.decision.id, "vouched": True} | sign_in_in_words(ctx, asked.decision)
        if asked
        else None,
        device_count=len(session_rows.list_live_of_user(ctx.db, user_id, ctx.now)),
        application_count=len(consents.list_of_user(ctx.db, user_id)),
    )


@bp.post("/account/sign-out")
def sign_out() -> flask.Response:
    """End the session whose cookie this browser shows; nobody proves anything to get out.

    One that another tab has proved anew just now has another secret: who asks again finds it.
    """
    csrf.check(parameters.form())
    ctx = request_context()
    standing = sessions.find_standing(ctx, cookies.read(ctx.settings, cookies.SESSION))
    if standing is None:
        return redirect(LOGOUT)
    sid = standing.session.sid
    sessions.end(ctx, sid, because="user_logout")
    return signed_out(ctx, [sid], here=sid)
