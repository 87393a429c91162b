"""What was answered and may never be answered again: the row decides who was first (I8)."""

from datetime import datetime

from sqlalchemy import bindparam
from sqlalchemy.dialects import postgresql, sqlite

from idp.store.database import Transaction
from idp.store.prepared import Prepared
from idp.store.purge import remove_older
from idp.store.schema import spent as table

_BURN = {
    name: Prepared(
        insert(table)
        .values({column.name: bindparam(column.name) for column in table.c})
        .on_conflict_do_nothing()
        .returning(table.c.key)
    )
    for name, insert in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
}


def burn(db: Transaction, key: bytes, until: datetime) -> bool:
    """Burn a key that is worth nothing after `until` anyway; False when it was burnt before."""
    values = {"key": key, "expires_at": until}
    return db.write(_BURN[db.dialect], values).first() is not None


def burn_at_once(db: Transaction, key: bytes, until: datetime) -> bool:
    """Burn a key whatever becomes of the request; for what is made anew for each try."""
    values = {"key": key, "expires_at": until}
    return db.write_at_once(_BURN[db.dialect], values).first() is not None


def purge(db: Transaction, now: datetime) -> int:
    """Forget a batch of what is refused for its age by now; return how many."""
    return remove_older(db, table.c.expires_at, now)
