"""Who waits for whose lock, as the database itself says."""

from typing import Any, Protocol

import psycopg
from sqlalchemy import Connection, Engine, event


class Locks(Protocol):
    """What the scheduler asks about connections."""

    def backend(self, connection: Connection) -> int:
        """Return what names this connection to the server."""

    def waits(self, backend: int, others: list[int]) -> bool:
        """Tell whether the statement of this connection waits for one of these others."""

    def close(self) -> None:
        """Ask no more."""


class PostgresLocks:
    """Asks the server, on a connection of its own."""

    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url, autocommit=True)

    def backend(self, connection: Connection) -> int:
        driver: Any = connection.connection.dbapi_connection
        return int(driver.info.backend_pid)

    def waits(self, backend: int, others: list[int]) -> bool:
        asked = "SELECT pg_blocking_pids(%s) && %s::integer[]"
        row = self._connection.execute(asked, [backend, others]).fetchone()
        return bool(row and row[0])

    def close(self) -> None:
        self._connection.close()


class SqliteLocks:
    """Nobody ever waits inside SQLite: its busy handler is off, so whoever would have to fails.

    That the queue of writers suffices is what the weaving proves on SQLite.
    """

    def backend(self, connection: Connection) -> int:
        del connection
        return 0

    def waits(self, backend: int, others: list[int]) -> bool:
        del backend, others
        return False

    def close(self) -> None:
        pass


def locks_of(engine: Engine) -> Locks:
    """Return how to ask this database; to be called before its first connection."""
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def _impatient(connection: Any, record: object) -> None:
            connection.execute("PRAGMA busy_timeout=0")

        return SqliteLocks()
    return PostgresLocks(
        engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    )
