"""/account/authenticators: what you sign in with."""

from collections.abc import Callable

import flask

from idp.account import factors
from idp.account.factors import Removal, count_factors
from idp.account.frame import AUTHENTICATORS, account_page
from idp.account.guard import sensitive_act, shown
from idp.account.notices import with_notice
from idp.account.security import FEW_CODES, asks_for_second_step
from idp.context import RequestContext
from idp.credentials import channel_codes, passkeys, recovery, totp
from idp.credentials.notices import Notice, tell
from idp.credentials.owned import owned
from idp.login import service as login
from idp.store import passwords
from idp.store.sessions import Standing
from idp.store.webauthn_credentials import Passkey
from idp.web import continuation, csrf
from idp.web.continuation import Handover
from idp.web.pages import page, redirect
from idp.web.parameters import Parameters
from idp.web.words import at_time, on_day
from idp.web.words import gettext as _

bp = flask.Blueprint("account_authenticators", __name__)


@bp.get(AUTHENTICATORS)
@shown
def show(ctx: RequestContext, standing: Standing) -> flask.Response:
    """Show passkeys, authenticator apps, recovery codes and what else may stand for a step."""
    user, has = standing.user, owned(ctx, standing.user)
    keys, apps = passkeys.list_for(ctx, user.id), totp.list_for(ctx, user.id)
    step_asked = asks_for_second_step(ctx, user)
    left, password = recovery.remaining(ctx, user.id), passwords.find(ctx.db, user.id)
    return account_page(
        "account_authenticators",
        standing,
        AUTHENTICATORS,
        passkeys=[_key(each) for each in keys],
        apps=[
            {
                "id": each.id,
                "name": each.name,
                "added": on_day(each.created_at),
                "last_used": at_time(each.last_used_at) if each.last_used_at else None,
            }
            for each in apps
        ],
        channels=[
            {"kind": each, "to": channel_codes.destination(user, each)}
            for each in channel_codes.available(ctx, user)
            if each in has.steps
        ],
        step_asked=step_asked,
        codes={"left": left, "few": left <= FEW_CODES} if step_asked else None,
        password_changed=on_day(password.changed_at) if password else None,
        can_add_passkey=ctx.settings.passkeys and len(keys) < passkeys.MAX_PASSKEYS,
        can_add_app=len(apps) < totp.MAX_AUTHENTICATORS,
        passkeys_here=ctx.settings.passkeys,
    )


def _key(key: Passkey) -> dict[str, object]:
    return {
        "id": key.id,
        "name": key.name,
        "added": on_day(key.created_at),
        "last_used": at_time(key.last_used_at) if key.last_used_at else None,
        "synced": key.backed_up,
        "hardware": key.hardware,
        "alone": key.verifies_user,
        "suspected": at_time(key.suspected_at) if key.suspected_at else None,
    }


@bp.post("/account/passkey")
@sensitive_act(AUTHENTICATORS)
def add_passkey(ctx: RequestContext, standing: Standing, form: Parameters) -> flask.Response:
    """Begin to add a passkey."""
    del form
    if not ctx.settings.passkeys:
        return redirect(AUTHENTICATORS)
    if len(passkeys.list_for(ctx, standing.user.id)) >= passkeys.MAX_PASSKEYS:
        return redirect(with_notice(AUTHENTICATORS, "too_many_passkeys"))
    return _begin(ctx, standing, "/login/enrol/passkey")


@bp.post("/account/authenticator")
@sensitive_act(AUTHENTICATORS)
def add_app(ctx: RequestContext, standing: Standing, form: Parameters) -> flask.Response:
    """Begin to set up an authenticator app."""
    del form
    if len(totp.list_for(ctx, standing.user.id)) >= totp.MAX_AUTHENTICATORS:
        return redirect(with_notice(AUTHENTICATORS, "too_many_apps"))
    return _begin(ctx, standing, "/login/enrol")


def _begin(ctx: RequestContext, standing: Standing, path: str) -> flask.Response:
    session = standing.session
    attempt = login.begin_attempt(
        ctx,
        session.user_id,
        session.amr,
        csrf.browser_hash(),
        purpose="add",
        sid=session.sid,
        proved_at=session.authenticated_at,
    )
    had = count_factors(ctx, session.user_id)
    onward = Handover(to=AUTHENTICATORS, carry={"had": had}, attempt=attempt, reason="demanded")
    return redirect(continuation.url(path, "login", onward))


@bp.post("/account/passkey/rename")
@sensitive_act(AUTHENTICATORS)
def rename_passkey(ctx: RequestContext, standing: Standing, form: Parameters) -> flask.Response:
    """Give a passkey another name."""
    return _rename(ctx, standing, form, "passkey", passkeys.rename)


@bp.post("/account/authenticator/rename")
@sensitive_act(AUTHENTICATORS)
def rename_app(ctx: RequestContext, standing: Standing, form: Parameters) -> flask.Response:
    """Give an authenticator app another name."""
    return _rename(ctx, standing, form, "app", totp.rename)


def _rename(
    ctx: RequestContext,
    standing: Standing,
    form: Parameters,
    kind: str,
    rename: Callable[[RequestContext, str, str, str], bool],
) -> flask.Response:
    thing, name = form.get(_ID_OF[kind]) or "", (form.get("name") or "").strip()
    if not name:
        return redirect(with_notice(AUTHENTICATORS, "name_missing"))
    named = rename(ctx, standing.user.id, thing, name)
    return redirect(with_notice(AUTHENTICATORS, f"{kind}_renamed") if named else AUTHENTICATORS)


@bp.post("/account/passkey/known")
@sensitive_act(AUTHENTICATORS)
def acknowledge_passkey(
    ctx: RequestContext, standing: Standing, form: Parameters
) -> flask.Response:
    """Take the warning away from a passkey whose owner knows why it is there."""
    known = passkeys.acknowledge(ctx, standing.user.id, form.get(_ID_OF["passkey"]) or "")
    return redirect(with_notice(AUTHENTICATORS, "passkey_known") if known else AUTHENTICATORS)


@bp.post("/account/passkey/remove")
@sensitive_act(AUTHENTICATORS)
def remove_passkey(ctx: RequestContext, standing: Standing, form: Parameters) -> flask.Response:
    """Remove a passkey, unless it is needed."""
    passkey_id = form.get(_ID_OF["passkey"]) or ""
    return _removed(factors.remove_passkey(ctx, standing.user, passkey_id), "passkey")


@bp.post("/account/authenticator/remove")
@sensitive_act(AUTHENTICATORS)
def remove_app(ctx: RequestContext, standing: Standing, form: Parameters) -> flask.Response:
    """Remove an authenticator app, unless the policy needs it."""
    authenticator_id = form.get(_ID_OF["app"]) or ""
    return _removed(factors.remove_app(ctx, standing.user, authenticator_id), "app")


_ID_OF = {"passkey": "passkey_id", "app": "authenticator_id"}


def _removed(removal: Removal, kind: str) -> flask.Response:
    keys = {Removal.DONE: f"{kind}_removed", Removal.NEEDED: "factor_needed"}
    if removal not in keys:
        return redirect(AUTHENTICATORS)
    return redirect(with_notice(AUTHENTICATORS, keys[removal]))


@bp.post("/account/recovery-codes")
@sensitive_act(AUTHENTICATORS)
def make_codes(ctx: RequestContext, standing: Standing, form: Parameters) -> flask.Response:
    """Show new recovery codes, this once; the old ones are void.

    No redirect here: what is shown once is kept nowhere.
    """
    del form
    if not asks_for_second_step(ctx, standing.user):
        # Codes stand in for a second step; where there is none they would be the only one.
        return redirect(AUTHENTICATORS)
    codes = recovery.regenerate(ctx, standing.user.id)
    tell(ctx, standing.user, Notice.RECOVERY_CODES_MADE)
    return page(
        "recovery_codes",
        client=None,
        codes=codes,
        continue_url=AUTHENTICATORS,
        continue_label=_("Back to my account"),
    )
