"""The catalogue: what was to be said to somebody and was not."""

from dataclasses import dataclass

from idp.audit.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryEvent(Event):
    """Something about one row of the outbox; of people, neither who nor what was said is told.

    What a client was to be told of a session names both.
    """

    delivery_id: int
    kind: str
    sid: str | None = None
    client_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFailed(DeliveryEvent):
    """A message or a piece of deferred work was given up."""

    name = "delivery.failed"
    reason: str
    attempts: int


class DeliveryRetried(DeliveryEvent):
    """An operator had something tried again."""

    name = "delivery.retried"
