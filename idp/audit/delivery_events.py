"""The catalogue: what was to be said to somebody and was not."""

from dataclasses import dataclass

from idp.audit.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryEvent(Event):
    """Something about one row of the outbox; whom it was for and what it said is not told."""

    delivery_id: int
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFailed(DeliveryEvent):
    """A message or a piece of deferred work was given up."""

    name = "delivery.failed"
    reason: str
    attempts: int


class DeliveryRetried(DeliveryEvent):
    """An operator had something tried again."""

    name = "delivery.retried"
