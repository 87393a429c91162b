"""What a user signs in with: each goes at the user's wish, unless something needs it."""

from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum

from idp.context import RequestContext
from idp.credentials import passkeys, passwords, totp
from idp.credentials.last_step import end_with_last_step
from idp.credentials.notices import Notice, tell
from idp.credentials.owned import owned
from idp.policy.factors import Owned
from idp.policy.sign_in import must_stay
from idp.store import users
from idp.store.totp_authenticators import TotpAuthenticator
from idp.store.users import User
from idp.store.webauthn_credentials import Passkey


class Removal(StrEnum):
    """How a removal ended."""

    DONE = "done"
    NEEDED = "needed"
    UNKNOWN = "unknown"


def count_factors(ctx: RequestContext, user_id: str) -> int:
    """Return how many passkeys and authenticator apps a user has."""
    return len(passkeys.list_for(ctx, user_id)) + len(totp.list_for(ctx, user_id))


def remove_passkey(ctx: RequestContext, user: User, passkey_id: str) -> Removal:
    """Forget a passkey, unless the user or the policy needs it."""
    return _remove(
        ctx,
        user,
        name=_names(passkeys.list_for(ctx, user.id)).get(passkey_id),
        kept=lambda: _without(ctx, user, passkey_id=passkey_id),
        gone=lambda: passkeys.remove(ctx, user.id, passkey_id),
        told=Notice.PASSKEY_REMOVED,
    )


def remove_app(ctx: RequestContext, user: User, authenticator_id: str) -> Removal:
    """Forget an authenticator app, unless the policy needs it."""
    return _remove(
        ctx,
        user,
        name=_names(totp.list_for(ctx, user.id)).get(authenticator_id),
        kept=lambda: _without(ctx, user, authenticator_id=authenticator_id),
        gone=lambda: totp.remove(ctx, user.id, authenticator_id),
        told=Notice.TOTP_REMOVED,
    )


def remove_password(ctx: RequestContext, user: User) -> Removal:
    """Forget the password of somebody who can sign in with a passkey."""
    return _remove(
        ctx,
        user,
        name="",
        kept=lambda: _without(ctx, user, password=False),
        gone=lambda: passwords.remove(ctx, user.id),
        told=Notice.PASSWORD_REMOVED,
    )


def can_remove_password(ctx: RequestContext, user: User) -> bool:
    """Tell whether the user could do without the password."""
    has = owned(ctx, user)
    return has.password and not _stays(ctx, user, has, _without(ctx, user, password=False))


def can_remove_phone(ctx: RequestContext, user: User) -> bool:
    """Tell whether nothing needs the codes that the user gets by text message."""
    has = owned(ctx, user)
    return not _stays(ctx, user, has, replace(has, text=False))


def _remove(
    ctx: RequestContext,
    user: User,
    *,
    name: str | None,
    kept: Callable[[], Owned],
    gone: Callable[[], bool],
    told: Notice,
) -> Removal:
    if name is None:
        return Removal.UNKNOWN
    # Two removals at once must not each leave the other's as the last one.
    users.hold(ctx.db, user.id)
    has, without = owned(ctx, user), kept()
    if _stays(ctx, user, has, without):
        return Removal.NEEDED
    if not gone():
        return Removal.UNKNOWN
    end_with_last_step(ctx, user.id)
    tell(ctx, user, told, name=name)
    return Removal.DONE


def _stays(ctx: RequestContext, user: User, has: Owned, without: Owned) -> bool:
    return must_stay(has, without, ctx.settings.second_factor_for(user.groups))


def _without(
    ctx: RequestContext,
    user: User,
    *,
    password: bool = True,
    passkey_id: str | None = None,
    authenticator_id: str | None = None,
) -> Owned:
    """Return what the user has but for one thing."""
    has = owned(ctx, user)
    keys = [each for each in passkeys.list_for(ctx, user.id) if each.id != passkey_id]
    apps = [each for each in totp.list_for(ctx, user.id) if each.id != authenticator_id]
    if not (has.password and password):
        # Alone, only a key that verifies its user signs in.
        keys = [each for each in keys if each.verifies_user]
    return replace(
        has,
        password=has.password and password,
        key=has.key and bool(keys),
        hardware_key=has.hardware_key and any(each.hardware for each in keys),
        totp=bool(apps),
    )


def _names(things: list[Passkey] | list[TotpAuthenticator]) -> dict[str, str]:
    return {each.id: each.name for each in things}
