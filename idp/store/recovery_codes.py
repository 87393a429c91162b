"""Recovery codes: their hashes, and which of them are used up."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete, func, insert, select, update

from idp.store import users
from idp.store.database import Transaction
from idp.store.schema import recovery_codes


def replace_all(db: Transaction, user_id: str, code_hashes: Iterable[bytes], now: datetime) -> None:
    """Make these a user's only codes."""
    # Two replacements at once would each miss the other's codes: the user's row is their queue.
    users.hold(db, user_id)
    db.write(delete(recovery_codes).where(recovery_codes.c.user_id == user_id))
    rows = [{"code_hash": each, "user_id": user_id, "created_at": now} for each in code_hashes]
    db.write(insert(recovery_codes).values(rows))


def remove_all(db: Transaction, user_id: str) -> int:
    """Forget a user's codes; return how many there were, used ones too."""
    return db.write(delete(recovery_codes).where(recovery_codes.c.user_id == user_id)).rowcount


def consume(db: Transaction, user_id: str, code_hash: bytes, now: datetime) -> bool:
    """Use up a code; False when it is unknown, another user's, or used before."""
    turned = db.write(
        update(recovery_codes)
        .where(
            recovery_codes.c.code_hash == code_hash,
            recovery_codes.c.user_id == user_id,
            recovery_codes.c.used_at.is_(None),
        )
        .values(used_at=now)
    )
    return turned.rowcount == 1


def count_unused(db: Transaction, user_id: str) -> int:
    """Return how many codes a user has left."""
    unused = (
        select(func.count())
        .select_from(recovery_codes)
        .where(recovery_codes.c.user_id == user_id, recovery_codes.c.used_at.is_(None))
    )
    return int(db.read(unused).scalar_one())
