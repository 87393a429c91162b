"""Passkeys: public keys, and the newest signature counter that each has shown."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, select, update

from idp.store.database import Transaction
from idp.store.schema import webauthn_credentials as table


@dataclass(frozen=True, slots=True, kw_only=True)
class Passkey:
    """One WebAuthn credential of one user (WebAuthn §4, credential record)."""

    id: str
    user_id: str
    credential_id: bytes = field(repr=False)
    public_key: bytes = field(repr=False)
    sign_count: int
    aaguid: str
    transports: list[str]
    backup_eligible: bool
    backed_up: bool
    verifies_user: bool
    attestation: str
    hardware: bool
    name: str
    created_at: datetime
    last_used_at: datetime | None = None
    suspected_at: datetime | None = None


_NAMES = tuple(Passkey.__dataclass_fields__)
_COLUMNS = [table.c[name] for name in _NAMES]


def list_of_user(db: Transaction, user_id: str) -> list[Passkey]:
    """Return a user's passkeys, the oldest first."""
    statement = select(*_COLUMNS).where(table.c.user_id == user_id)
    rows = db.read(statement.order_by(table.c.created_at, table.c.id)).mappings()
    return [Passkey(**row) for row in rows]


def find(db: Transaction, credential_id: bytes) -> Passkey | None:
    """Return the passkey that an authenticator knows under this id."""
    statement = select(*_COLUMNS).where(table.c.credential_id == credential_id)
    row = db.read(statement).mappings().first()
    return Passkey(**row) if row else None


def add(db: Transaction, passkey: Passkey) -> bool:
    """Store a passkey; False when its credential id is taken, by whomever."""
    values = {name: getattr(passkey, name) for name in _NAMES}
    adding = db.insert_or_ignore(table).values(**values).returning(table.c.id)
    return db.write(adding).one_or_none() is not None


def advance(db: Transaction, passkey_id: str, sign_count: int, now: datetime) -> bool:
    """Move the counter on; False when it does not rise, or the passkey is gone.

    An authenticator that does not count always shows 0 (WebAuthn §6.1.1).
    """
    rises = table.c.sign_count < sign_count if sign_count else table.c.sign_count == 0
    turned = db.write(
        update(table)
        .where(table.c.id == passkey_id, rises)
        .values(sign_count=sign_count, last_used_at=now)
    )
    return turned.rowcount == 1


def suspect(db: Transaction, passkey_id: str, now: datetime) -> bool:
    """Mark a passkey whose counter did not rise; False when it is gone."""
    marking = update(table).where(table.c.id == passkey_id).values(suspected_at=now)
    return db.write(marking).rowcount == 1


def note_backup(db: Transaction, passkey_id: str, *, backed_up: bool) -> bool:
    """Write whether the passkey is synced; False when that was known."""
    turned = db.write(
        update(table)
        .where(table.c.id == passkey_id, table.c.backed_up != backed_up)
        .values(backed_up=backed_up)
    )
    return turned.rowcount == 1


def rename(db: Transaction, user_id: str, passkey_id: str, name: str) -> bool:
    """Name a passkey; False when there is nothing to change."""
    turned = db.write(
        update(table)
        .where(table.c.id == passkey_id, table.c.user_id == user_id, table.c.name != name)
        .values(name=name)
    )
    return turned.rowcount == 1


def acknowledge(db: Transaction, user_id: str, passkey_id: str) -> bool:
    """Clear the mark of a passkey; False when it has none."""
    marked = table.c.suspected_at.is_not(None)
    turned = db.write(
        update(table)
        .where(table.c.id == passkey_id, table.c.user_id == user_id, marked)
        .values(suspected_at=None)
    )
    return turned.rowcount == 1


def remove(db: Transaction, user_id: str, passkey_id: str) -> bool:
    """Forget a passkey; False when the user has no such one."""
    gone = db.write(delete(table).where(table.c.id == passkey_id, table.c.user_id == user_id))
    return gone.rowcount == 1
