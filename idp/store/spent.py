"""What was answered and may never be answered again: the row decides who was first (I8)."""

from datetime import datetime

from sqlalchemy import delete

from idp.store.database import Transaction
from idp.store.schema import spent as table


def burn(db: Transaction, key: bytes, until: datetime) -> bool:
    """Burn a key that is worth nothing after `until` anyway; False when it was burnt before."""
    burning = db.insert_or_ignore(table).values(key=key, expires_at=until).returning(table.c.key)
    return db.write(burning).one_or_none() is not None


def purge(db: Transaction, now: datetime) -> int:
    """Forget what is refused for its age by now; return how many keys that were."""
    return db.write(delete(table).where(table.c.expires_at <= now)).rowcount
