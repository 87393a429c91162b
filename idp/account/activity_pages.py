"""/account/activity: what happened to your account, newest first, each with its reason."""

import flask

from idp.account.activity import lines_of
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
    return account_page(
        "account_activity",
        standing,
        ACTIVITY,
        days=lines_of(ctx, found[:LINES], standing.session.sid),
        older_url=f"{ACTIVITY}?before={more}" if more is not None else None,
        newest_url=ACTIVITY if before is not None else None,
    )


def _number(text: str | None) -> int | None:
    """Return the event from which on to go back; whatever is no number begins at the top."""
    if text and text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER:
        return int(text)
    return None
