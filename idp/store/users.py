"""Statements on users."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, or_, select, update

from idp.store.database import Transaction
from idp.store.schema import users


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """An account. `id` is the subject identifier; `profile` holds claims of OIDC Core §5.1."""

    id: str
    username: str
    email: str | None = None
    email_verified: bool = False
    phone_number: str | None = None
    phone_number_verified: bool = False
    profile: dict[str, Any] = field(default_factory=dict)
    created_at: datetime
    updated_at: datetime
    disabled_at: datetime | None = None
    factor_offer_declined_at: datetime | None = None
    factor_demanded_at: datetime | None = None
    factors_reset_at: datetime | None = None
    groups: list[str] = field(default_factory=list)

    @property
    def display_name(self) -> str:
        """How pages call the user."""
        return str(self.profile.get("name") or self.username)


COLUMNS = [c for c in users.c if c.name not in ("username_key", "email_key")]
_NAMES = [column.name for column in COLUMNS]


def username_key(username: str) -> str:
    """Return the form in which two spellings of one name are equal."""
    return unicodedata.normalize("NFKC", username.strip()).casefold()


def _email_key(email: str | None) -> str | None:
    return username_key(email) if email else None


def from_row(row: Sequence[Any]) -> User:
    """Return the user whose columns, those of `COLUMNS`, are the first of the row."""
    return User(**dict(zip(_NAMES, row, strict=False)))


def add(db: Transaction, user: User) -> None:
    """Insert an account.

    Raises:
        sqlalchemy.exc.IntegrityError: the name is taken.
    """
    values = {c.name: getattr(user, c.name) for c in COLUMNS}
    keys = {"username_key": username_key(user.username), "email_key": _email_key(user.email)}
    db.write(insert(users).values(**values, **keys))


def find(db: Transaction, user_id: str) -> User | None:
    """Return the user with this subject identifier."""
    row = db.read(select(*COLUMNS).where(users.c.id == user_id)).first()
    return from_row(row) if row else None


def find_by_username(db: Transaction, username: str) -> User | None:
    """Return the user of this name, in whatever spelling."""
    key = username_key(username)
    row = db.read(select(*COLUMNS).where(users.c.username_key == key)).first()
    return from_row(row) if row else None


def find_for_sign_in(db: Transaction, identifier: str) -> User | None:
    """Return the user of this name, or else the only one who has this email address."""
    key = username_key(identifier)
    statement = (
        select(*COLUMNS, users.c.username_key)
        .where(or_(users.c.username_key == key, users.c.email_key == key))
        .order_by((users.c.username_key == key).desc())
        .limit(3)
    )
    rows = db.read(statement).all()
    named = [row for row in rows if row.username_key == key]
    candidates = named or rows
    return from_row(candidates[0]) if len(candidates) == 1 else None


def list_by_verified_email(db: Transaction, email: str, limit: int) -> list[User]:
    """Return users who proved to have this address."""
    proved = (users.c.email_key == username_key(email), users.c.email_verified)
    return [from_row(row) for row in db.read(select(*COLUMNS).where(*proved).limit(limit))]


def others_called(db: Transaction, identifier: str, user_id: str) -> bool:
    """Tell whether somebody else could be meant by this user name or email address."""
    key = username_key(identifier)
    named = or_(users.c.username_key == key, users.c.email_key == key)
    return db.read(select(users.c.id).where(named, users.c.id != user_id)).first() is not None


def list_all(db: Transaction) -> list[User]:
    """Return every account in the order of names."""
    return [from_row(row) for row in db.read(select(*COLUMNS).order_by(users.c.username_key))]


def hold(db: Transaction, user_id: str) -> None:
    """Let nobody else change the user, or what queues for the user's row, until the commit."""
    queue = select(users.c.id).where(users.c.id == user_id).with_for_update(key_share=True)
    db.write(queue).all()


def change(db: Transaction, user_id: str, now: datetime, **values: object) -> bool:
    """Set columns of an account."""
    if "email" in values:
        email = values["email"]
        values["email_key"] = _email_key(email if isinstance(email, str) else None)
    statement = update(users).where(users.c.id == user_id).values(updated_at=now, **values)
    return db.write(statement).rowcount == 1


def note(db: Transaction, user_id: str, **values: object) -> None:
    """Set columns that are no claims about the user, so `updated_at` stays (OIDC Core §5.1)."""
    db.write(update(users).where(users.c.id == user_id).values(**values))


def note_demand(db: Transaction, user_id: str, now: datetime) -> bool:
    """Note since when a factor is demanded; False when that is noted already."""
    first = update(users).where(users.c.id == user_id, users.c.factor_demanded_at.is_(None))
    return db.write(first.values(factor_demanded_at=now)).rowcount == 1


def remove(db: Transaction, user_id: str) -> bool:
    """Delete an account and everything that hangs on it; False when there is none."""
    return db.write(delete(users).where(users.c.id == user_id)).rowcount == 1
