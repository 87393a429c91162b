"""What operators do with accounts: make, change, disable and enable them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy.exc import IntegrityError

from idp.account.profile_claims import fault_of_claim, fault_of_mail, fault_of_phone, merged
from idp.audit import record
from idp.audit.events import UserChanged, UserCreated, UserDisabled, UserEnabled
from idp.context import RequestContext
from idp.credentials import passwords
from idp.kernel.errors import IdpError
from idp.kernel.secrets import new_id
from idp.sessions import service as sessions
from idp.settings import SecondFactor, Settings
from idp.store import login_attempts, users
from idp.store.users import User

# NIST SP 800-63B-4 §3.1.1.2: 15 characters where a password may be all there is.
MINIMUM_ALONE = 15
MINIMUM_BESIDE_ANOTHER = 8
LONGEST_NAME = 200


class NoSuchUser(IdpError):
    """There is no user of this name."""

    public = "There is no user of this name."
    status = 404


class NameTaken(IdpError):
    """Another user has the name, perhaps in another spelling."""

    public = "There is a user of this name already."
    status = 409


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


def minimum_password_length(settings: Settings) -> int:
    """Return how long a password must be here."""
    required = settings.second_factor is SecondFactor.REQUIRED
    return MINIMUM_BESIDE_ANOTHER if required else MINIMUM_ALONE


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


def create_user(ctx: RequestContext, username: str, changes: Changes, password: str) -> User:
    """Make an account that can sign in with a password.

    Raises:
        ProfileRefused: with every fault at once.
        NameTaken: another user has the name.
        PasswordRefused: with the reason; nothing is made.
    """
    faults = [*_faults_of_name(username), *_faults_of(changes)]
    if faults:
        raise ProfileRefused(faults)
    user_id = new_id()
    if users.others_called(ctx.db, username, user_id):
        raise NameTaken(username)
    _check_email(ctx, changes.email, user_id)
    user = User(
        id=user_id,
        username=username,
        email=changes.email or None,
        email_verified=bool(changes.email and changes.email_verified),
        phone_number=changes.phone_number or None,
        phone_number_verified=bool(changes.phone_number and changes.phone_number_verified),
        profile=merged({}, changes.claims),
        created_at=ctx.now,
        updated_at=ctx.now,
    )
    minimum = minimum_password_length(ctx.settings)
    prepared = passwords.prepare(ctx, user, password, minimum=minimum)
    try:
        users.add(ctx.db, user)
    except IntegrityError as error:
        raise NameTaken(username) from error
    record(ctx, UserCreated(user_id=user.id))
    passwords.keep(ctx, prepared)
    return user


def set_password(ctx: RequestContext, name: str, password: str) -> int:
    """Give a user another password; return how many sessions ended with the old one.

    Raises:
        NoSuchUser: there is none.
        PasswordRefused: with the reason; the old password stays.
    """
    user = require_user(ctx, name)
    minimum = minimum_password_length(ctx.settings)
    passwords.set_password(ctx, user, password, minimum=minimum)
    # Whoever knew the old one, and should not have, is out (ASVS 5.0 §7.4.3).
    login_attempts.end_all_of_user(ctx.db, user.id, ctx.now)
    return sessions.end_all_of_user(ctx, user.id, because="password_reset")


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
    changed = [field for field in values if field != "profile"]
    if "profile" in values:
        before, after = user.profile, merged(user.profile, changes.claims)
        changed += sorted(k for k in before | after if before.get(k) != after.get(k))
    record(ctx, UserChanged(user_id=user.id, fields=changed))
    return changed


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
    login_attempts.end_all_of_user(ctx.db, user.id, ctx.now)
    return sessions.end_all_of_user(ctx, user.id, because="user_disabled")


def enable_user(ctx: RequestContext, name: str) -> bool:
    """Let a disabled user sign in again; False when nothing was in the way.

    Raises:
        NoSuchUser: there is none.
    """
    user = _held_user(ctx, name)
    if user.disabled_at is None:
        return False
    # What was begun while the user was being disabled does not wake up.
    login_attempts.end_all_of_user(ctx.db, user.id, ctx.now)
    sessions.end_all_of_user(ctx, user.id, because="user_disabled")
    users.change(ctx.db, user.id, ctx.now, disabled_at=None)
    record(ctx, UserEnabled(user_id=user.id))
    return True


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


def _faults_of_name(username: str) -> list[str]:
    if not username or username != username.strip() or len(username) > LONGEST_NAME:
        return [f"the user name needs 1 to {LONGEST_NAME} characters, no space around them"]
    if not username.isprintable():
        return ["the user name has control characters"]
    return []


def _faults_of(changes: Changes) -> list[str]:
    found = [
        fault_of_mail(changes.email) if changes.email else None,
        fault_of_phone(changes.phone_number) if changes.phone_number else None,
        *(fault_of_claim(name, value) for name, value in changes.claims.items()),
    ]
    return [fault for fault in found if fault]
