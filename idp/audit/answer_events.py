"""The catalogue: what people say to “Was this you?”."""

from dataclasses import dataclass

from idp.audit.events import UserEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInConfirmed(UserEvent):
    """A user said that it was them; the decision teaches in full, its browser is confirmed."""

    name = "sign_in.confirmed"
    decision_id: str
    device_confirmed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInDisowned(UserEvent):
    """A user said that it was not them; what that ended has events of its own."""

    name = "sign_in.disowned"
    decision_id: str
    sessions_ended: int
