"""What is said to the driver itself, below SQLAlchemy's execution."""

import select
from contextlib import closing
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, PendingRollbackError
from sqlalchemy.pool import QueuePool

from idp.store.prepared import Arguments, Row


def connect(engine: Engine) -> Connection:
    """Return a connection that did not die while it slept in the pool."""
    connection = engine.connect()
    asleep = engine.pool.size() if isinstance(engine.pool, QueuePool) else 0
    while asleep and _has_ended(connection):
        connection.invalidate()
        connection.close()
        connection = engine.connect()
        asleep -= 1
    return connection


def _has_ended(connection: Connection) -> bool:
    """Tell whether PostgreSQL spoke on a connection that had asked it nothing: to end it, then."""
    if connection.dialect.name == "sqlite":
        return False
    listening = select.poll()
    listening.register(connection.connection.fileno(), select.POLLIN)
    return bool(listening.poll(0))


def say(
    connection: Connection, sql: str, arguments: Arguments = (), *, answers: bool = False
) -> list[Row]:
    """Run a statement; return its rows, if it answers with any.

    Raises:
        DBAPIError: as SQLAlchemy raises it.
    """
    if connection.invalidated:
        raise PendingRollbackError("the connection died in the middle of a transaction")
    dialect, driver = connection.dialect, connection.connection
    # PostgreSQL's own form of instants and numbers is read in half the time of its texts.
    options: dict[str, Any] = {} if dialect.name == "sqlite" else {"binary": True}
    try:
        with closing(driver.cursor(**options)) as cursor:
            cursor.execute(sql, arguments)
            return list(cursor.fetchall()) if answers else []
    except dialect.loaded_dbapi.Error as error:
        gone = dialect.is_disconnect(error, driver, None)
        if gone:
            connection.invalidate(error)
        raise DBAPIError.instance(
            sql,
            None,
            error,
            dialect.loaded_dbapi.Error,
            hide_parameters=True,
            connection_invalidated=gone,
            dialect=dialect,
        ) from error
