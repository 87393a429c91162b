"""The catalogue's second half: what operators and the provider itself do to clients and keys."""

from dataclasses import dataclass

from idp.audit.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientEvent(Event):
    """Something about one client."""

    client_id: str


class ClientCreated(ClientEvent):
    """A client is registered."""

    name = "client.created"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientChanged(ClientEvent):
    """What is registered of a client is another; `fields` are the names of what changed."""

    name = "client.changed"
    fields: list[str]


class ClientSecretRotated(ClientEvent):
    """A client has a new secret; the old one is dead."""

    name = "client.secret_rotated"


class ClientDisabled(ClientEvent):
    """A client gets nothing any more, and what it had is void."""

    name = "client.disabled"


class ClientEnabled(ClientEvent):
    """A client may ask again."""

    name = "client.enabled"


class ClientTokensVoided(ClientEvent):
    """What a client got for itself before now is void."""

    name = "client.tokens_voided"


class ClientDeleted(ClientEvent):
    """A client and everything it was granted are gone."""

    name = "client.deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyEvent(Event):
    """Something about one signing key."""

    kid: str
    algorithm: str


class KeyMade(KeyEvent):
    """A key exists and is published."""

    name = "key.made"


class KeyActivated(KeyEvent):
    """A key signs from now on."""

    name = "key.activated"


class KeyRetired(KeyEvent):
    """A key signs no more; it is published until its last token expires."""

    name = "key.retired"


class KeyRemoved(KeyEvent):
    """A retired key is published no more."""

    name = "key.removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRevoked(KeyEvent):
    """A key is gone before its time, with everything that it signed; `was` is its last state."""

    name = "key.revoked"
    was: str
    reason: str
