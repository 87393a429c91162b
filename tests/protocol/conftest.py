"""Providers with other settings than the usual, and another process over the same database."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from idp.app import create_app
from idp.kernel.registry import Registry
from idp.settings import Settings
from idp.store.database import Database
from idp.web.context import ClockReading
from tests.app import Provider, make_provider


@pytest.fixture
def provider_with(database_url: str, tmp_path: Path) -> Callable[..., Provider]:
    """Compose a provider with other settings."""
    return partial(make_provider, database_url, tmp_path)


@pytest.fixture
def sibling(provider: Provider) -> Iterator[Provider]:
    """What another process over the same database is: its own caches, the same clock."""
    app = create_app(provider.house.get(Settings))
    app.testing = False
    house: Registry = app.extensions["idp"]
    house.get(ClockReading).read = provider.clock
    yield Provider(app, house, provider.clock)
    house.get(Database).engine.dispose()
