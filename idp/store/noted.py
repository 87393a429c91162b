"""A change of one row and the event that tells of it, written together (I7).

PostgreSQL does both in one statement. SQLite knows no such statements; there they are two in one
transaction. Whom the event is about is read off the row.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, case, insert, select
from sqlalchemy.sql.dml import ReturningInsert, ReturningUpdate

from idp.store import audit_events as events
from idp.store.database import Transaction
from idp.store.prepared import Prepared, Row, Values
from idp.store.schema import audit_events

Change = ReturningInsert[Any] | ReturningUpdate[Any]
_OF_THE_ROW = ("user_id", "client_id", "sid")


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What is known of an event before its change; `again` names it where that is a repetition."""

    at: datetime
    name: str
    again: str
    actor: str
    address: str | None
    reference: str
    data: dict[str, Any]

    def values(self) -> Values:
        """Return each field by its name; `asdict` would copy all that is in them."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


class NotedChange:
    """A change that returns its row. `repeats` is the column that counts how often it was made."""

    def __init__(self, change: Change, repeats: str | None = None) -> None:
        names = [column["name"] for column in change.returning_column_descriptions]
        self._about = {name: names.index(name) for name in _OF_THE_ROW}
        self._repeats = names.index(repeats) if repeats else None
        self._change = Prepared(change)
        self._both = Prepared(_with_event(change, repeats))

    def write(
        self, db: Transaction, values: Values, note: Note, *, at_once: bool = False
    ) -> Row | None:
        """Change the row, write the event beside it and return the row; None when none fits.

        `at_once` where that is good for the caller (`Transaction.write_at_once`).
        """
        if db.dialect == "sqlite":
            row = db.write(self._change, values).first()
            if row is not None:
                events.add(db, self._event(row, note))
            return row
        sent = values | {f"event_{name}": value for name, value in note.values().items()}
        return (db.write_at_once if at_once else db.write)(self._both, sent).first()

    def _event(self, row: Row, note: Note) -> Values:
        event = note.values() | {name: row[place] for name, place in self._about.items()}
        again = event.pop("again")
        if self._repeats is not None and row[self._repeats]:
            event["name"] = again
        return event


def _with_event(change: Change, repeats: str | None) -> Select[Any]:
    changed = change.cte("changed")
    said = {
        column.name: bindparam(f"event_{column.name}", type_=column.type)
        for column in audit_events.c
        if column.name not in ("id", *_OF_THE_ROW)
    }
    event: Values = said | {name: changed.c[name] for name in _OF_THE_ROW}
    if repeats is not None:
        event["name"] = case(
            (changed.c[repeats] > 0, bindparam("event_again", type_=audit_events.c.name.type)),
            else_=said["name"],
        )
    noted = insert(audit_events).from_select(list(event), select(*event.values())).cte("noted")
    return select(changed).add_cte(noted)
