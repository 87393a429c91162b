"""The one call: the event is written in the transaction of the change it tells of (I7)."""

from dataclasses import asdict

from sqlalchemy import insert

from idp.audit.events import Event
from idp.context import RequestContext
from idp.store.schema import audit_events

_COLUMNS = ("user_id", "client_id", "sid")


def record(ctx: RequestContext, event: Event) -> None:
    """Write `event` beside the change that it tells of."""
    data = asdict(event)
    ctx.db.write(
        insert(audit_events).values(
            at=ctx.now,
            name=event.name,
            actor=ctx.actor,
            address=ctx.origin.address or None,
            reference=ctx.reference,
            **{column: data.pop(column, None) for column in _COLUMNS},
            data=data,
        )
    )
