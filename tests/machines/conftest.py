"""A server process and a provider in this process over one database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.app import Provider, RelyingParty
from tests.machines.installation import provider_over, relying_party, server_over
from tests.support.server import ProviderProcess


@pytest.fixture
def provider(database_url: str, tmp_path: Path) -> Iterator[Provider]:
    with provider_over(database_url, tmp_path) as made:
        yield made


@pytest.fixture
def server(provider: Provider, database_url: str, tmp_path: Path) -> Iterator[ProviderProcess]:
    with server_over(database_url, tmp_path) as started:
        yield started


@pytest.fixture
def rp(provider: Provider) -> RelyingParty:
    provider.add_user()
    return relying_party(provider)
