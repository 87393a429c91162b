"""Register, change and remove clients."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from idp.audit import record, record_all
from idp.audit.upkeep_events import (
    ClientChanged,
    ClientCreated,
    ClientDeleted,
    ClientDisabled,
    ClientEnabled,
    ClientSecretRotated,
    ClientTokensVoided,
)
from idp.context import RequestContext
from idp.kernel.errors import IdpError
from idp.kernel.secrets import digest, new_id, new_secret
from idp.protocol.clients.metadata import Client, ClientMetadata, client_of
from idp.protocol.clients.metadata_checks import faults_of
from idp.protocol.clients.registry import ClientCache, StaleClient
from idp.sessions import grant_ends
from idp.store import clients
from idp.store.clients import ClientRow
from idp.store.grants import Which

SECRET_PREFIX = "idp_cs_"  # noqa: S105 - what makes a leaked secret recognisable


class MetadataRefused(IdpError):
    """The metadata cannot be registered; `faults` says why, a line each."""

    public = "The client metadata is not valid."

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class NoSuchClient(IdpError):
    """There is no client of this id."""

    public = "There is no such client."
    status = 404


@dataclass(frozen=True, slots=True)
class Registered:
    """A client and, this once, its secret."""

    client: Client
    secret: str | None


def create(ctx: RequestContext, metadata: ClientMetadata) -> Registered:
    """Register a client.

    Raises:
        MetadataRefused: with every fault at once.
    """
    faults = faults_of(metadata)
    if faults:
        raise MetadataRefused(faults)
    secret = None if metadata.public else new_secret(SECRET_PREFIX)
    row = ClientRow(
        client_id=new_id(),
        secret_hash=digest(secret) if secret else None,
        metadata=metadata.as_json(),
        version=1,
        created_at=ctx.now,
        updated_at=ctx.now,
    )
    clients.add(ctx.db, row)
    record(ctx, ClientCreated(client_id=row.client_id))
    return Registered(client_of(row), secret)


def change(ctx: RequestContext, client_id: str, changes: dict[str, Any]) -> Client:
    """Change what is registered of a client; what it was granted stands.

    Raises:
        NoSuchClient: unknown.
        MetadataRefused: with every fault at once.
        StaleClient: another change was faster.
    """
    row = clients.find(ctx.db, client_id)
    if row is None:
        raise NoSuchClient(client_id)
    before = client_of(row)
    metadata = replace(before.metadata, **changes)
    faults = faults_of(metadata)
    if metadata.public is not before.public:
        faults.append("auth method: a client with a secret keeps it, one without gets none")
    if faults:
        raise MetadataRefused(faults)
    old, new = before.metadata.as_json(), metadata.as_json()
    changed = [name for name in new if new[name] != old[name]]
    if not changed:
        return before
    if not clients.change(ctx.db, client_id, ctx.now, version=row.version, metadata=new):
        raise StaleClient
    record(ctx, ClientChanged(client_id=client_id, fields=changed))
    ctx.house.get(ClientCache).forget(client_id)
    return replace(before, version=row.version + 1, metadata=metadata)


def rotate_secret(ctx: RequestContext, client_id: str) -> str:
    """Give a client a new secret; the old one is dead.

    Raises:
        NoSuchClient: unknown, or public and so without a secret.
    """
    row = clients.find(ctx.db, client_id)
    if row is None or row.secret_hash is None:
        raise NoSuchClient(client_id)
    secret = new_secret(SECRET_PREFIX)
    clients.change(ctx.db, client_id, ctx.now, secret_hash=digest(secret))
    record(ctx, ClientSecretRotated(client_id=client_id))
    ctx.house.get(ClientCache).forget(client_id)
    return secret


def disable(ctx: RequestContext, client_id: str) -> bool:
    """Give a client nothing any more and void what it has; False when it was so already.

    Raises:
        NoSuchClient: unknown.
    """
    return _switch(ctx, client_id, off=True)


def enable(ctx: RequestContext, client_id: str) -> bool:
    """Let a client ask again; what was void stays so. False when nothing was in the way.

    Raises:
        NoSuchClient: unknown.
    """
    return _switch(ctx, client_id, off=False)


def _switch(ctx: RequestContext, client_id: str, *, off: bool) -> bool:
    if not clients.switch(ctx.db, client_id, ctx.now, off=off):
        if clients.find(ctx.db, client_id) is None:
            raise NoSuchClient(client_id)
        return False
    record(ctx, (ClientDisabled if off else ClientEnabled)(client_id=client_id))
    everything = Which(client_id=client_id)
    grant_ends.end_all(ctx, everything, because="client_disabled")
    if off:
        # Until the commit a code is still traded, and what was opened behind the look above stood
        # (I3). From here on nothing comes to life; if we crash, enabling ends it.
        ctx.db.commit()
        grant_ends.end_all(ctx, everything, because="client_disabled")
    ctx.house.get(ClientCache).forget(client_id)
    return True


def void_own_tokens(ctx: RequestContext, client_id: str | None, before: datetime) -> list[str]:
    """Void what a client (None: each) got for itself before an instant; return for which."""
    voided = clients.void_own_tokens(ctx.db, before, ctx.now, client_id)
    record_all(ctx, (ClientTokensVoided(client_id=each) for each in voided))
    for each in voided:
        ctx.house.get(ClientCache).forget(each)
    return voided


def delete(ctx: RequestContext, client_id: str) -> None:
    """Remove a client with its consents and grants.

    Raises:
        NoSuchClient: unknown.
    """
    if not clients.remove(ctx.db, client_id):
        raise NoSuchClient(client_id)
    record(ctx, ClientDeleted(client_id=client_id))
    ctx.house.get(ClientCache).forget(client_id)
