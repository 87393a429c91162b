"""Statements on prompts: a decision that asks in a sign-in is a row before anybody answers it.

It has the id of the half-done sign-in that it belongs to, and no session. What the sign-in comes to
is written into the same row; who gives up leaves it as it is.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, case, delete, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from idp.store.database import Transaction
from idp.store.decisions import ASKING, ME, Recorded
from idp.store.prepared import Prepared
from idp.store.purge import among
from idp.store.schema import decisions as table
from idp.store.schema import login_attempts

# What `Recorded.unfinished` says of one row.
UNFINISHED = and_(
    table.c.moment == "sign_in",
    table.c.sid.is_(None),
    or_(*(table.c.outcome == asking for asking in ASKING)),
)
_NAMES = tuple(Recorded.__dataclass_fields__)
_OWN = ("id", "user_id", "answer", "answered_at", "teaches")


def _writing(insert: Any) -> Prepared:
    first = insert(table).values({name: bindparam(name) for name in _NAMES})
    now = {name: first.excluded[name] for name in _NAMES if name not in _OWN}
    # Who said yes to the prompt has taught by that all that there is to learn.
    now["teaches"] = case((table.c.answer == ME, table.c.teaches), else_=first.excluded.teaches)
    written = first.on_conflict_do_update(index_elements=[table.c.id], set_=now, where=UNFINISHED)
    return Prepared(written.returning(table.c.answer))


_WRITE = {
    name: _writing(insert)
    for name, insert in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
}


def write(db: Transaction, decision: Recorded) -> list[str | None]:
    """Write down what a sign-in has come to by now, in the row of its prompt if it has one.

    Return what the user has said to the prompt (None: nothing), as a list; it is empty, and
    nothing is written, when that sign-in has come to its end before.
    """
    rows = db.write(_WRITE[db.dialect], {name: getattr(decision, name) for name in _NAMES})
    return [row[0] for row in rows.all()]


def list_given_up(db: Transaction, ids: Sequence[str]) -> list[Recorded]:
    """Return those of these prompts that nobody went on from, nor said anything to."""
    if not ids:
        return []
    columns = [table.c[name] for name in _NAMES]
    left = select(*columns).where(table.c.id.in_(ids), UNFINISHED, table.c.answer.is_(None))
    return [Recorded(**row) for row in db.read(left).mappings()]


def remove_repeated(
    db: Transaction, user_id: str, browser_hash: bytes, now: datetime, *, but: str | None = None
) -> int:
    """Remove the prompts that this user left in this browser a moment ago; return how many.

    Whoever begins anew there is asked once, not twice, and who gets in there has answered. One that
    its user says something to just now is left.
    """
    begun_here = select(login_attempts.c.id).where(
        login_attempts.c.user_id == user_id,
        login_attempts.c.browser_hash == browser_hash,
        login_attempts.c.expires_at > now,
        login_attempts.c.id != (but or ""),
    )
    left = select(table.c.id).where(
        table.c.id.in_(begun_here), UNFINISHED, table.c.answer.is_(None)
    )
    return db.write(delete(table).where(among(db, table.c.id, left))).rowcount
