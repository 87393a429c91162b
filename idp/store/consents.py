"""Statements on consents: one row per user and client."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, delete, select, update

from idp.store.database import Transaction
from idp.store.schema import consents


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What a user lets a client have."""

    user_id: str
    client_id: str
    scope: tuple[str, ...]
    claims: tuple[str, ...]
    granted_at: datetime


def save(db: Transaction, consent: Consent, now: datetime) -> bool:
    """Add to what the user lets the client have; True where nothing stood there before.

    Touching the row first holds it: what is added to cannot be taken back in between.
    """
    mine = and_(consents.c.user_id == consent.user_id, consents.c.client_id == consent.client_id)
    touch = (
        update(consents)
        .where(mine)
        .values(updated_at=now)
        .returning(consents.c.scope, consents.c.claims)
    )
    before = db.write(touch).first()
    if before is None and _add(db, consent, now):
        return True
    before = before or db.write(touch).one()
    merged = {
        "scope": list(dict.fromkeys([*before.scope, *consent.scope])),
        "claims": list(dict.fromkeys([*before.claims, *consent.claims])),
    }
    db.write(update(consents).where(mine).values(**merged))
    return False


def _add(db: Transaction, consent: Consent, now: datetime) -> bool:
    """Insert a first consent; False when another page was faster."""
    statement = db.insert_or_ignore(consents).values(
        user_id=consent.user_id,
        client_id=consent.client_id,
        scope=list(consent.scope),
        claims=list(consent.claims),
        granted_at=consent.granted_at,
        updated_at=now,
    )
    return db.write(statement.returning(consents.c.user_id)).first() is not None


def find(db: Transaction, user_id: str, client_id: str) -> Consent | None:
    """Return what a user lets a client have."""
    mine = (consent for consent in list_of_user(db, user_id) if consent.client_id == client_id)
    return next(mine, None)


def list_of_user(db: Transaction, user_id: str) -> list[Consent]:
    """Return what a user has consented to, the newest first."""
    columns = [consents.c[name] for name in Consent.__dataclass_fields__]
    statement = (
        select(*columns).where(consents.c.user_id == user_id).order_by(consents.c.granted_at.desc())
    )
    rows = db.read(statement).mappings()
    return [
        Consent(**{**row, "scope": tuple(row["scope"]), "claims": tuple(row["claims"])})
        for row in rows
    ]


def remove(db: Transaction, user_id: str, client_id: str) -> bool:
    """Take a consent back."""
    statement = delete(consents).where(
        consents.c.user_id == user_id, consents.c.client_id == client_id
    )
    return db.write(statement).rowcount == 1
