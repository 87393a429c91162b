"""The catalogue: what happens to passkeys."""

from dataclasses import dataclass

from idp.audit.events import UserEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeyEvent(UserEvent):
    """Something about one passkey."""

    passkey_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeyAdded(PasskeyEvent):
    """A passkey is bound to a user."""

    name = "passkey.added"
    aaguid: str
    attestation: str
    hardware: bool
    backup_eligible: bool


class PasskeyRemoved(PasskeyEvent):
    """A passkey proves nothing any more."""

    name = "passkey.removed"


class PasskeyRenamed(PasskeyEvent):
    """A user gave a passkey a name."""

    name = "passkey.renamed"


class PasskeyAcknowledged(PasskeyEvent):
    """A user knows why a passkey was suspected, and goes on using it."""

    name = "passkey.acknowledged"


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeyAccepted(PasskeyEvent):
    """An assertion was accepted and its challenge burnt."""

    name = "passkey.accepted"
    user_verified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeySuspected(PasskeyEvent):
    """A valid assertion came with a counter that did not rise: there may be a copy of the key."""

    name = "passkey.suspected"
    presented: int
    stored: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeyBackupChanged(PasskeyEvent):
    """A passkey is synced from now on, or no longer."""

    name = "passkey.backup_changed"
    backed_up: bool
