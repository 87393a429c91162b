"""Facts about the database itself, such as which master key sealed it."""

from sqlalchemy import select

from idp.store.database import Transaction
from idp.store.schema import seals


def read(db: Transaction, name: str) -> str | None:
    """Return a fact."""
    return db.read(select(seals.c.value).where(seals.c.name == name)).scalar()


def write_once(db: Transaction, name: str, value: str) -> str:
    """Set a fact if nobody did before; return what stands."""
    db.write(db.insert_or_ignore(seals).values(name=name, value=value))
    return read(db, name) or value
