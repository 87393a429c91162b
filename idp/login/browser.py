"""The browser's session and device cookies."""

from collections.abc import Callable

import flask

from idp.credentials.devices import credential_for
from idp.judgement.policies import Policies
from idp.login import opening
from idp.login.sign_in import Browser, Judged, Proved
from idp.policy.extent import longest
from idp.policy.terms import Moment
from idp.presence import service as presence
from idp.presence.shown import cookies_shown
from idp.store.sessions import Session
from idp.web import continuation, cookies
from idp.web.context import request_context
from idp.web.continuation import Handover

Respond = Callable[[str], flask.Response]


def current() -> Browser:
    """Return what we know of the browser that asks."""
    ctx = request_context()
    shown = cookies_shown(ctx)
    here = presence.attend(ctx, shown, Moment.ACCOUNT)
    return Browser(
        secret=shown.secret,
        standing=here.standing,
        device_id=shown.device_id,
        challenged=here.challenged,
        turn=shown.turn,
    )


def sign_in(proved: Proved, handover: Handover, respond: Respond) -> flask.Response:
    """Open the session and give the browser its cookies.

    `respond` makes the answer out of the URL that leads back to whoever asked.
    """
    ctx, browser = request_context(), current()
    shown = cookies.read(ctx.settings, cookies.DEVICE)
    device_id, device = credential_for(ctx, shown)
    opened = opening.open_session(ctx, proved, browser, device_id)
    sid = opened.session.sid
    onward = handover.with_(login=sid) if proved.fresh and not proved.stepped_up else handover
    if proved.stepped_up:
        onward = onward.with_(step_up=sid)
    response = respond(continuation.back(onward))
    give_secret(response, opened.session, opened.secret, proved.judged)
    # Written each time, so that a browser in use stays known.
    cookies.write(response, ctx.settings, cookies.DEVICE, device, max_age=cookies.YEAR)
    return response


def give_secret(
    response: flask.Response, session: Session, secret: str, judged: Judged | None = None
) -> None:
    """Have the browser keep a session's secret from now on, for as long as its user wished."""
    lasts = _lasts(session, judged)
    cookies.write(response, request_context().settings, cookies.SESSION, secret, max_age=lasts)


def _lasts(session: Session, judged: Judged | None) -> int | None:
    """Return for how many seconds the cookie outlives the browser's window; None: it does not.

    However long it is kept, the session ends by its own limits.
    """
    if not session.remembered:
        return None
    ctx = request_context()
    left = session.absolute_until - ctx.now
    policy = ctx.house.get(Policies).current(ctx.now)
    most = judged.decided.judgement.limits.remember if judged else longest(policy, "remember")
    return max(1, int(min(left, most).total_seconds()))
