"""An account comes into being: its name and its address mean nobody else."""

import re

from sqlalchemy.exc import IntegrityError

from idp.audit import record
from idp.audit.events import UserCreated
from idp.context import RequestContext
from idp.credentials import passwords
from idp.kernel.errors import IdpError
from idp.kernel.hosts import in_ascii
from idp.store import users
from idp.store.passwords import Password
from idp.store.users import User

LONGEST_IDENTIFIER = 200  # of what somebody signs in as: a user name, a mail address
_MAIL = re.compile(r"[^\s@<>\"(),:;\[\]\\]{1,64}@[^\s@<>\"(),:;\[\]\\]{1,253}\Z")


class NameTaken(IdpError):
    """Another user has the name, perhaps in another spelling."""

    public = "There is a user of this name already."
    status = 409


def add(ctx: RequestContext, user: User, password: Password | None) -> None:
    """Make an account; without a password somebody is invited to set it up.

    Raises:
        NameTaken: somebody else could be meant by its name.
    """
    if users.others_called(ctx.db, user.username, user.id):
        raise NameTaken(user.username)
    try:
        users.add(ctx.db, user)
    except IntegrityError as error:
        raise NameTaken(user.username) from error
    record(ctx, UserCreated(user_id=user.id))
    if password is not None:
        passwords.keep(ctx, password)


def fault_of_name(username: str) -> str | None:
    """Return why nobody can be called so; None when somebody can."""
    if not username or username != username.strip() or len(username) > LONGEST_IDENTIFIER:
        return f"the user name needs 1 to {LONGEST_IDENTIFIER} characters, no space around them"
    return None if username.isprintable() else "the user name has control characters"


def fault_of_mail(address: str) -> str | None:
    """Return why something is no mail address that can be written to."""
    good = _MAIL.match(address) and address.isprintable() and _is_host(address.rpartition("@")[2])
    return None if good else "the mail address has no form like name@host.example"


def _is_host(name: str) -> bool:
    try:
        return bool(in_ascii(name))
    except ValueError:
        return False


def fault_of_group(name: str) -> str | None:
    """Return why no group can be called so: settings list groups as `name=value,name=value`."""
    fits = name.strip() == name and 0 < len(name) <= LONGEST_IDENTIFIER and name.isprintable()
    good = fits and not set(name) & set(",=")
    return None if good else f"no group can be called {name!r}"
