"""The catalogue: what people do with their own account."""

from dataclasses import dataclass

from idp.audit.events import UserEvent


class UserDeleted(UserEvent):
    """An account is gone, with everything that hung on it; what is audited stays."""

    name = "user.deleted"


class AccountExported(UserEvent):
    """A user took a copy of everything that is kept about the account."""

    name = "account.exported"


class PasswordRemoved(UserEvent):
    """A user has no password any more and signs in with a passkey."""

    name = "password.removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class TotpRenamed(UserEvent):
    """A user gave an authenticator app a name."""

    name = "totp.renamed"
    authenticator_id: str
