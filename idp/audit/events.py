"""The catalogue: one frozen class per thing that can happen, with its dotted name.

Fields hold identifiers and reasons, never a secret, a password or a token.
"""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that changed state."""

    name: ClassVar[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class UserEvent(Event):
    """Something about one user."""

    user_id: str


# Users


class UserCreated(UserEvent):
    """An account exists."""

    name = "user.created"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserChanged(UserEvent):
    """Claims of an account changed."""

    name = "user.changed"
    fields: list[str]


class UserDisabled(UserEvent):
    """An account can no longer sign in."""

    name = "user.disabled"


class UserEnabled(UserEvent):
    """An account can sign in again."""

    name = "user.enabled"


# What proves a user


class PasswordSet(UserEvent):
    """A password was chosen or replaced."""

    name = "password.set"


class PasswordRehashed(UserEvent):
    """A password's hash was brought to today's parameters at sign-in."""

    name = "password.rehashed"


@dataclass(frozen=True, slots=True, kw_only=True)
class TotpAdded(UserEvent):
    """An authenticator app was confirmed."""

    name = "totp.added"
    authenticator_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TotpRemoved(UserEvent):
    """An authenticator app was removed."""

    name = "totp.removed"
    authenticator_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TotpAccepted(UserEvent):
    """A one-time code was accepted and its step burnt."""

    name = "totp.accepted"
    authenticator_id: str


class RecoveryCodesMade(UserEvent):
    """New recovery codes replace all older ones."""

    name = "recovery_codes.made"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryCodesVoided(UserEvent):
    """All codes went with the last second step that they could stand in for."""

    name = "recovery_codes.voided"
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryCodeUsed(UserEvent):
    """A recovery code was used up."""

    name = "recovery_code.used"
    remaining: int


class FactorOfferDeclined(UserEvent):
    """Someone with only a password said “not now” to a second factor."""

    name = "factor_offer.declined"


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorDemanded(UserEvent):
    """The policy wants a second factor of this user; it can be put off until then."""

    name = "factor.demanded"
    until: str


# Signing in


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginFailed(Event):
    """A proof was wrong; `user_id` is None when there is no such user."""

    name = "login.failed"
    user_id: str | None
    factor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInRefused(UserEvent):
    """What was shown was right, and the policy let nobody in all the same."""

    name = "sign_in.refused"
    client_id: str | None
    level: str
    rule: str
    decision_id: str


# Sessions


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEvent(UserEvent):
    """Something about one SSO session."""

    sid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOpened(SessionEvent):
    """Every required factor passed; the session exists from here on.

    `level`, `outcome` and `rule` are those of the decision that it opened by.
    """

    name = "session.opened"
    acr: str
    amr: list[str]
    level: str = "low"
    outcome: str = "allow"
    rule: str = ""
    decision_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionProved(SessionEvent):
    """The user proved again, or more; the cookie's secret is a new one."""

    name = "session.proved"
    acr: str
    amr: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionChallenged(SessionEvent):
    """The session is good for nothing until it is proved anew; `rule` wants that."""

    name = "session.challenged"
    rule: str
    changes: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLimitsChanged(SessionEvent):
    """The session ends sooner than it was to, or later: another policy, or something new about it.

    `rule` is the one that shortens it, if one does.
    """

    name = "session.limits_changed"
    rule: str
    idle_seconds: int
    absolute_until: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEnded(SessionEvent):
    """The session is over, once and for all."""

    name = "session.ended"
    reason: str


# Consent and grants


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentGiven(UserEvent):
    """A user lets a client have these scopes and claims."""

    name = "consent.given"
    client_id: str
    scope: list[str]
    claims: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentDenied(UserEvent):
    """A user said no to a client."""

    name = "consent.denied"
    client_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentRevoked(UserEvent):
    """A user took a consent back; its grants ended with it."""

    name = "consent.revoked"
    client_id: str
    grants_ended: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantOpened(SessionEvent):
    """A client got an authorization code."""

    name = "grant.opened"
    client_id: str
    grant_id: str
    scope: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantRedeemed(SessionEvent):
    """A client traded the code for tokens."""

    name = "grant.redeemed"
    client_id: str
    grant_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantEnded(SessionEvent):
    """Nothing of the grant is accepted any more."""

    name = "grant.ended"
    client_id: str
    grant_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantRefused(Event):
    """A grant was not honoured; the reason is for operators, the client reads `invalid_grant`."""

    name = "grant.refused"
    client_id: str
    grant_id: str | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientTokenIssued(Event):
    """A client got an access token for itself (client_credentials)."""

    name = "client_token.issued"
    client_id: str
    jti: str
    scope: list[str]
