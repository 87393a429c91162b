"""What one schedule acts on, and the rows of it that the oracle compares."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Table, select

from idp.settings import Settings
from idp.store.schema import audit_events, clients, consents, grants, sessions, signing_keys
from idp.web import cookies
from tests.app import Provider, RelyingParty

Row = dict[str, Any]


@dataclass
class Family:
    """One grant: its code, and every token that came out of it before the schedule began."""

    party: RelyingParty
    code: str
    grant_id: str
    access: list[str] = field(default_factory=list)
    refresh: list[str] = field(default_factory=list)
    id_token: str = ""

    def keep(self, answer: dict[str, Any]) -> None:
        """Store what a token response brought."""
        self.access.append(answer["access_token"])
        self.id_token = answer.get("id_token", self.id_token)
        if "refresh_token" in answer:
            self.refresh.append(answer["refresh_token"])


@dataclass(frozen=True, slots=True)
class Rows:
    """The state that the oracle looks at, by table and key."""

    tables: dict[str, dict[str, Row]]
    last_event: int


@dataclass
class Scene:
    """A user whose browser is signed in, and what clients were granted, by name."""

    provider: Provider
    user_id: str
    sid: str
    secret: str
    families: dict[str, Family] = field(default_factory=dict)

    @property
    def cookie(self) -> tuple[str, str]:
        """Name and value of the session's cookie."""
        settings = self.provider.house.get(Settings)
        return cookies.cookie_name(settings, cookies.SESSION), self.secret

    @property
    def client_ids(self) -> list[str]:
        """Whose grants they are."""
        return list({family.party.client_id for family in self.families.values()})

    def rows(self) -> Rows:
        """Read what there is, with the id of the newest audit event."""
        wanted: Sequence[tuple[Table, str, ColumnElement[bool] | None]] = (
            (grants, "id", grants.c.user_id == self.user_id),
            (sessions, "sid", sessions.c.user_id == self.user_id),
            (clients, "client_id", clients.c.client_id.in_(self.client_ids)),
            (consents, "client_id", consents.c.user_id == self.user_id),
            (signing_keys, "kid", None),
        )
        found = {}
        newest = select(audit_events.c.id).order_by(audit_events.c.id.desc()).limit(1)
        with self.provider.context() as ctx:
            for table, key, condition in wanted:
                query = select(table) if condition is None else select(table).where(condition)
                found[table.name] = {row[key]: dict(row) for row in ctx.db.read(query).mappings()}
            return Rows(found, ctx.db.read(newest).scalar() or 0)

    def events_since(self, rows: Rows) -> list[Any]:
        """Return what was recorded after these rows were read."""
        query = select(audit_events).where(audit_events.c.id > rows.last_event)
        with self.provider.context() as ctx:
            return list(ctx.db.read(query.order_by(audit_events.c.id)))
