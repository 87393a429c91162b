"""The two compare-and-sets of a grant: its code is redeemed once, its refresh token rotates.

Everything that a client must match stands in the WHERE, each condition by its name, so that a
mistake changes nothing and two requests at once cannot both win (I1, I2).
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    String,
    and_,
    bindparam,
    case,
    exists,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.sql.dml import ReturningUpdate

from idp.store.database import Transaction
from idp.store.grants import (
    AGREED,
    COLUMNS,
    SESSION_LIVES,
    USER_STANDS,
    Grant,
    from_row,
)
from idp.store.noted import Note, NotedChange
from idp.store.schema import clients, grants, sessions
from idp.store.sessions import NOW
from idp.store.types import Instant

KINDS = ("offline", "online")
Guards = Mapping[str, ColumnElement[bool]]

_SAME_CLIENT = exists(
    select(clients.c.client_id).where(
        clients.c.client_id == bindparam("shown_client"),
        clients.c.version == bindparam("shown_client_version"),
    )
)
_SHOWN_KEY = bindparam("shown_jkt", type_=String())
_SAME_KEY = or_(grants.c.dpop_jkt.is_(None), grants.c.dpop_jkt == _SHOWN_KEY)

REDEEM_GUARDS: Guards = {
    "this grant": grants.c.id == bindparam("shown_grant"),
    "its client": grants.c.client_id == bindparam("shown_client"),
    "the client as it was authenticated": _SAME_CLIENT,
    "the same redirect URI": grants.c.redirect_uri == bindparam("shown_redirect_uri"),
    "the same code challenge": grants.c.code_challenge.is_not_distinct_from(
        bindparam("shown_code_challenge")
    ),
    "the same key": _SAME_KEY,
    "not redeemed": grants.c.code_redeemed_at.is_(None),
    "the code is young enough": grants.c.code_expires_at > NOW,
    "not ended": grants.c.ended_at.is_(None),
    "the session lives": SESSION_LIVES,
    "the user may sign in": USER_STANDS,
    "the consent stands": AGREED,
}

# A public client's successor would have to be bound to the key that it shows (RFC 9449 §5). Binding
# it now, a thief could make the family his own; so whoever begins without a key goes on without.
_SAME_KEY_OR_NONE = or_(
    grants.c.dpop_jkt == _SHOWN_KEY,
    and_(
        grants.c.dpop_jkt.is_(None),
        or_(bindparam("shown_confidential", type_=Boolean()), _SHOWN_KEY.is_(None)),
    ),
)

_CURRENT = grants.c.generation == bindparam("shown_presented")
REFRESH_GUARDS: Guards = {
    "this grant": grants.c.id == bindparam("shown_grant"),
    "its client": grants.c.client_id == bindparam("shown_client"),
    "the client as it was authenticated": _SAME_CLIENT,
    "the current generation, or the last one while its successor may be unknown": or_(
        _CURRENT,
        (grants.c.generation == bindparam("shown_successor"))
        & or_(
            bindparam("shown_confidential", type_=Boolean()),
            grants.c.dpop_jkt.is_not(None),
            grants.c.refreshed_at > bindparam("shown_leeway_from", type_=Instant()),
        ),
    ),
    "the same key": _SAME_KEY_OR_NONE,
    "not idle for too long": grants.c.idle_until > NOW,
    "not ended": grants.c.ended_at.is_(None),
    "the session lives, or is not needed": or_(grants.c.offline, SESSION_LIVES),
    "the user may sign in": USER_STANDS,
    "the consent stands": AGREED,
}


def redeem_statement(guards: Guards) -> ReturningUpdate[Any]:
    """Return the statement that redeems a code where all guards hold."""
    return (
        update(grants)
        .where(*guards.values())
        .values(
            code_redeemed_at=NOW,
            refreshed_at=NOW,
            generation=bindparam("shown_first_generation"),
            dpop_jkt=bindparam("shown_bound_jkt"),
            idle_until=_by_kind("until_idle"),
            absolute_until=_by_kind("until_absolute"),
        )
        .returning(*COLUMNS)
    )


def refresh_statement(guards: Guards) -> ReturningUpdate[Any]:
    """Return the statement that rotates, or says again what the rotation made.

    A retry changes nothing but its count: it is given the same successor, and no more time.
    """
    wanted = _by_kind("until_idle")
    capped = case((wanted < grants.c.absolute_until, wanted), else_=grants.c.absolute_until)
    # In RETURNING, SQLite gets every column without its table: `sid = sid` is any session.
    session = select(sessions.c.sid).where(sessions.c.sid == literal_column("grants.sid"))
    return (
        update(grants)
        .where(*guards.values())
        .values(
            generation=bindparam("shown_successor"),
            retries=case((_CURRENT, 0), else_=grants.c.retries + 1),
            refreshed_at=case((_CURRENT, NOW), else_=grants.c.refreshed_at),
            idle_until=case((_CURRENT, capped), else_=grants.c.idle_until),
        )
        .returning(
            *COLUMNS,
            session.with_only_columns(sessions.c.last_seen_at).scalar_subquery(),
            session.with_only_columns(sessions.c.idle_seconds).scalar_subquery(),
        )
    )


def _by_kind(name: str) -> ColumnElement[Any]:
    """Return one deadline for a grant that stands without its session, another for one within."""
    offline, online = (bindparam(f"{name}_{kind}", type_=Instant()) for kind in KINDS)
    return case((grants.c.offline, offline), else_=online)


_REDEEM = NotedChange(redeem_statement(REDEEM_GUARDS))
_REFRESH = NotedChange(refresh_statement(REFRESH_GUARDS), repeats="retries")


@dataclass(frozen=True, slots=True, kw_only=True)
class Until:
    """Until when a family is of use: unused, and in any case."""

    idle: datetime
    absolute: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentedCode:
    """What a client shows with a code, and what it becomes: all of it in one statement.

    `first_generation` is 1 where a refresh token comes with it, `bound_jkt` the key that this one
    is bound to; `jkt` the key that the client proved to have.
    """

    grant: str
    client: str
    client_version: int
    redirect_uri: str
    code_challenge: str | None
    jkt: str | None = None
    bound_jkt: str | None = None
    first_generation: int = 0
    online: Until
    offline: Until


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentedRefresh:
    """What a client shows with a refresh token.

    `confidential` says that nobody but its client can show it, so that a retry is welcome for as
    long as the successor is unused; others are given until `leeway_from` is past the rotation.
    """

    grant: str
    client: str
    client_version: int
    confidential: bool
    presented: int
    jkt: str | None = None
    leeway_from: datetime
    online: Until
    offline: Until

    @property
    def successor(self) -> int:
        """The generation that follows."""
        return self.presented + 1


@dataclass(frozen=True, slots=True)
class SeenIn:
    """When the session of a grant was last seen, and after how long it ends unseen."""

    last_seen_at: datetime
    idle_seconds: int


def redeem(db: Transaction, shown: PresentedCode, now: datetime, note: Note) -> Grant | None:
    """Turn the code into a grant in use; the row decides who wins, a mistake burns nothing (I1)."""
    row = _REDEEM.write(db, _values(shown, now), note)
    return from_row(row) if row else None


def refresh(
    db: Transaction, shown: PresentedRefresh, now: datetime, note: Note
) -> tuple[Grant, SeenIn | None] | None:
    """Rotate, or repeat the rotation (`retries` > 0); the row decides which (I2).

    Whose retries are welcome need not wait for the commit: after a crash, too, they get the same.
    """
    values = _values(shown, now) | {"shown_successor": shown.presented + 1}
    # No rotation moves the absolute limit.
    del values["until_absolute_online"], values["until_absolute_offline"]
    row = _REFRESH.write(db, values, note, at_once=shown.confidential)
    if row is None:
        return None
    last_seen_at, idle_seconds = row[len(COLUMNS) :]
    seen = SeenIn(last_seen_at, idle_seconds) if last_seen_at is not None else None
    return from_row(row), seen


def _values(shown: PresentedCode | PresentedRefresh, now: datetime) -> dict[str, Any]:
    """Return the values under names that no column has: SQLAlchemy would set those."""
    values: dict[str, Any] = {"now": now}
    for field in fields(shown):
        value = getattr(shown, field.name)
        if isinstance(value, Until):
            values[f"until_idle_{field.name}"] = value.idle
            values[f"until_absolute_{field.name}"] = value.absolute
        else:
            values[f"shown_{field.name}"] = value
    return values
