"""Statements on consents: one row per user and client."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update

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


def save(db: Transaction, consent: Consent, now: datetime) -> None:
    """Insert the consent, or let it take the place of the one before."""
    values = {"scope": list(consent.scope), "claims": list(consent.claims), "updated_at": now}
    statement = (
        update(consents)
        .where(consents.c.user_id == consent.user_id, consents.c.client_id == consent.client_id)
        .values(**values)
    )
    if db.write(statement).rowcount == 0:
        # Two first consents at once: the second waits for the first and then changes nothing,
        # because both carry what their own page showed; the next request asks for the rest.
        db.write(
            db.insert_or_ignore(consents).values(
                user_id=consent.user_id,
                client_id=consent.client_id,
                granted_at=consent.granted_at,
                **values,
            )
        )


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
