"""Password hashes, one per user."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, select, update

from idp.store.database import Transaction
from idp.store.schema import passwords


@dataclass(frozen=True, slots=True, kw_only=True)
class Password:
    """What is kept of a password."""

    user_id: str
    hash: str = field(repr=False)
    changed_at: datetime


def find(db: Transaction, user_id: str) -> Password | None:
    """Return a user's password; None when there is none, or no such user."""
    columns = [passwords.c[name] for name in Password.__dataclass_fields__]
    row = db.read(select(*columns).where(passwords.c.user_id == user_id)).mappings().first()
    return Password(**row) if row else None


def save(db: Transaction, password: Password) -> None:
    """Make `password` the user's only one."""
    adding = db.upsert(passwords).values(
        user_id=password.user_id, hash=password.hash, changed_at=password.changed_at
    )
    db.write(
        adding.on_conflict_do_update(
            index_elements=[passwords.c.user_id],
            set_={"hash": adding.excluded.hash, "changed_at": adding.excluded.changed_at},
        )
    )


def hold(db: Transaction, password: Password) -> bool:
    """Keep this hash in place until the commit; False when it was replaced meanwhile."""
    mine = (passwords.c.user_id == password.user_id, passwords.c.hash == password.hash)
    return db.write(update(passwords).where(*mine).values(hash=password.hash)).rowcount == 1


def replace_hash(db: Transaction, password: Password, new_hash: str) -> bool:
    """Put another hash of the same password in place, unless the password changed meanwhile."""
    turned = db.write(
        update(passwords)
        .where(passwords.c.user_id == password.user_id, passwords.c.hash == password.hash)
        .values(hash=new_hash)
    )
    return turned.rowcount == 1


def remove(db: Transaction, user_id: str) -> bool:
    """Forget a user's password; False when there is none."""
    return db.write(delete(passwords).where(passwords.c.user_id == user_id)).rowcount == 1
