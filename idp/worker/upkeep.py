"""What an operator does about deliveries that fail."""

from idp.audit import record_all
from idp.audit.delivery_events import DeliveryRetried
from idp.context import RequestContext
from idp.store import outbox
from idp.store.outbox import EVERYTHING, Chosen


def retry(ctx: RequestContext, which: Chosen = EVERYTHING) -> list[int]:
    """Have rows tried again at once, as if they were new; return which."""
    rows = outbox.retry(ctx.db, which, ctx.now)
    record_all(
        ctx,
        (
            DeliveryRetried(delivery_id=e.id, kind=e.kind, sid=e.sid, client_id=e.client_id)
            for e in rows
        ),
    )
    return [each.id for each in rows]
