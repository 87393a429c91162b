"""Statements on codes by mail and text: one per step and channel, a new one in the old one's place.

The row admits a sending, counts a try and takes the code, each by one compare-and-set.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, select, update

from idp.store.database import Transaction
from idp.store.purge import remove_older
from idp.store.schema import channel_codes as table

# How often a step was sent codes is remembered for as long as any step lasts.
REMEMBERED = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelCode:
    """A code that was sent to an address; `sent` counts how often one was for this step."""

    bound_to: str
    channel: str
    user_id: str
    address: str
    code_hash: bytes
    sent: int
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None


_COLUMNS = [table.c[name] for name in ChannelCode.__dataclass_fields__]


def replace(db: Transaction, code: ChannelCode, *, most: int, not_since: datetime) -> int | None:
    """Put a code in place of the step's last one; return how many that makes.

    None, and nothing changed, when the step has had `most`, the last one is newer than
    `not_since`, or the step is another user's.
    """
    values = {name: getattr(code, name) for name in ChannelCode.__dataclass_fields__}
    first = db.upsert(table).values(**values, tries=0)
    again = {"address", "code_hash", "created_at", "expires_at", "used_at"}
    written = db.write(
        first.on_conflict_do_update(
            index_elements=[table.c.bound_to, table.c.channel],
            set_={
                **{name: values[name] for name in again},
                "tries": 0,
                "sent": table.c.sent + 1,
            },
            where=and_(
                table.c.user_id == code.user_id,
                table.c.sent < most,
                table.c.created_at <= not_since,
            ),
        ).returning(table.c.sent)
    )
    return written.scalar_one_or_none()


def find(db: Transaction, bound_to: str, channel: str) -> ChannelCode | None:
    """Return the newest code of a step, whether or not it is still good."""
    newest = select(*_COLUMNS).where(table.c.bound_to == bound_to, table.c.channel == channel)
    row = db.read(newest).mappings().first()
    return ChannelCode(**row) if row else None


def count_try(
    db: Transaction, bound_to: str, channel: str, user_id: str, now: datetime, *, most: int
) -> ChannelCode | None:
    """Count a try and return the code that it is compared with; None when no try is left."""
    counted = (
        update(table)
        .where(_of(bound_to, channel, user_id), _good(now), table.c.tries < most)
        .values(tries=table.c.tries + 1)
        .returning(*_COLUMNS)
    )
    row = db.write(counted).mappings().first()
    return ChannelCode(**row) if row else None


def consume(db: Transaction, code: ChannelCode, now: datetime) -> bool:
    """Use up this code, not one that came in its place; True for the one call that wins (I8)."""
    mine = _of(code.bound_to, code.channel, code.user_id)
    statement = update(table).where(mine, _good(now), table.c.code_hash == code.code_hash)
    return db.write(statement.values(used_at=now)).rowcount == 1


def _of(bound_to: str, channel: str, user_id: str) -> ColumnElement[bool]:
    return and_(
        table.c.bound_to == bound_to, table.c.channel == channel, table.c.user_id == user_id
    )


def _good(now: datetime) -> ColumnElement[bool]:
    return and_(table.c.used_at.is_(None), table.c.expires_at > now)


def purge(db: Transaction, now: datetime) -> int:
    """Remove a batch of what is too old; return how many."""
    return remove_older(db, table.c.expires_at, now - REMEMBERED)
