"""Statements on account tickets: links for who has no proof yet, each good once."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, update

from idp.store.database import Transaction
from idp.store.purge import remove_older
from idp.store.schema import account_tickets as table


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountTicket:
    """What a link lets somebody do, for whom, and in which browser alone, if in one."""

    id: str
    purpose: str
    user_id: str | None = None
    email: str | None = None
    browser_hash: bytes | None = None
    created_at: datetime
    expires_at: datetime


_COLUMNS = [table.c[name] for name in AccountTicket.__dataclass_fields__]


def add(db: Transaction, ticket: AccountTicket, secret_hash: bytes) -> None:
    """Insert a ticket with the hash of its secret."""
    values = {name: getattr(ticket, name) for name in AccountTicket.__dataclass_fields__}
    db.write(insert(table).values(**values, secret_hash=secret_hash))


def find(db: Transaction, ticket_id: str, now: datetime) -> tuple[AccountTicket, bytes] | None:
    """Return a ticket that is neither used nor too old, and the hash of its secret."""
    alive = (table.c.id == ticket_id, table.c.used_at.is_(None), table.c.expires_at > now)
    row = db.read(select(*_COLUMNS, table.c.secret_hash).where(*alive)).mappings().first()
    if row is None:
        return None
    values = dict(row)
    secret_hash = values.pop("secret_hash")
    return AccountTicket(**values), secret_hash


def consume(db: Transaction, ticket_id: str, now: datetime) -> bool:
    """Use a ticket up; True for the one call that wins (I8)."""
    turned = db.write(
        update(table)
        .where(table.c.id == ticket_id, table.c.used_at.is_(None), table.c.expires_at > now)
        .values(used_at=now)
    )
    return turned.rowcount == 1


def void(
    db: Transaction,
    now: datetime,
    *,
    user_id: str,
    purpose: str,
    browser_hash: bytes | None = None,
) -> int:
    """Use up a user's tickets for a purpose, in one browser if one is given; return how many."""
    theirs = [table.c.user_id == user_id, table.c.purpose == purpose, table.c.used_at.is_(None)]
    if browser_hash is not None:
        theirs.append(table.c.browser_hash == browser_hash)
    return db.write(update(table).where(*theirs).values(used_at=now)).rowcount


def void_mailed(db: Transaction, now: datetime, *, user_id: str) -> int:
    """Use up those of a user's tickets that were mailed; return how many."""
    mailed = (table.c.user_id == user_id, table.c.email.is_not(None), table.c.used_at.is_(None))
    return db.write(update(table).where(*mailed).values(used_at=now)).rowcount


def purge(db: Transaction, now: datetime) -> int:
    """Remove a batch of what is too old; return how many."""
    return remove_older(db, table.c.expires_at, now)
