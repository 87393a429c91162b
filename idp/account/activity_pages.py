"""/account/activity: what happened to your account, newest first, each with its reason."""

from datetime import datetime

import flask

from idp.account.activity import decided_among, lines_of
from idp.account.activity_words import ROUTINE
from idp.account.frame import ACTIVITY, account_page
from idp.account.guard import shown
from idp.context import RequestContext
from idp.store import audit_events
from idp.store.sessions import Standing
from idp.web import parameters

bp = flask.Blueprint("account_activity", __name__)
LINES = 30
_LONGEST_NUMBER = 18


@bp.get(ACTIVITY)
@shown
def show(ctx: RequestContext, standing: Standing) -> flask.Response:
    """Show a page of the history."""
    before = _number(parameters.query().get("before"))
    found = audit_events.list_of_user(
        ctx.db, standing.user.id, LINES + 1, before=before, without=ROUTINE
    )
    more = found[LINES - 1].id if len(found) > LINES else None
    user_id, events = standing.user.id, found[:LINES]
    decided = decided_among(ctx, user_id, events, _begin(ctx, user_id, before), oldest=more is None)
    return account_page(
        "account_activity",
        standing,
        ACTIVITY,
        days=lines_of(ctx, events, decided, standing.session),
        older_url=f"{ACTIVITY}?before={more}" if more is not None else None,
        newest_url=ACTIVITY if before is not None else None,
    )


def _begin(ctx: RequestContext, user_id: str, before: int | None) -> datetime | None:
    """Return from which instant on the page before this one told everything."""
    if before is None:
        return None
    last = audit_events.list_of_user(ctx.db, user_id, 1, before=before + 1, without=ROUTINE)
    return last[0].at if last else None


def _number(text: str | None) -> int | None:
    """Return the event from which on to go back; whatever is no number begins at the top."""
    if text and text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER:
        return int(text)
    return None
