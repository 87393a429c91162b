"""What operators do with accounts: make, change, disable and enable them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from idp.account.profile_claims import fault_of_claim, fault_of_phone, merged
from idp.audit import record
from idp.audit.account_events import UserDeleted
from idp.audit.events import UserChanged, UserDisabled, UserEnabled
from idp.context import RequestContext
from idp.credentials import account_tickets, accounts, devices, passwords
from idp.credentials.accounts import NameTaken, fault_of_group, fault_of_mail, fault_of_name
from idp.credentials.last_step import end_with_last_step
from idp.credentials.notices import Notice, tell
from idp.credentials.password_rules import minimum_length
from idp.kernel.errors import IdpError
from idp.kernel.secrets import new_id
from idp.sessions import grant_ends
from idp.sessions import service as sessions
from idp.store import users
from idp.store.passwords import Password
from idp.store.users import User


class NoSuchUser(IdpError):
    """There is no user of this name."""

    public = "There is no user of this name."
    status = 404


class ProfileRefused(IdpError):
    """The account cannot be as asked; `faults` says why, a line each."""

    public = "The account cannot be like that."

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What shall be different; None leaves a thing as it is, an empty text takes it away."""

    email: str | None = None
    email_verified: bool | None = None
    phone_number: str | None = None
    phone_number_verified: bool | None = None
    claims: Mapping[str, str] = field(default_factory=dict)


def require_user(ctx: RequestContext, name: str) -> User:
    """Return the user of this name.

    Raises:
        NoSuchUser: there is none.
    """
    user = users.find_by_username(ctx.db, name)
    if user is None:
        raise NoSuchUser(name)
    return user


def _check_email(ctx: RequestContext, email: str | None, user_id: str) -> None:
    """Let an address pass that means nobody else: people sign in with it.

    Raises:
        ProfileRefused: it is another user's address or name.
    """
    if email and users.others_called(ctx.db, email, user_id):
        raise ProfileRefused(["the email address is another user's, or another user's name"])


def _held_user(ctx: RequestContext, name: str) -> User:
    """Return the user as the row stands, which nobody else changes until the commit."""
    users.hold(ctx.db, require_user(ctx, name).id)
    return require_user(ctx, name)


def create_user(
    ctx: RequestContext,
    username: str,
    changes: Changes,
    password: str | None,
    groups: Iterable[str] = (),
) -> User:
    """Make an account that signs in with a password, or (None) is to be set up by an invitation.

    Raises:
        ProfileRefused: with every fault at once.
        NameTaken: another user has the name.
        PasswordRefused: with the reason; nothing is made.
    """
    wanted = sorted(set(groups))
    named = [fault_of_name(username), *map(fault_of_group, wanted)]
    faults = [*filter(None, named), *_faults_of(changes)]
    if faults:
        raise ProfileRefused(faults)
    user = User(
        id=new_id(),
        username=username,
        email=changes.email or None,
        email_verified=bool(changes.email and changes.email_verified),
        phone_number=changes.phone_number or None,
        phone_number_verified=bool(changes.phone_number and changes.phone_number_verified),
        profile=merged({}, changes.claims),
        created_at=ctx.now,
        updated_at=ctx.now,
        groups=wanted,
    )
    if users.others_called(ctx.db, username, user.id):
        raise NameTaken(username)
    _check_email(ctx, changes.email, user.id)
    accounts.add(ctx, user, _prepared(ctx, user, password) if password is not None else None)
    return user


def _prepared(ctx: RequestContext, user: User, password: str) -> Password:
    minimum = minimum_length(ctx.settings, user.groups)
    return passwords.prepare(ctx, user, password, minimum=minimum)


def set_password(ctx: RequestContext, name: str, password: str) -> int:
    """Give a user another password; return how many sessions ended with the old one.

    Raises:
        NoSuchUser: there is none.
        PasswordRefused: with the reason; the old password stays.
    """
    user = require_user(ctx, name)
    passwords.keep(ctx, _prepared(ctx, user, password))
    # Whoever knew the old one, and should not have, is out (ASVS 5.0 §7.4.3).
    account_tickets.withdraw(ctx, user.id, *account_tickets.FOR_A_PASSWORD)
    devices.forget_others(ctx, user.id, but=None, because="password_reset")
    tell(ctx, user, Notice.PASSWORD_CHANGED)
    ended = sessions.end_all_of_user(ctx, user.id, because="password_reset")
    grant_ends.end_offline_with_password(ctx, user.id, because="password_reset")
    return ended


def change_user(ctx: RequestContext, name: str, changes: Changes) -> list[str]:
    """Change claims of an account; return the names of those that are different now.

    Raises:
        NoSuchUser: there is none.
        ProfileRefused: with every fault at once.
    """
    user = _held_user(ctx, name)
    faults = _faults_of(changes)
    if faults:
        raise ProfileRefused(faults)
    _check_email(ctx, changes.email, user.id)
    values = _different(user, changes)
    if not values:
        return []
    users.change(ctx.db, user.id, ctx.now, **values)
    if "email" in values:
        account_tickets.void_mailed(ctx, user.id)
    changed = [field for field in values if field != "profile"]
    if "profile" in values:
        before, after = user.profile, merged(user.profile, changes.claims)
        changed += sorted(k for k in before | after if before.get(k) != after.get(k))
    record(ctx, UserChanged(user_id=user.id, fields=changed))
    end_with_last_step(ctx, user.id)
    return changed


def set_groups(ctx: RequestContext, name: str, groups: Iterable[str]) -> bool:
    """Put a user into these groups alone; False when nothing is different.

    Raises:
        NoSuchUser: there is none.
        ProfileRefused: no group can be called so.
    """
    wanted = sorted(set(groups))
    if faults := list(filter(None, map(fault_of_group, wanted))):
        raise ProfileRefused(faults)
    user = _held_user(ctx, name)
    if wanted == user.groups:
        return False
    users.change(ctx.db, user.id, ctx.now, groups=wanted)
    record(ctx, UserChanged(user_id=user.id, fields=["groups"]))
    return True


def disable_user(ctx: RequestContext, name: str) -> int | None:
    """Let a user sign in no more and end all sessions; return how many, None if it was so already.

    Raises:
        NoSuchUser: there is none.
    """
    user = _held_user(ctx, name)
    if user.disabled_at is not None:
        return None
    users.change(ctx.db, user.id, ctx.now, disabled_at=ctx.now)
    record(ctx, UserDisabled(user_id=user.id))
    account_tickets.withdraw(ctx, user.id)
    ended = sessions.end_all_of_user(ctx, user.id, because="user_disabled")
    grant_ends.end_offline(ctx, user.id, because="user_disabled")
    return ended


def enable_user(ctx: RequestContext, name: str) -> bool:
    """Let a disabled user sign in again; False when nothing was in the way.

    Raises:
        NoSuchUser: there is none.
    """
    user = _held_user(ctx, name)
    if user.disabled_at is None:
        return False
    # What was begun while the user was being disabled does not wake up.
    account_tickets.withdraw(ctx, user.id)
    sessions.end_all_of_user(ctx, user.id, because="user_disabled")
    grant_ends.end_offline(ctx, user.id, because="user_disabled")
    users.change(ctx.db, user.id, ctx.now, disabled_at=None)
    record(ctx, UserEnabled(user_id=user.id))
    return True


def delete_user(ctx: RequestContext, name: str) -> None:
    """Delete an account with everything that hangs on it; what was audited stays.

    Raises:
        NoSuchUser: there is none.
    """
    user = _held_user(ctx, name)
    tell(ctx, user, Notice.ACCOUNT_DELETED)
    sessions.end_all_of_user(ctx, user.id, because="user_deleted")
    users.remove(ctx.db, user.id)
    record(ctx, UserDeleted(user_id=user.id))


def _different(user: User, changes: Changes) -> dict[str, object]:
    values: dict[str, object] = {}
    for name in ("email", "phone_number"):
        wanted, verified = getattr(changes, name), getattr(changes, f"{name}_verified")
        now = getattr(user, name) if wanted is None else wanted or None
        # Another address is not verified because the last one was.
        kept = now == getattr(user, name) and getattr(user, f"{name}_verified")
        values[name] = now
        values[f"{name}_verified"] = bool(now) and (kept if verified is None else verified)
    values["profile"] = merged(user.profile, changes.claims)
    return {name: value for name, value in values.items() if value != getattr(user, name)}


def _faults_of(changes: Changes) -> list[str]:
    found = [
        fault_of_mail(changes.email) if changes.email else None,
        fault_of_phone(changes.phone_number) if changes.phone_number else None,
        *(fault_of_claim(name, value) for name, value in changes.claims.items()),
    ]
    return [fault for fault in found if fault]
