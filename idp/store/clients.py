"""Statements on clients."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, exists, insert, not_, or_, select, true, update

from idp.store.database import Transaction
from idp.store.prepared import Prepared
from idp.store.schema import clients, revoked_tokens
from idp.store.types import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRow:
    """A registered client as it is kept."""

    client_id: str
    secret_hash: bytes | None
    metadata: dict[str, Any]
    version: int
    created_at: datetime
    updated_at: datetime
    disabled_at: datetime | None = None
    tokens_valid_from: datetime | None = None


_COLUMNS = [clients.c[name] for name in ClientRow.__dataclass_fields__]
NOT_REVOKED = not_(
    exists(select(revoked_tokens.c.jti).where(revoked_tokens.c.jti == bindparam("jti")))
)
# The client whose own token is still good.
OWN_TOKEN_STANDS = select(clients.c.client_id).where(
    clients.c.client_id == bindparam("issued_to"),
    clients.c.disabled_at.is_(None),
    or_(
        clients.c.tokens_valid_from.is_(None),
        clients.c.tokens_valid_from <= bindparam("issued_at", type_=Instant()),
    ),
    NOT_REVOKED,
)
_STANDS = Prepared(OWN_TOKEN_STANDS)


def add(db: Transaction, row: ClientRow) -> None:
    """Insert a client."""
    db.write(insert(clients).values(**{c.name: getattr(row, c.name) for c in _COLUMNS}))


def find(db: Transaction, client_id: str) -> ClientRow | None:
    """Return a client."""
    row = db.read(select(*_COLUMNS).where(clients.c.client_id == client_id)).mappings().first()
    return ClientRow(**row) if row else None


def list_all(db: Transaction) -> list[ClientRow]:
    """Return every client, the oldest first."""
    rows = db.read(select(*_COLUMNS).order_by(clients.c.created_at, clients.c.client_id))
    return [ClientRow(**row) for row in rows.mappings()]


def change(
    db: Transaction,
    client_id: str,
    now: datetime,
    *,
    version: int | None = None,
    **values: object,
) -> bool:
    """Set columns and raise the version, by which cached copies notice.

    With a `version`, nothing is set if the client has another one by now.
    """
    current = clients.c.version == version if version is not None else true()
    statement = (
        update(clients)
        .where(clients.c.client_id == client_id, current)
        .values(updated_at=now, version=clients.c.version + 1, **values)
    )
    return db.write(statement).rowcount == 1


def stands(db: Transaction, client_id: str, jti: str, issued_at: datetime) -> bool:
    """Tell whether a token that a client got for itself is still good: one statement."""
    values = {"issued_to": client_id, "jti": jti, "issued_at": issued_at}
    return db.read(_STANDS, values).first() is not None


def void_own_tokens(
    db: Transaction, before: datetime, now: datetime, client_id: str | None = None
) -> list[str]:
    """Void what a client, or every client, got for itself before an instant; return which."""
    mine = clients.c.client_id == client_id if client_id is not None else true()
    statement = (
        update(clients)
        .where(
            mine,
            or_(clients.c.tokens_valid_from.is_(None), clients.c.tokens_valid_from < before),
        )
        .values(tokens_valid_from=before, updated_at=now, version=clients.c.version + 1)
        .returning(clients.c.client_id)
    )
    return list(db.write(statement).scalars())


def switch(db: Transaction, client_id: str, now: datetime, *, off: bool) -> bool:
    """Disable or enable a client, which voids its own tokens; False when it is so already."""
    as_before = clients.c.disabled_at.is_(None) if off else clients.c.disabled_at.is_not(None)
    statement = (
        update(clients)
        .where(clients.c.client_id == client_id, as_before)
        .values(
            disabled_at=now if off else None,
            tokens_valid_from=now,
            updated_at=now,
            version=clients.c.version + 1,
        )
    )
    return db.write(statement).rowcount == 1


def remove(db: Transaction, client_id: str) -> bool:
    """Delete a client with its consents and grants."""
    return db.write(delete(clients).where(clients.c.client_id == client_id)).rowcount == 1
