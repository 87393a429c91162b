"""Decisions in pages, user after user, for who goes through a great many of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, tuple_

from idp.store.database import Transaction
from idp.store.schema import decisions as table
from idp.store.types import Instant

PAGE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """Of a decision, what another policy is compared by."""

    id: str
    at: datetime
    moment: str
    outcome: str
    rule: str
    policy_version: str
    level: str
    score: float
    user_id: str
    sid: str | None
    client_id: str | None
    facts: dict[str, Any]
    limits: dict[str, Any]
    draft: dict[str, Any] | None


_NAMES = tuple(Made.__dataclass_fields__)
_place = tuple_(table.c.user_id, table.c.at, table.c.id)
_last = tuple_(bindparam("user_id"), bindparam("after", type_=Instant()), bindparam("id"))
_PAGE = (
    select(*(table.c[name] for name in _NAMES))
    .where(
        _place > _last,
        table.c.at >= bindparam("since", type_=Instant()),
        table.c.at < bindparam("until", type_=Instant()),
    )
    .order_by(table.c.user_id, table.c.at, table.c.id)
    .limit(PAGE)
)


def pages(db: Transaction, since: datetime, until: datetime) -> Iterator[list[Made]]:
    """Yield the decisions of a span in pages, each user's together and in their order.

    What is held is one page, however many there are. The index on user and instant leads from each
    page to the next.
    """
    last = {"user_id": "", "after": since, "id": ""}
    while True:
        asked = {"since": since, "until": until, **last}
        rows = db.read(_PAGE, asked).all()
        page = [Made(**dict(zip(_NAMES, row, strict=True))) for row in rows]
        if page:
            yield page
        if len(page) < PAGE:
            return
        last = {"user_id": page[-1].user_id, "after": page[-1].at, "id": page[-1].id}


def newest_draft(db: Transaction, since: datetime) -> str | None:
    """Return the version of the draft policy that had its say last."""
    version = table.c.draft["version"].as_string()
    query = select(version).where(table.c.at >= since, version.is_not(None))
    found = db.read(query.order_by(table.c.at.desc()).limit(1)).scalar()
    return None if found is None else str(found)
