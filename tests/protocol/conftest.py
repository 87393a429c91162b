"""Providers with other settings than the usual."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from idp.store.database import Database
from tests.app import Provider, make_provider


@pytest.fixture
def provider_with(database_url: str, tmp_path: Path) -> Iterator[Callable[..., Provider]]:
    """Compose another provider over the test's database; its keys are made but once."""
    made: list[Provider] = []

    def make(**settings: Any) -> Provider:
        made.append(make_provider(database_url, tmp_path, **settings))
        return made[-1]

    yield make
    for each in made:
        each.house.get(Database).engine.dispose()
