"""What every command stands on: the settings, a database at the newest schema, its keys."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from idp.context import RequestContext
    from idp.kernel.registry import Registry
    from idp.settings import Settings

ACTOR = "cli"
TRIES = 5
_URL_NEEDED = (
    "IDP_DATABASE_URL: `postgresql://user@host/name` or `sqlite:////path/to/file` is needed"
)


@contextmanager
def translated() -> Iterator[None]:
    """Say in our words what the database's driver says in its own.

    Raises:
        Unavailable: the database does not answer.
        SetupFault: its URL is none that we understand, a file is out of reach, or a newer release
            has been here.
    """
    from alembic.util.exc import CommandError
    from sqlalchemy.exc import ArgumentError, DBAPIError

    from idp.kernel.errors import SetupFault, Unavailable

    try:
        yield
    except DBAPIError as error:
        raise Unavailable(next(iter(str(error.orig).splitlines()), "no reason")) from error
    except CommandError as error:
        raise SetupFault(f"This release is too old for the database: {error}.") from error
    except OSError as error:
        raise SetupFault(f"{error.filename}: {error.strerror}") from error
    except (ArgumentError, ModuleNotFoundError) as error:
        raise SetupFault(_URL_NEEDED) from error


@contextmanager
def opened(settings: Settings | None = None) -> Iterator[Registry]:
    """Give a command what lasts, on a database at the newest schema and sealed by our key.

    Raises:
        SetupFault: a setting is wrong, the schema is an older one, another key sealed it.
        Unavailable: the database does not answer.
    """
    from idp.app import compose
    from idp.settings import load
    from idp.store.database import Database

    settings = settings or load()
    with translated():
        check_schema(settings)
        _, house = compose(settings)
    try:
        seal(house)
        yield house
    finally:
        house.get(Database).engine.dispose()


@contextmanager
def context(house: Registry) -> Iterator[RequestContext]:
    """Give a command its context; what it did is committed when it ends well."""
    from idp.app.composition import command_context

    with command_context(house, ACTOR) as ctx:
        yield ctx


@contextmanager
def command() -> Iterator[RequestContext]:
    """Give a command that needs one transaction all it stands on."""
    with opened() as house, context(house) as ctx:
        yield ctx


def check_url(settings: Settings) -> None:
    """Let the URL of a database pass that can be read as one.

    Raises:
        SetupFault: it cannot.
    """
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    from idp.kernel.errors import SetupFault

    try:
        make_url(settings.database)
    except (ArgumentError, ValueError) as error:
        raise SetupFault(_URL_NEEDED) from error


def check_schema(settings: Settings) -> None:
    """Let a database at the newest schema pass.

    Raises:
        SetupFault: it is older, newer or empty, or cannot be named so.
    """
    from idp.kernel.errors import SetupFault
    from idp.store import migrate

    check_url(settings)
    if settings.embedded:
        path = database_file(settings)
        # Looking for tables would make the file.
        if path is None or not path.exists():
            raise SetupFault("There is no database yet: run `idp migrate` first.")
    found, wanted = migrate.current_at(settings.database), migrate.newest()
    if found is None:
        raise SetupFault("The database has no tables yet: run `idp migrate` first.")
    if found != wanted:
        raise SetupFault(
            f"The database is at schema {found}, this release needs {wanted}: "
            "run `idp migrate` first."
        )


def database_file(settings: Settings) -> Path | None:
    """Return the file of an SQLite database; None when it is in memory."""
    from sqlalchemy.engine import make_url

    name = make_url(settings.database).database
    return None if name in (None, "", ":memory:") else Path(str(name))


def seal(house: Registry) -> None:
    """Make sure that our master key is the one that sealed the database.

    Raises:
        SetupFault: it is another one.
    """
    from idp.app.composition import check_seal
    from idp.kernel.secrets import MasterKey

    with context(house) as ctx:
        check_seal(ctx, house.get(MasterKey).fingerprint())


def set_up(settings: Settings, *, upgrade: bool) -> None:
    """Leave a database that can serve: newest schema, sealed, a key for every algorithm.

    Raises:
        SetupFault: it cannot be left so.
        Unavailable: the database does not answer.
    """
    from idp.store import migrate

    check_url(settings)
    with translated():
        if upgrade:
            if settings.embedded:
                _make_database_file(settings)
            migrate.upgrade(settings.database)
    with opened(settings) as house:
        ensure_keys(house)


def _make_database_file(settings: Settings) -> None:
    """Leave a database file that only its owner reads; SQLite gives its companions the same mode.

    Raises:
        SetupFault: there is no place for it.
    """
    from idp.kernel.errors import SetupFault

    path = database_file(settings)
    if path is None:
        raise SetupFault("IDP_DATABASE_URL: a database in memory is gone at the end; name a file.")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(0o600, exist_ok=True)
    except OSError as error:
        raise SetupFault(f"{path}: {error.strerror}") from error


def ensure_keys(house: Registry) -> None:
    """Give every algorithm its keys, however many nodes do so at once."""
    from idp.protocol.keys import service as keys

    for attempt in range(1, TRIES + 1):
        try:
            with context(house) as ctx:
                keys.ensure(ctx)
        except keys.AnotherRotation:
            # Another node was faster, and one key per algorithm signs: look again at what it made.
            if attempt == TRIES:
                raise
        else:
            return
