"""Statements on single access tokens that were revoked before they expired (RFC 7009 §2.1)."""

from datetime import datetime

from sqlalchemy import select

from idp.store.database import Transaction
from idp.store.purge import remove_older
from idp.store.schema import revoked_tokens as table


def add(db: Transaction, jti: str, expires_at: datetime) -> bool:
    """Revoke a token; False when it was revoked before."""
    adding = db.insert_or_ignore(table).values(jti=jti, expires_at=expires_at)
    return db.write(adding.returning(table.c.jti)).first() is not None


def includes(db: Transaction, jti: str) -> bool:
    """Tell whether a token was revoked."""
    return db.read(select(table.c.jti).where(table.c.jti == jti)).first() is not None


def purge(db: Transaction, now: datetime) -> int:
    """Forget a batch of what has expired by now; return how many."""
    return remove_older(db, table.c.expires_at, now)
