"""Which kinds of authenticators a user has, in one statement."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Table, and_, bindparam, exists, select

from idp.store.database import Transaction
from idp.store.schema import (
    passwords,
    recovery_codes,
    totp_authenticators,
    webauthn_credentials,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kinds:
    """What there is at least one of."""

    password: bool
    key: bool
    hardware_key: bool
    totp: bool
    recovery_code: bool


def _has(table: Table, *also: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists(select(1).where(and_(table.c.user_id == bindparam("owner"), *also)))


_KINDS = select(
    _has(passwords).label("password"),
    _has(webauthn_credentials).label("key"),
    _has(webauthn_credentials, webauthn_credentials.c.hardware).label("hardware_key"),
    _has(totp_authenticators).label("totp"),
    _has(recovery_codes, recovery_codes.c.used_at.is_(None)).label("recovery_code"),
)


def kinds(db: Transaction, user_id: str) -> Kinds:
    """Return what a user has."""
    row = db.read(_KINDS, {"owner": user_id}).mappings().one()
    return Kinds(**{name: bool(value) for name, value in row.items()})
