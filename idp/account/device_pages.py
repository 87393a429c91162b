"""/account/devices: where you are signed in, and which browsers know you (ASVS 5.0 §7.5.2)."""

import flask

from idp.account.devices import browsers_of, sessions_of
from idp.account.frame import DEVICES, account_page
from idp.account.guard import sensitive_act, shown
from idp.account.notices import with_notice
from idp.context import RequestContext
from idp.credentials import devices
from idp.protocol.logout.farewell import signed_out
from idp.sessions import service as sessions
from idp.store import login_attempts
from idp.store import sessions as session_rows
from idp.store.sessions import Standing
from idp.web.pages import redirect
from idp.web.parameters import Parameters

bp = flask.Blueprint("account_devices", __name__)


@bp.get(DEVICES)
@shown
def show(ctx: RequestContext, standing: Standing) -> flask.Response:
    """Show each session, this one first, and each browser that signed the user in before."""
    return account_page(
        "account_devices",
        standing,
        DEVICES,
        sessions=sessions_of(ctx, standing.session),
        browsers=browsers_of(ctx, standing.session),
    )


@bp.post("/account/sessions/end")
@sensitive_act(DEVICES)
def end_one(ctx: RequestContext, standing: Standing, form: Parameters) -> flask.Response:
    """End one of the user's own sessions."""
    sid = form.get("sid")
    own = {each.sid for each in session_rows.list_live_of_user(ctx.db, standing.user.id, ctx.now)}
    if sid is None or sid not in own:
        return redirect(DEVICES)
    ended = sessions.end(ctx, sid, because="user_ended")
    if sid == standing.session.sid:
        return signed_out(ctx, [sid], here=sid)
    return redirect(with_notice(DEVICES, "session_ended") if ended else DEVICES)


@bp.post("/account/sessions/end-others")
@sensitive_act(DEVICES)
def end_others(ctx: RequestContext, standing: Standing, form: Parameters) -> flask.Response:
    """End every session but this one, and what was begun to open another."""
    del form
    login_attempts.end_all_of_user(ctx.db, standing.user.id, ctx.now)
    sessions.end_others(ctx, standing.session, because="user_ended")
    return redirect(with_notice(DEVICES, "others_ended"))


@bp.post("/account/sessions/end-all")
@sensitive_act(DEVICES)
def end_all(ctx: RequestContext, standing: Standing, form: Parameters) -> flask.Response:
    """End every session, this one too."""
    del form
    user_id, here = standing.user.id, standing.session.sid
    others = [each.sid for each in session_rows.list_live_of_user(ctx.db, user_id, ctx.now)]
    login_attempts.end_all_of_user(ctx.db, user_id, ctx.now)
    sessions.end_all_of_user(ctx, user_id, because="user_ended")
    return signed_out(ctx, [here, *(sid for sid in others if sid != here)], here=here)


@bp.post("/account/devices/forget")
@sensitive_act(DEVICES)
def forget(ctx: RequestContext, standing: Standing, form: Parameters) -> flask.Response:
    """Make a browser a stranger again; it stands for no second step any more."""
    gone = devices.forget(ctx, form.get("device_id") or "", standing.user.id)
    return redirect(with_notice(DEVICES, "device_forgotten") if gone else DEVICES)
