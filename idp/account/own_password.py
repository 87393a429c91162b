"""A user's own password: the old one is asked, the new one judged, and who knew the old is out."""

from dataclasses import dataclass
from enum import Enum

from idp.context import RequestContext
from idp.credentials import account_tickets, devices, passwords
from idp.credentials.notices import Notice, tell
from idp.credentials.password_rules import minimum_length
from idp.login import proofs
from idp.login.proofs import Wait, Wrong
from idp.login.sign_in import Browser
from idp.sessions import grant_ends
from idp.sessions import service as sessions
from idp.store import users
from idp.store.sessions import Standing
from idp.store.users import User


class No(Enum):
    """Why nothing was changed."""

    NEW_IS_MISSING = "new_is_missing"
    NEW_IS_CURRENT = "new_is_current"
    CURRENT_IS_WRONG = "current_is_wrong"
    CURRENT_IS_MISSING = "current_is_missing"


@dataclass(frozen=True, slots=True)
class Changed:
    """It is done, and the session has a new secret. None: it was over, so nothing was done."""

    secret: str | None


def change(
    ctx: RequestContext, standing: Standing, browser: Browser, *, current: str, new: str
) -> Changed | No | Wait:
    """Replace the password, or set a first one; a wrong current one counts as at a sign-in.

    Raises:
        PasswordRefused: the new one is too weak.
    """
    user = standing.user
    if not new:
        return No.NEW_IS_MISSING
    had_one = passwords.has_password(ctx, user.id)
    if had_one and current == new:
        return No.NEW_IS_CURRENT
    # Hashed before anything is written: writers queue.
    prepared = passwords.prepare(ctx, user, new, minimum=minimum_length(ctx.settings, user.groups))
    proved = _old_one_proved if had_one else _none_is_there
    if (refused := proved(ctx, user, current, browser)) is not None:
        return refused
    passwords.keep(ctx, prepared)
    tell(ctx, user, Notice.PASSWORD_CHANGED)
    return renew_session(ctx, standing, browser, because="password_changed")


def _old_one_proved(
    ctx: RequestContext, user: User, current: str, browser: Browser
) -> No | Wait | None:
    proof = proofs.attempt_password(ctx, user.username, current, browser)
    if isinstance(proof, Wait):
        return proof
    if isinstance(proof, Wrong) or proof.id != user.id:
        return No.CURRENT_IS_WRONG
    return None


def _none_is_there(
    ctx: RequestContext, user: User, current: str, browser: Browser
) -> No | Wait | None:
    """Two forms at once that ask for no password must not both set the first one."""
    del current, browser
    users.hold(ctx.db, user.id)
    if passwords.has_password(ctx, user.id):
        return No.CURRENT_IS_MISSING
    return None


def renew_session(
    ctx: RequestContext, standing: Standing, browser: Browser, *, because: str
) -> Changed:
    """End what the old proof opened or began, and go on here alone, under a new secret (I6)."""
    session, user_id = standing.session, standing.user.id
    account_tickets.withdraw(ctx, user_id, *account_tickets.FOR_A_PASSWORD)
    sessions.end_others(ctx, session, because=because)
    devices.forget_others(ctx, user_id, but=browser.device_id, because=because)
    renewed = sessions.prove(
        ctx,
        session,
        browser.secret or "",
        session.amr,
        session.device_id,
        authenticated_at=session.authenticated_at,
    )
    if renewed is None:
        ctx.db.rollback()
    else:
        # Behind the new secret: by the old one, nothing more is opened meanwhile.
        grant_ends.end_offline_with_password(ctx, user_id, because=because)
    return Changed(renewed.secret if renewed else None)
