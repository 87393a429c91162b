"""TOTP authenticators: a sealed secret and the newest step that was burnt."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, select, update

from idp.store.database import Transaction
from idp.store.schema import totp_authenticators as table


@dataclass(frozen=True, slots=True, kw_only=True)
class TotpAuthenticator:
    """One authenticator app of one user."""

    id: str
    user_id: str
    name: str
    secret_sealed: bytes = field(repr=False)
    last_timecode: int
    created_at: datetime
    last_used_at: datetime | None


def list_of_user(db: Transaction, user_id: str) -> list[TotpAuthenticator]:
    """Return a user's authenticators, the oldest first."""
    columns = [table.c[name] for name in TotpAuthenticator.__dataclass_fields__]
    statement = select(*columns).where(table.c.user_id == user_id)
    rows = db.read(statement.order_by(table.c.created_at, table.c.id)).mappings()
    return [TotpAuthenticator(**row) for row in rows]


def add(db: Transaction, authenticator: TotpAuthenticator) -> bool:
    """Store an authenticator; False when one with its id is there already."""
    values = {name: getattr(authenticator, name) for name in authenticator.__dataclass_fields__}
    adding = db.insert_or_ignore(table).values(**values).returning(table.c.id)
    return db.write(adding).one_or_none() is not None


def burn_step(db: Transaction, authenticator_id: str, timecode: int, now: datetime) -> bool:
    """Burn a time step and all older ones; False when it was burnt before (RFC 6238 §5.2)."""
    turned = db.write(
        update(table)
        .where(table.c.id == authenticator_id, table.c.last_timecode < timecode)
        .values(last_timecode=timecode, last_used_at=now)
    )
    return turned.rowcount == 1


def rename(db: Transaction, user_id: str, authenticator_id: str, name: str) -> bool:
    """Name an authenticator; False when there is nothing to change."""
    turned = db.write(
        update(table)
        .where(table.c.id == authenticator_id, table.c.user_id == user_id, table.c.name != name)
        .values(name=name)
    )
    return turned.rowcount == 1


def remove(db: Transaction, user_id: str, authenticator_id: str) -> bool:
    """Forget an authenticator, with its secret; False when the user has no such one."""
    gone = db.write(delete(table).where(table.c.id == authenticator_id, table.c.user_id == user_id))
    return gone.rowcount == 1
