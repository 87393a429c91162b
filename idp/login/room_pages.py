"""/login/room: as many sessions as there may be, and one of them can end for this one."""

from datetime import datetime, timedelta

import flask

from idp.login.half_done import HalfDone, half_done
from idp.login.proceed import cancelled, make_room, received, start_again
from idp.login.ways import ROOM
from idp.store import sessions
from idp.store.sessions import Session
from idp.surroundings.agents import agent_of
from idp.web import continuation, csrf, parameters
from idp.web.context import request_context
from idp.web.device_words import describe
from idp.web.pages import page
from idp.web.words import gettext as _
from idp.web.words import in_words

bp = flask.Blueprint("login_room", __name__)
_A_MOMENT = timedelta(minutes=1)


@bp.get(ROOM)
def ask() -> flask.Response:
    """Say where the person is signed in, and ask whether the oldest may end."""
    handover = received(parameters.query())
    half = _complete(half_done(handover))
    return _show(half) if half else start_again(handover)


@bp.post(ROOM)
def answer() -> flask.Response:
    """End what was unused for longest, and go on with what was shown."""
    form = parameters.form()
    csrf.check(form)
    handover = received(form)
    if (way_back := cancelled(form, handover)) is not None:
        return way_back
    half = _complete(half_done(handover))
    return make_room(half) if half else start_again(handover)


def _complete(half: HalfDone | None) -> HalfDone | None:
    """Return the sign-in; nobody reads where somebody is signed in before all is shown."""
    return half if half and _places(half) else None


def _places(half: HalfDone) -> int:
    return half.handover.asked.places if half.handover.asked else 0


def _show(half: HalfDone) -> flask.Response:
    ctx, handover, places = request_context(), half.handover, _places(half)
    live = sessions.list_live_of_user(ctx.db, half.user.id, ctx.now)
    stay = max(0, places - 1)
    return page(
        "login_room",
        form_target=handover.target,
        client=handover.client,
        ticket=continuation.ticket("login", handover),
        action=ROOM,
        account=half.user.username,
        places=places,
        ending=len(live[stay:]),
        sessions=[_facts_of(each, ctx.now) | {"ends": n >= stay} for n, each in enumerate(live)],
    )


def _facts_of(session: Session, now: datetime) -> dict[str, object]:
    unused = now - session.last_seen_at
    agent = session.seen_user_agent or session.user_agent
    return {
        "device": describe(agent),
        "handheld": agent_of(agent).handheld,
        "used": _("Last used %(time)s ago", time=in_words(unused))
        if unused >= _A_MOMENT
        else _("Used a moment ago"),
    }
