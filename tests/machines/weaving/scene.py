"""What one schedule acts on, and the rows of it that the oracle compares."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Table, select

from idp.settings import Settings
from idp.store.schema import (
    audit_events,
    clients,
    consents,
    grants,
    outbox,
    revoked_tokens,
    sessions,
    signing_keys,
    users,
)
from idp.web import cookies
from tests.app import Provider, RelyingParty, claims_of
from tests.machines.weaving.graveyard import GRAVES

# Where the browser of the user is, and what it says that it is.
HOME, BROWSER = (
    "203.0.113.7",
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
)
# What an operation uses, stops or ends beside the families that hang on it.
SESSION = "the session"
Row = dict[str, Any]
Kept = dict[str, Row]


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
    """The state that the oracle looks at, by table and key.

    Rows that were removed are there as they were by then; `removed` says which these are.
    """

    tables: dict[str, dict[str, Row]]
    removed: dict[str, frozenset[str]]
    last_event: int


@dataclass
class Scene:
    """A user whose browser is signed in, and what clients were granted, by name.

    `dead` says of a table which row in it has long been over; `newcomer` is a client that the user
    agreed to and has not been signed in to yet.
    """

    provider: Provider
    user_id: str
    sid: str
    secret: str
    families: dict[str, Family] = field(default_factory=dict)
    dead: dict[str, str] = field(default_factory=dict)
    newcomer: RelyingParty | None = None

    @property
    def cookie(self) -> tuple[str, str]:
        """Name and value of the session's cookie."""
        settings = self.provider.house.get(Settings)
        return cookies.cookie_name(settings, cookies.SESSION), self.secret

    @property
    def client_ids(self) -> list[str]:
        """Whose grants they are."""
        parties = [family.party for family in self.families.values()]
        parties += [self.newcomer] if self.newcomer is not None else []
        return list({party.client_id for party in parties})

    @property
    def token_ids(self) -> list[str]:
        """What names the access tokens, and the dead one's among those that were revoked."""
        tokens = [token for family in self.families.values() for token in family.access]
        return [*(claims_of(token)["jti"] for token in tokens), *self.dead.values()]

    def rows(self) -> Rows:
        """Read what there is, with the id of the newest audit event."""
        mine = [self.user_id]
        wanted: Sequence[tuple[Table, str, str, list[str] | None]] = (
            (users, "id", "id", mine),
            (grants, "id", "user_id", mine),
            (sessions, "sid", "user_id", mine),
            (clients, "client_id", "client_id", self.client_ids),
            (consents, "client_id", "user_id", mine),
            (revoked_tokens, "jti", "jti", self.token_ids),
            (signing_keys, "kid", "kid", None),
        )
        found, removed = dict[str, dict[str, Row]](), dict[str, frozenset[str]]()
        newest = select(audit_events.c.id).order_by(audit_events.c.id.desc()).limit(1)
        with self.provider.context() as ctx:

            def read(table: Table, key: str, column: str, values: list[str] | None) -> Kept:
                query = select(table)
                if values is not None:
                    query = query.where(table.c[column].in_(values))
                return {row[key]: dict(row) for row in ctx.db.read(query).mappings()}

            for table, key, column, values in wanted:
                found[table.name] = read(table, key, column, values)
                if (grave := GRAVES.get(table.name)) is not None:
                    buried = read(grave, key, column, values)
                    removed[table.name] = frozenset(buried.keys() - found[table.name].keys())
                    found[table.name] = buried | found[table.name]
            told = read(outbox, "id", "sid", list(found["sessions"]))
            found["outbox"] = {str(key): row for key, row in told.items()}
            return Rows(found, removed, ctx.db.read(newest).scalar() or 0)

    def events_since(self, rows: Rows) -> list[Any]:
        """Return what was recorded after these rows were read."""
        query = select(audit_events).where(audit_events.c.id > rows.last_event)
        with self.provider.context() as ctx:
            return list(ctx.db.read(query.order_by(audit_events.c.id)))
