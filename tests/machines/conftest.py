"""A server process and a provider in this process over one database, for all tests of a module."""

from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import delete

from idp.store.schema import throttles
from tests.app import Provider, RelyingParty
from tests.machines.installation import provider_over, relying_party, server_over
from tests.support.databases import fresh_database
from tests.support.server import ProviderProcess


@pytest.fixture(scope="module")
def installation(
    database_kind: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Provider, ProviderProcess]]:
    folder = tmp_path_factory.mktemp(database_kind)
    with (
        fresh_database(database_kind, folder) as url,
        provider_over(url, folder) as provider,
        server_over(url, folder) as server,
    ):
        provider.add_user()
        yield provider, server


@pytest.fixture
def provider(installation: tuple[Provider, ProviderProcess]) -> Provider:
    provider = installation[0]
    with provider.context() as ctx:
        ctx.db.write(delete(throttles))
    return provider


@pytest.fixture
def server(installation: tuple[Provider, ProviderProcess]) -> ProviderProcess:
    return installation[1]


@pytest.fixture
def rp(provider: Provider) -> RelyingParty:
    """A client of this test alone, with a browser that nobody is signed in to."""
    return relying_party(provider)


@pytest.fixture
def events(provider: Provider, rp: RelyingParty) -> Callable[[], Counter[str]]:
    """Count the events since the test began, by name."""
    before = len(provider.audit())
    return lambda: Counter(provider.event_names()[before:])
