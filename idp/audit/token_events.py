"""The catalogue's part on tokens: how a refresh token went on, and what was taken back."""

from dataclasses import dataclass

from idp.audit.events import Event, SessionEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshTokenEvent(SessionEvent):
    """Something about one refresh family; `generation` is that of the token now current."""

    client_id: str
    grant_id: str
    generation: int


class RefreshTokenRotated(RefreshTokenEvent):
    """A client traded its refresh token for tokens and a successor."""

    name = "refresh_token.rotated"


class RefreshTokenRetried(RefreshTokenEvent):
    """The same successor was given again: an answer was lost, or there is a second tab."""

    name = "refresh_token.retried"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshTokenReused(RefreshTokenEvent):
    """An old refresh token was shown, by a thief or by who was robbed; the family ended."""

    name = "refresh_token.reused"
    presented: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessTokenRevoked(Event):
    """One access token is accepted by us no more; its grant stands."""

    name = "access_token.revoked"
    client_id: str
    jti: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokensRevoked(Event):
    """An operator had things taken back, each with a record of its own; perhaps there was nothing.

    `selector` is how they were named, and never a token; the counts are of what ended by it.
    """

    name = "tokens.revoked"
    user_id: str | None
    client_id: str | None
    sid: str | None
    reason: str
    selector: dict[str, str]
    sessions: int
    grants: int
    tokens: int
    clients: int
