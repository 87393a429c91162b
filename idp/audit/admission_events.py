"""The catalogue: ways in for who has no proof yet."""

from dataclasses import dataclass

from idp.audit.events import Event, UserEvent


class RecoveryRequested(UserEvent):
    """A link to choose a new password is on its way to the user."""

    name = "recovery.requested"


class PasswordRecovered(UserEvent):
    """Who opened the link, and showed the second step if there is one, chose a new password."""

    name = "password.recovered"


class UserInvited(UserEvent):
    """A link to set up the account exists; those before it are void."""

    name = "user.invited"


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationAccepted(UserEvent):
    """Somebody set the account up; `mail_proved` says that the link had come by mail."""

    name = "invitation.accepted"
    mail_proved: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorsReset(UserEvent):
    """An operator took the second factors away; new ones take the link that was made."""

    name = "factors.reset"
    reason: str
    passkeys: int
    authenticators: int
    recovery_codes: int


class FactorsRebound(UserEvent):
    """The link of the reset was used up by who set up a factor again."""

    name = "factors.rebound"


class RegistrationRequested(Event):
    """A link to open an account is on its way to an address that nobody here has."""

    name = "registration.requested"


class UserRegistered(UserEvent):
    """Somebody opened an account; the address was proved by the link."""

    name = "user.registered"


class EmailChangeRequested(UserEvent):
    """A user named an address to change to; a mail about it is on its way there, whosever it is."""

    name = "email_change.requested"
