"""Which browser has signed which user in before."""

from datetime import datetime

from sqlalchemy import select, update

from idp.store.database import Transaction
from idp.store.schema import known_devices


def is_known(db: Transaction, device_id: str, user_id: str) -> bool:
    """Tell whether this device signed this user in before."""
    row = select(known_devices.c.device_id).where(
        known_devices.c.device_id == device_id, known_devices.c.user_id == user_id
    )
    return db.read(row).one_or_none() is not None


def add(db: Transaction, device_id: str, user_id: str, now: datetime) -> bool:
    """Make the device known to the user; False when it already is."""
    added = db.write(
        db.insert_or_ignore(known_devices)
        .values(device_id=device_id, user_id=user_id, first_seen_at=now, last_seen_at=now)
        .returning(known_devices.c.device_id)
    )
    return added.one_or_none() is not None


def touch(db: Transaction, device_id: str, user_id: str, now: datetime) -> None:
    """Note when a known device was last seen."""
    db.write(
        update(known_devices)
        .where(known_devices.c.device_id == device_id, known_devices.c.user_id == user_id)
        .values(last_seen_at=now)
    )
