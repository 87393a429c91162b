"""What a browser shows of itself: the cookies that we gave it."""

from dataclasses import dataclass

import flask

from idp.context import RequestContext
from idp.credentials.devices import read_device_cookie
from idp.kernel.secrets import MasterKey
from idp.web import cookies


@dataclass(frozen=True, slots=True)
class Shown:
    """What a browser shows: a session's secret and its turn, and the credential of the device."""

    secret: str | None = None
    device_id: str | None = None
    turn: str | None = None


def cookies_shown(ctx: RequestContext) -> Shown:
    """Return what this request's cookies show."""
    device = cookies.read(ctx.settings, cookies.DEVICE)
    return Shown(
        secret=cookies.read(ctx.settings, cookies.SESSION),
        device_id=read_device_cookie(ctx.house.get(MasterKey), device) if device else None,
        turn=cookies.read(ctx.settings, cookies.TURN),
    )


def give_turn(ctx: RequestContext, turn: str) -> None:
    """Have the browser keep this turn, for longer than it may keep the session's secret.

    Who came with the secret alone would be behind, so it does not go by the session's end: that may
    be put off meanwhile, and the clock by which a browser counts may leap.
    """
    if flask.g.get("turn") == turn:
        return
    flask.g.turn = turn

    @flask.after_this_request
    def _give(response: flask.Response) -> flask.Response:
        cookies.write(response, ctx.settings, cookies.TURN, turn, max_age=cookies.YEAR)
        return response
