"""Keys that have signed for long enough give way to the next, by themselves (OIDC Core §10.1.1)."""

from idp.context import RequestContext
from idp.protocol.keys import service
from idp.protocol.keys.service import AnotherRotation, Rotation, TooEarly
from idp.store import signing_keys
from idp.store.signing_keys import KeyRow


def rotate_due(ctx: RequestContext) -> list[Rotation]:
    """Rotate one algorithm whose key is due and whose next key is known everywhere, if any is.

    One at a time, each in a transaction of its own: nodes that meet lose no more than a minute.
    """
    key = _due(ctx)
    if key is None:
        return []
    try:
        return [service.rotate(ctx, key.algorithm, instead_of=key.kid)]
    except (AnotherRotation, TooEarly):  # another node was faster
        return []


def _due(ctx: RequestContext) -> KeyRow | None:
    """Return the key that has signed for too long, the oldest first."""
    every = ctx.settings.key_rotation
    if not every:
        return None
    rows = signing_keys.list_published(ctx.db, ctx.now)
    known_before = ctx.now - service.publication_time(ctx)
    due = [
        (since, row.kid, row)
        for row in rows
        if row.state == "active"
        and (since := row.activated_at or row.created_at) + every <= ctx.now
        and (successor := service.next_of(rows, row.algorithm)) is not None
        and successor.created_at <= known_before
    ]
    return min(due)[2] if due else None
