"""Statements on single access tokens that were revoked before they expired (RFC 7009 §2.1)."""

from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from idp.store.database import Transaction
from idp.store.prepared import Prepared
from idp.store.purge import remove_older
from idp.store.schema import revoked_tokens as table

_ADD = {
    name: Prepared(
        insert(table)
        .values({column.name: bindparam(column.name) for column in table.c})
        .on_conflict_do_nothing()
        .returning(table.c.jti)
    )
    for name, insert in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
}


def add(db: Transaction, jti: str, expires_at: datetime) -> bool:
    """Revoke a token; False when it was revoked before."""
    values = {"jti": jti, "expires_at": expires_at}
    return db.write(_ADD[db.dialect], values).first() is not None


def includes(db: Transaction, jti: str) -> bool:
    """Tell whether a token was revoked."""
    return db.read(select(table.c.jti).where(table.c.jti == jti)).first() is not None


def purge(db: Transaction, now: datetime) -> int:
    """Forget a batch of what has expired by now; return how many."""
    return remove_older(db, table.c.expires_at, now)
