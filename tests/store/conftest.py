"""A database and nothing above it."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import create_engine

from idp.settings import Settings
from idp.store.database import Database, engine_options, prepare


@contextmanager
def opened(url: str, pool: int = 8) -> Iterator[Database]:
    """Give a database as the server composes it."""
    settings = Settings(database_url=url)
    engine = create_engine(settings.database, **engine_options(settings.database, pool))
    prepare(engine)
    yield Database(engine)
    engine.dispose()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with opened(database_url) as database:
        yield database
