"""Fresh, migrated databases in milliseconds: migrated once in a run, then copied.

A PostgreSQL database is emptied after its test and serves the next one of its worker.
"""

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from tests.support import run
from tests.support.postgres import shared_cluster
from tests.support.reused import Reused

KINDS = ("sqlite", "postgresql")
_spare: list[Reused] = []


@contextmanager
def fresh_database(kind: str, folder: Path) -> Iterator[str]:
    """Give the URL of a migrated database of its own; a file, if any, stands in `folder`."""
    if kind == "sqlite":
        target = folder / f"{secrets.token_hex(4)}.sqlite3"
        shutil.copyfile(run.once("migrated.sqlite3", _migrate_file), target)
        yield f"sqlite:///{target}"
        return
    database = _spare.pop() if _spare else _copied()
    try:
        yield database.url
    finally:
        if database.empty():
            _spare.append(database)
        else:
            database.drop()


def _copied() -> Reused:
    cluster, name = shared_cluster(), f"test_{secrets.token_hex(6)}"
    cluster.create_database(name, cluster.template("migrated", _migrate))
    return Reused(cluster, name)


def forget() -> None:
    """Let go of what no test will ask for any more."""
    while _spare:
        _spare.pop().close()


def without_waiting_for_the_disk(engine: Engine) -> None:
    """Let what is written to SQLite survive a crash of the provider, but no power cut."""
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def _hasty(connection: Any, record: object) -> None:
            connection.execute("PRAGMA synchronous=OFF")


@contextmanager
def empty_database(kind: str, folder: Path) -> Iterator[str]:
    """Give the URL of a database without any table, for tests of the migrations themselves."""
    name = f"empty_{secrets.token_hex(6)}"
    if kind == "sqlite":
        yield f"sqlite:///{folder / name}.sqlite3"
        return
    cluster = shared_cluster()
    try:
        yield cluster.create_database(name)
    finally:
        cluster.drop_database(name)


def _migrate_file(draft: Path) -> None:
    _migrate(f"sqlite:///{draft}")


def _migrate(url: str) -> None:
    from idp.store.migrate import upgrade  # noqa: PLC0415  (the support itself needs no provider)

    upgrade(url)
