"""A user's password: set by the rules, verified in the same time whoever asks for whom."""

from idp.audit import record
from idp.audit.account_events import PasswordRemoved
from idp.audit.events import PasswordRehashed, PasswordSet
from idp.context import RequestContext
from idp.credentials.breached import is_breached
from idp.credentials.hashing import PasswordHashing
from idp.credentials.password_rules import PasswordRefused, Reason, check_password
from idp.store import passwords, users
from idp.store.passwords import Password
from idp.store.users import User


def verify(ctx: RequestContext, user_id: str | None, password: str) -> bool:
    """Tell whether this is the user's password, and bring an old hash to today's parameters.

    Unknown user (None), no password and wrong password cost one lookup and one hash each.
    """
    hashing = ctx.house.get(PasswordHashing)
    stored = passwords.find(ctx.db, user_id or "")
    if not hashing.verify(stored.hash if stored else None, password) or stored is None:
        return False
    if hashing.needs_rehash(stored.hash):
        if _rehash(ctx, stored, hashing.hash(password)):
            return True
        # Another sign-in brought it up to date, or it is another password by now.
        ctx.db.commit()
        stored = passwords.find(ctx.db, stored.user_id)
        if stored is None or not hashing.verify(stored.hash, password):
            return False
    # Hashing took a while: a password that was replaced in between opens nothing. The user's row
    # comes first, as where the account is changed or deleted: else each could wait for the other.
    users.hold(ctx.db, stored.user_id)
    return passwords.hold(ctx.db, stored)


def _rehash(ctx: RequestContext, stored: Password, new_hash: str) -> bool:
    users.hold(ctx.db, stored.user_id)
    if not passwords.replace_hash(ctx.db, stored, new_hash):
        return False
    record(ctx, PasswordRehashed(user_id=stored.user_id))
    return True


def prepare(ctx: RequestContext, user: User, password: str, *, minimum: int) -> Password:
    """Return what is kept of a password that the user may have.

    Call it before the request writes anything: hashing is slow, and writers queue.

    Raises:
        PasswordRefused: with the reason.
    """
    words = [user.username, user.email or "", user.display_name, ctx.settings.display_name]
    check_password(password, minimum=minimum, words=words)
    if is_breached(ctx.settings.breached_passwords, password):
        raise PasswordRefused(Reason.BREACHED)
    hashed = ctx.house.get(PasswordHashing).hash(password)
    return Password(user_id=user.id, hash=hashed, changed_at=ctx.now)


def keep(ctx: RequestContext, prepared: Password) -> None:
    """Make a prepared password the user's only one."""
    passwords.save(ctx.db, prepared)
    record(ctx, PasswordSet(user_id=prepared.user_id))


def set_password(ctx: RequestContext, user: User, password: str, *, minimum: int) -> None:
    """Make this the user's password.

    Raises:
        PasswordRefused: with the reason; the old password stays.
    """
    keep(ctx, prepare(ctx, user, password, minimum=minimum))


def remove(ctx: RequestContext, user_id: str) -> bool:
    """Let no password sign the user in any more; False when there was none."""
    if not passwords.remove(ctx.db, user_id):
        return False
    record(ctx, PasswordRemoved(user_id=user_id))
    return True


def has_password(ctx: RequestContext, user_id: str) -> bool:
    """Tell whether the user can sign in with a password."""
    return passwords.find(ctx.db, user_id) is not None
