"""The one statement of an introspection: is the caller as it was known, and does the token live?

Whatever is asked about, the same statement is run, so that neither its time nor its number tells
garbage from what belongs to somebody else (RFC 7662 §4).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Subquery, bindparam, or_, select, true

from idp.store.clients import NOT_REVOKED, OWN_TOKEN_STANDS
from idp.store.database import Transaction
from idp.store.grants import AGREED, COLUMNS, SESSION_LIVES, USER_STANDS, Grant, from_row
from idp.store.prepared import Prepared, Row
from idp.store.schema import clients, grants, users

_USERNAME = select(users.c.username).where(users.c.id == grants.c.user_id).scalar_subquery()


def _for_caller(live: Subquery) -> Prepared:
    """Return what lives, empty where nothing does; no row at all where the caller is another."""
    caller = clients.alias("caller")
    return Prepared(
        select(*live.c)
        .select_from(caller.outerjoin(live, true()))
        .where(
            caller.c.client_id == bindparam("caller"),
            caller.c.version == bindparam("caller_version"),
        )
    )


_GRANT = _for_caller(
    select(*COLUMNS, _USERNAME.label("username"))
    .where(
        grants.c.id == bindparam("wanted_id"),
        grants.c.ended_at.is_(None),
        USER_STANDS,
        or_(grants.c.offline, SESSION_LIVES),
        AGREED,
        NOT_REVOKED,
    )
    .subquery("live")
)
_OWN = _for_caller(OWN_TOKEN_STANDS.subquery("live"))


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, as this process knows it."""

    client_id: str
    version: int


class CallerChanged(Exception):
    """The caller is not what this process knows it as."""


def find_grant(
    db: Transaction, caller: Caller, grant_id: str, jti: str, now: datetime
) -> tuple[Grant, str] | None:
    """Return a grant of which nothing is over, and its user's name; see `grants.find_live`.

    Raises:
        CallerChanged: so nothing can be told.
    """
    row = _row(db, _GRANT, caller, {"wanted_id": grant_id, "jti": jti, "now": now})
    return (from_row(row), str(row[-1])) if row[0] is not None else None


def own_stands(
    db: Transaction, caller: Caller, issued_to: str, jti: str, issued_at: datetime
) -> bool:
    """Tell whether a token that a client got for itself is still good; see `clients.stands`.

    Raises:
        CallerChanged: so nothing can be told.
    """
    values = {"issued_to": issued_to, "jti": jti, "issued_at": issued_at}
    return _row(db, _OWN, caller, values)[0] is not None


def _row(db: Transaction, query: Prepared, caller: Caller, values: dict[str, Any]) -> Row:
    known = {"caller": caller.client_id, "caller_version": caller.version}
    row = db.read(query, values | known).first()
    if row is None:
        raise CallerChanged
    return row
