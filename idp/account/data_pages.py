"""/account/data: take a copy with you. /account/delete: go for good."""

import json

import flask

from idp.account import administration, export
from idp.account.frame import DATA, DELETE, account_page
from idp.account.guard import sensitive_act, shown, shown_when_proved
from idp.context import RequestContext
from idp.store.sessions import Standing
from idp.store.users import username_key
from idp.web import cookies
from idp.web.pages import page, redirect
from idp.web.parameters import Parameters
from idp.web.words import gettext as _

bp = flask.Blueprint("account_data", __name__)
DELETED = "/account/deleted"


@bp.get(DATA)
@shown
def show(ctx: RequestContext, standing: Standing) -> flask.Response:
    """Say what the copy holds."""
    del ctx
    return account_page("account_data", standing, DATA)


@bp.post(DATA)
@sensitive_act(DATA)
def download(ctx: RequestContext, standing: Standing, form: Parameters) -> flask.Response:
    """Give the copy as a file."""
    del form
    copy = json.dumps(export.export(ctx, standing.user), indent=2, ensure_ascii=False)
    response = flask.Response(copy + "\n", content_type="application/json")
    name = f"my-account-{ctx.now:%Y-%m-%d}.json"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@bp.get(DELETE)
@shown_when_proved
def show_deletion(ctx: RequestContext, standing: Standing) -> flask.Response:
    """Say what deleting means, and ask for the user name."""
    return _show_deletion(standing) if ctx.settings.account_deletion else redirect(DATA)


def _show_deletion(standing: Standing, error: str | None = None) -> flask.Response:
    return account_page(
        "account_delete",
        standing,
        DATA,
        status=400 if error else 200,
        action=DELETE,
        error=error,
    )


@bp.post(DELETE)
@sensitive_act(DELETE)
def delete(ctx: RequestContext, standing: Standing, form: Parameters) -> flask.Response:
    """Delete the account whose name was typed."""
    if not ctx.settings.account_deletion:
        return redirect(DATA)
    typed, name = form.get("username") or "", standing.user.username
    if username_key(typed) != username_key(name):
        return _show_deletion(standing, _("That is not your user name. Nothing was deleted."))
    administration.delete_user(ctx, name)
    response = redirect(DELETED)
    for cookie in (cookies.SESSION, cookies.DEVICE, cookies.TURN):
        cookies.clear(response, ctx.settings, cookie)
    return response


@bp.get(DELETED)
def deleted() -> flask.Response:
    """Say farewell; reloading does no harm."""
    return page("account_deleted", sign_in_url="/login")
