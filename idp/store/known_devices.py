"""Which browser has signed which user in before, and which of them stand for a second factor."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, exists, func, select, update

from idp.store.database import Transaction
from idp.store.prepared import Prepared
from idp.store.purge import remove_older
from idp.store.schema import known_devices as table
from idp.store.types import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownDevice:
    """One browser of one user."""

    device_id: str
    user_id: str
    first_seen_at: datetime
    last_seen_at: datetime
    user_agent: str = ""
    trusted_until: datetime | None = None
    confirmed_at: datetime | None = None


_NAMES = tuple(KnownDevice.__dataclass_fields__)
_COLUMNS = [table.c[name] for name in _NAMES]
_FIND = Prepared(
    select(*_COLUMNS).where(
        table.c.device_id == bindparam("which"), table.c.user_id == bindparam("whose")
    )
)


def find(db: Transaction, device_id: str, user_id: str) -> KnownDevice | None:
    """Return the device as this user's; None when it never signed them in."""
    row = db.read(_FIND, {"which": device_id, "whose": user_id}).first()
    return KnownDevice(**dict(zip(_NAMES, row, strict=True))) if row else None


def knows_anybody(db: Transaction, device_id: str) -> bool:
    """Tell whether the device signed anybody in before, who did not forget it since."""
    anybody = exists().where(table.c.device_id == device_id)
    return bool(db.read(select(anybody)).scalar_one())


def list_of_user(db: Transaction, user_id: str) -> list[KnownDevice]:
    """Return a user's devices, the one seen last first."""
    query = select(*_COLUMNS).where(table.c.user_id == user_id)
    rows = db.read(query.order_by(table.c.last_seen_at.desc(), table.c.device_id)).mappings()
    return [KnownDevice(**row) for row in rows]


def add(db: Transaction, device: KnownDevice) -> bool:
    """Make the device known to the user; False when it already is."""
    values = {name: getattr(device, name) for name in KnownDevice.__dataclass_fields__}
    adding = db.insert_or_ignore(table).values(**values).returning(table.c.device_id)
    return db.write(adding).one_or_none() is not None


def touch(db: Transaction, device: KnownDevice, *, confirmed: bool) -> None:
    """Note when a known device was last seen, what it calls itself by now, and its confirmation."""
    values: dict[str, Any] = {
        "last_seen_at": device.last_seen_at,
        "user_agent": device.user_agent,
    }
    if confirmed:
        first = func.coalesce(table.c.confirmed_at, bindparam("now", type_=Instant()))
        values["confirmed_at"] = first
    db.write(
        update(table)
        .where(table.c.device_id == device.device_id, table.c.user_id == device.user_id)
        .values(**values),
        {"now": device.last_seen_at} if confirmed else None,
    )


def trust(db: Transaction, device_id: str, user_id: str, until: datetime) -> bool:
    """Let the device stand for a second factor until then."""
    change = update(table).where(table.c.device_id == device_id, table.c.user_id == user_id)
    return db.write(change.values(trusted_until=until)).rowcount == 1


def confirm(db: Transaction, device_id: str, user_id: str, now: datetime) -> bool:
    """Note that the user says that it is theirs; False when there is none such, or it was noted."""
    mine = (table.c.device_id == device_id, table.c.user_id == user_id)
    change = update(table).where(*mine, table.c.confirmed_at.is_(None))
    return db.write(change.values(confirmed_at=now)).rowcount == 1


def distrust_all(db: Transaction, user_id: str, now: datetime) -> int:
    """Let no device of the user stand for a second factor; return how many did."""
    change = update(table).where(table.c.user_id == user_id, table.c.trusted_until > now)
    return db.write(change.values(trusted_until=None)).rowcount


def distrust(db: Transaction, device_id: str, user_id: str, now: datetime) -> bool:
    """Let one device stand for nothing; False when it did not, or somebody signs in with it now.

    A sign-in holds the device before the session; who holds the session waits for no device.
    """
    mine = select(table.c.device_id).where(
        table.c.device_id == device_id, table.c.user_id == user_id, table.c.trusted_until > now
    )
    change = update(table).where(
        table.c.user_id == user_id,
        table.c.device_id.in_(mine.with_for_update(skip_locked=True)),
    )
    return db.write(change.values(trusted_until=None)).rowcount == 1


def remove_others(db: Transaction, user_id: str, but: str | None) -> int:
    """Forget a user's devices but this one, if one is given; return how many."""
    gone = delete(table).where(table.c.user_id == user_id)
    if but is not None:
        gone = gone.where(table.c.device_id != but)
    return db.write(gone).rowcount


def remove(db: Transaction, device_id: str, user_id: str) -> bool:
    """Forget a device of a user; False when it is none."""
    gone = delete(table).where(table.c.device_id == device_id, table.c.user_id == user_id)
    return db.write(gone).rowcount == 1


def purge(db: Transaction, before: datetime) -> int:
    """Forget a batch of devices that were seen last before then; return how many."""
    return remove_older(db, table.c.last_seen_at, before)
