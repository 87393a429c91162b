"""One user in a fresh database, and requests made by hand."""

import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import create_engine, select

from idp.context import Origin, RequestContext
from idp.credentials.hashing import PasswordHashing
from idp.kernel.registry import Registry
from idp.kernel.secrets import MasterKey
from idp.settings import Settings
from idp.store import users
from idp.store.database import Database, engine_options, prepare
from idp.store.schema import audit_events
from idp.store.users import User
from tests.support.databases import without_waiting_for_the_disk

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
ALICE = User(
    id="alice-id",
    username="alice.liddell",
    email="alice@wonderland.example",
    profile={"name": "Alice Pleasance Liddell"},
    created_at=NOON,
    updated_at=NOON,
)


@dataclass
class Provider:
    """The part of a provider that proofs need; `now` is when the next request comes in."""

    database: Database
    settings: Settings
    house: Registry = field(default_factory=Registry)
    now: datetime = NOON

    def passes(self, span: timedelta) -> None:
        """Let time pass."""
        self.now += span

    @contextmanager
    def request(self, address: str = "192.0.2.1") -> Iterator[RequestContext]:
        """Give the surroundings of one request, committed at its end."""
        with self.database.transaction() as transaction:
            yield RequestContext(
                now=self.now,
                db=transaction,
                settings=self.settings,
                origin=Origin(address=address, user_agent="test"),
                reference="ref",
                actor="test",
                house=self.house,
            )

    def together(self, times: int, act: Callable[[RequestContext], object]) -> list[object]:
        """Return the answers of as many requests at once, each with its own transaction."""

        def one(_: int) -> object:
            with self.request() as ctx:
                return act(ctx)

        with ThreadPoolExecutor(times) as pool:
            return list(pool.map(one, range(times)))

    def events(self) -> list[tuple[str, dict[str, object]]]:
        """Return the audit log: names and data."""
        with self.database.transaction() as transaction:
            statement = select(audit_events.c.name, audit_events.c.data)
            return [tuple(row) for row in transaction.read(statement.order_by(audit_events.c.id))]


@pytest.fixture
def provider(database_url: str) -> Iterator[Provider]:
    settings = Settings(database_url=database_url, name="Acme Portal")
    engine = create_engine(settings.database, **engine_options(settings.database, pool=8))
    prepare(engine)
    without_waiting_for_the_disk(engine)
    provider = Provider(Database(engine), settings)
    provider.house.provide(MasterKey(secrets.token_bytes(32)))
    provider.house.provide(PasswordHashing(at_once=2))
    with provider.request() as ctx:
        users.add(ctx.db, ALICE)
    yield provider
    engine.dispose()
