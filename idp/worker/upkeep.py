"""What an operator does about deliveries that fail."""

from collections.abc import Sequence

from idp.audit import record
from idp.audit.delivery_events import DeliveryRetried
from idp.context import RequestContext
from idp.store import outbox


def retry(ctx: RequestContext, ids: Sequence[int] | None = None) -> list[int]:
    """Have rows (None: all that can be) tried again at once, as if they were new; return which."""
    rows = outbox.retry(ctx.db, ids, ctx.now)
    for delivery_id, kind in rows:
        record(ctx, DeliveryRetried(delivery_id=delivery_id, kind=kind))
    return [delivery_id for delivery_id, _ in rows]
