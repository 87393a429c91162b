"""Bring a database to the schema of this release (Alembic, by hand or by `idp migrate`)."""

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine

from idp.kernel.shipped import shipped


def _config(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(shipped("migrations")))
    config.attributes["url"] = url
    return config


def upgrade(url: str, revision: str = "head") -> None:
    """Bring the database at `url` up to `revision`."""
    command.upgrade(_config(url), revision)


def newest() -> str | None:
    """Return the revision of this release."""
    return ScriptDirectory.from_config(_config("")).get_current_head()


def current(engine: Engine) -> str | None:
    """Return the revision that the database is at; None when it is empty."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def current_at(url: str) -> str | None:
    """Return the revision of the database at `url`."""
    engine = create_engine(url)
    try:
        return current(engine)
    finally:
        engine.dispose()
