"""All second factors of a user at once: where an operator takes them away."""

from dataclasses import dataclass

from sqlalchemy import Table, delete

from idp.store.database import Transaction
from idp.store.schema import recovery_codes, totp_authenticators, webauthn_credentials


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """How many of each kind are gone."""

    passkeys: int
    authenticators: int
    recovery_codes: int


def remove_all(db: Transaction, user_id: str) -> Removed:
    """Forget every passkey, authenticator app and recovery code of a user."""

    def gone(table: Table) -> int:
        return db.write(delete(table).where(table.c.user_id == user_id)).rowcount

    return Removed(
        passkeys=gone(webauthn_credentials),
        authenticators=gone(totp_authenticators),
        recovery_codes=gone(recovery_codes),
    )
