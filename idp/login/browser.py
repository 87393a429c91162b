"""The browser's session and device cookies."""

from collections.abc import Callable

import flask

from idp.credentials.devices import new_device_cookie, read_device_cookie
from idp.kernel.secrets import MasterKey
from idp.login import service
from idp.login.service import Browser
from idp.sessions import service as sessions
from idp.store.users import User
from idp.web import continuation, cookies
from idp.web.context import request_context
from idp.web.continuation import Handover

Respond = Callable[[str], flask.Response]


def current() -> Browser:
    """Return what we know of the browser that asks."""
    ctx = request_context()
    secret = cookies.read(ctx.settings, cookies.SESSION)
    device = cookies.read(ctx.settings, cookies.DEVICE)
    master = ctx.house.get(MasterKey)
    return Browser(
        secret=secret,
        standing=sessions.find_live(ctx, secret),
        device_id=read_device_cookie(master, device) if device else None,
    )


def sign_in(
    user: User, amr: tuple[str, ...], handover: Handover, respond: Respond
) -> flask.Response:
    """Open the session and give the browser its cookies.

    `respond` makes the answer out of the URL that leads back to whoever asked.
    """
    ctx, browser = request_context(), current()
    made = None
    device_id = browser.device_id
    if device_id is None:
        device_id, made = new_device_cookie(ctx.house.get(MasterKey))
    opened = service.open_session(ctx, user, amr, browser, device_id)
    response = respond(continuation.back(handover.with_(login=opened.session.sid)))
    cookies.write(response, ctx.settings, cookies.SESSION, opened.secret)
    if made is not None:
        cookies.write(response, ctx.settings, cookies.DEVICE, made, max_age=cookies.YEAR)
    return response
