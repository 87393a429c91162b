"""Users and their browsers in figures: who could show what, and which browser is whose."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, exists, func, select

from idp.store.database import Transaction
from idp.store.schema import known_devices, totp_authenticators, users, webauthn_credentials


@dataclass(frozen=True, slots=True, kw_only=True)
class Strength:
    """How many users are in just these groups, and what they could show beside a password.

    `text` and `mail` count those who have no passkey and no authenticator app, but an address
    that a code could be sent to; whether codes are sent is the operator's choice.
    """

    groups: tuple[str, ...]
    users: int
    weak: int
    text: int
    mail: int


def strengths(db: Transaction) -> list[Strength]:
    """Return who could show a second factor, by the groups that users are in together."""
    weak = ~_has(webauthn_credentials) & ~_has(totp_authenticators)
    text = weak & users.c.phone_number_verified
    query = (
        select(
            users.c.groups,
            func.count().label("users"),
            func.count().filter(weak).label("weak"),
            func.count().filter(text).label("text"),
            func.count().filter(weak & users.c.email_verified).label("mail"),
        )
        .where(users.c.disabled_at.is_(None))
        .group_by(users.c.groups)
        .order_by(users.c.groups)
    )
    return [
        Strength(**{**row, "groups": tuple(row["groups"])}) for row in db.read(query).mappings()
    ]


def _has(table: Table) -> ColumnElement[bool]:
    return exists(select(1).where(table.c.user_id == users.c.id))


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedBrowser:
    """One browser that has signed in many; `user_id` is one of them."""

    device_id: str
    user_id: str
    users: int
    trusted: int


def shared_browsers(db: Transaction, now: datetime, *, more_than: int) -> list[SharedBrowser]:
    """Return the browsers that have signed in more than so many users, the busiest first."""
    table = known_devices.c
    count = func.count()
    query: Any = (
        select(
            table.device_id,
            func.min(table.user_id).label("user_id"),
            count.label("users"),
            func.count().filter(table.trusted_until > now).label("trusted"),
        )
        .group_by(table.device_id)
        .having(count > more_than)
        .order_by(count.desc(), table.device_id)
        .limit(100)
    )
    return [SharedBrowser(**row) for row in db.read(query).mappings()]


def trusted_unused(db: Transaction, now: datetime, *, since: datetime) -> int:
    """Return how many browsers stand for a second step that nobody has used since."""
    table = known_devices.c
    which = (table.last_seen_at < since, table.trusted_until > now)
    query = select(func.count()).select_from(known_devices).where(*which)
    return int(db.read(query).scalar_one())
