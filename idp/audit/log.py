"""The one call: the event is written in the transaction of the change it tells of (I7)."""

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from idp.audit.events import Event
from idp.context import RequestContext
from idp.store import audit_events
from idp.store.noted import Note

_COLUMNS = ("user_id", "client_id", "sid")


def record(ctx: RequestContext, event: Event, *, client_version: int | None = None) -> bool:
    """Write `event` beside the change that it tells of.

    With `client_version` the event is the change: it is written only while its client still is at
    that version. False says that it is not, and that nothing was written.
    """
    values = _values(ctx, event)
    if client_version is not None:
        return audit_events.add_while_client_stands(ctx.db, values, client_version)
    audit_events.add(ctx.db, values)
    return True


def note(
    ctx: RequestContext, kind: type[Event], *, again: type[Event] | None = None, **data: Any
) -> Note:
    """Return what a statement writes of an event beside its change, which says whom it is about.

    `again` is the event that it is instead where the change repeats an earlier one.
    """
    return Note(
        at=ctx.now,
        name=kind.name,
        again=(again or kind).name,
        actor=ctx.actor,
        address=ctx.origin.address or None,
        reference=ctx.reference,
        data=data,
    )


def record_all(ctx: RequestContext, events: Iterable[Event]) -> None:
    """Write many events, one for each of the changes that they tell of."""
    if values := [_values(ctx, event) for event in events]:
        audit_events.add_all(ctx.db, values)


def _values(ctx: RequestContext, event: Event) -> dict[str, Any]:
    data = {field.name: getattr(event, field.name) for field in fields(event)}
    return {
        "at": ctx.now,
        "name": event.name,
        "actor": ctx.actor,
        "address": ctx.origin.address or None,
        "reference": ctx.reference,
        **{column: data.pop(column, None) for column in _COLUMNS},
        "data": data,
    }
