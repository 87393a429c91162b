"""Clients by id, cached for a moment in each process.

What decides about money or identity does not trust the copy: the statement that redeems a code
asks whether the version is still the newest.
"""

import threading
from datetime import datetime

from idp.context import RequestContext
from idp.kernel.errors import IdpError
from idp.protocol.clients.metadata import Client, client_of
from idp.store import clients

MAX_CACHED = 10_000
ID_LENGTH = 200


class StaleClient(IdpError):
    """The client changed, or went, since this process read it."""

    public = "The client was changed a moment ago."


class ClientCache:
    """Copies of clients with the instant at which they were read."""

    def __init__(self) -> None:
        self.copies: dict[str, tuple[datetime, Client]] = {}
        self.lock = threading.Lock()

    def forget(self, client_id: str) -> None:
        """Drop a copy."""
        with self.lock:
            self.copies.pop(client_id, None)


def find(ctx: RequestContext, client_id: str | None) -> Client | None:
    """Return the client of this id."""
    if not client_id or len(client_id) > ID_LENGTH:
        return None
    cache = ctx.house.get(ClientCache)
    cached = cache.copies.get(client_id)
    if cached is not None:
        age = ctx.now - cached[0]
        if age.total_seconds() >= 0 and age < ctx.settings.clients_cached_for:
            return cached[1]
    return _read(ctx, cache, client_id)


def find_newest(ctx: RequestContext, client_id: str) -> Client | None:
    """Return the client as the database has it now."""
    if len(client_id) > ID_LENGTH:
        return None
    return _read(ctx, ctx.house.get(ClientCache), client_id)


def _read(ctx: RequestContext, cache: ClientCache, client_id: str) -> Client | None:
    row = clients.find(ctx.db, client_id)
    if row is None:
        cache.forget(client_id)
        return None
    client = client_of(row)
    with cache.lock:
        if len(cache.copies) >= MAX_CACHED:
            cache.copies.clear()
        cache.copies[client_id] = (ctx.now, client)
    return client
