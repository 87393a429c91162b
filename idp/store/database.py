"""Engines, and one transaction per request: reads at once, the first write opens it.

What every request says is prepared and goes straight to the driver; SQLAlchemy runs the rest.
On SQLite the writers of one process queue behind a lock instead of SQLite's busy handler, which
would triple the slowest answers.
"""

import threading
from contextlib import suppress
from types import TracebackType
from typing import Any, Self, cast, overload

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, CursorResult, Engine, Executable, Table, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import (
    DBAPIError,
    InterfaceError,
    OperationalError,
    PendingRollbackError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry

from idp.kernel.errors import Unavailable
from idp.store import driver
from idp.store.prepared import Prepared, Rows, Values
from idp.store.schema import metadata

db = SQLAlchemy(metadata=metadata)

_BUSY_SECONDS = 15
_AWAY = (OperationalError, InterfaceError, PendingRollbackError, PoolTimeout)


def engine_options(url: str, pool: int) -> dict[str, Any]:
    """Return SQLAlchemy's options: autocommit, for transactions are begun by hand below."""
    # What people type must not end up in a log by way of an error's text.
    common = {
        "hide_parameters": True,
        "isolation_level": "AUTOCOMMIT",
        "pool_size": pool,
        "max_overflow": 0,
        # A transaction ends before its connection is given back: there is nothing to reset.
        "pool_reset_on_return": None,
    }
    if make_url(url).get_backend_name() == "sqlite":
        return common | {"connect_args": {"timeout": _BUSY_SECONDS}}
    return common | {"connect_args": {"connect_timeout": 5}, "pool_timeout": 10}


def prepare(engine: Engine) -> None:
    """Set what each new SQLite connection needs; durable by default, as on PostgreSQL."""
    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "connect")
    def _pragmas(connection: Any, record: ConnectionPoolEntry) -> None:
        del record
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")


class Database:
    """The engine and, on SQLite, the queue of writers."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.writers = threading.Lock() if engine.dialect.name == "sqlite" else None

    def await_turn(self) -> None:
        """Stand in the queue of writers, no longer than SQLite itself would wait.

        Raises:
            Unavailable: it does not move, for another program holds the file.
        """
        if self.writers is not None and not self.writers.acquire(timeout=_BUSY_SECONDS):
            raise Unavailable("the queue of writers does not move")

    def transaction(self) -> "Transaction":
        """Return a transaction that has not spoken to the database yet."""
        return Transaction(self)


class Transaction:
    """One unit of work. Reads before the first write see the newest committed state each.

    Raises:
        Unavailable: from `read` and `write`, when the database does not answer.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: Connection | None = None
        self._writing = False

    @overload
    def read(self, statement: Prepared, values: Values) -> Rows: ...
    @overload
    def read(self, statement: Executable, values: Values | None = None) -> CursorResult[Any]: ...
    def read(
        self, statement: Executable | Prepared, values: Values | None = None
    ) -> CursorResult[Any] | Rows:
        """Run a SELECT."""
        rows: CursorResult[Any] | Rows = self._execute(statement, values)
        return rows

    @overload
    def write(self, statement: Prepared, values: Values) -> Rows: ...
    @overload
    def write(self, statement: Executable, values: Values | None = None) -> CursorResult[Any]: ...
    def write(
        self, statement: Executable | Prepared, values: Values | None = None
    ) -> CursorResult[Any] | Rows:
        """Run a change, inside the transaction."""
        self._open()
        rows: CursorResult[Any] | Rows = self._execute(statement, values)
        return rows

    def write_at_once(self, statement: Prepared, values: Values) -> Rows:
        """Run a change that lasts from here on: one statement, without the frames around it.

        Only for what hurts nobody when the request crashes behind it: to the caller that is the
        same as a lost answer, and sending the request again must be good for both. Inside a
        transaction it is part of that.
        """
        if self._writing:
            return self.write(statement, values)
        self._begin()
        try:
            return self.write(statement, values)
        finally:
            self._release()
            self._forget_if_dead()

    def write_all(self, statement: Executable, rows: list[Values]) -> CursorResult[Any]:
        """Run a change for each of many rows, inside the transaction."""
        self._open()
        return cast("CursorResult[Any]", self._execute(statement, rows))

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._database.engine.dialect.name

    def upsert(self, table: Table) -> "sqlite.Insert | postgresql.Insert":
        """Return an INSERT that understands ON CONFLICT on this database."""
        return sqlite.insert(table) if self.dialect == "sqlite" else postgresql.insert(table)

    def insert_or_ignore(self, table: Table) -> "sqlite.Insert | postgresql.Insert":
        """Return an INSERT that does nothing where the row stands already."""
        return self.upsert(table).on_conflict_do_nothing()

    def commit(self) -> None:
        """Make the changes last."""
        self._end("COMMIT")

    def rollback(self) -> None:
        """Forget the changes."""
        self._end("ROLLBACK")

    def close(self) -> None:
        """Give the connection back; what was not committed is forgotten."""
        self.rollback()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self.commit()
        finally:
            self.close()

    def _connected(self) -> Connection:
        if self._connection is None:
            self._connection = driver.connect(self._database.engine)
        return self._connection

    def _execute(self, statement: Executable | Prepared, values: Any) -> Any:
        fresh = self._connection is None
        try:
            try:
                return self._run(statement, values)
            except DBAPIError as error:
                # A pooled connection may have died while it slept. Nothing has been said on it yet.
                if not (fresh and error.connection_invalidated):
                    raise
                self._reconnect()
                return self._run(statement, values)
        except Exception as error:
            if not self._writing:
                self._forget_if_dead()
            raise self._translated(error) from error

    def _open(self) -> None:
        if not self._writing:
            self._begin("BEGIN" if self._database.writers is None else "BEGIN IMMEDIATE")

    def _begin(self, command: str | None = None) -> None:
        try:
            # The connection comes before the queue: who waits for one must not hold up writers.
            fresh = self._connection is None
            self._connected()
            self._database.await_turn()
            self._writing = True
            if command is None:
                return
            try:
                driver.say(self._connected(), command)
            except DBAPIError as error:
                if not (fresh and error.connection_invalidated):
                    raise
                self._reconnect()
                driver.say(self._connected(), command)
        except Exception as error:
            if self._writing:
                self._release()
            raise self._translated(error) from error

    def _run(self, statement: Executable | Prepared, values: Any) -> CursorResult[Any] | Rows:
        if not isinstance(statement, Prepared):
            return self._connected().execute(statement, values)
        compiled = statement.on(self._database.engine.dialect)
        arguments = compiled.arguments(values or {})
        rows = driver.say(
            self._connected(), compiled.sql, arguments, answers=bool(compiled.receiving)
        )
        return Rows([compiled.loaded(row) for row in rows])

    def _forget_if_dead(self) -> None:
        """Go on with another connection: nothing of a transaction is lost with this one."""
        if self._connection is not None and self._connection.invalidated:
            self._reconnect()

    def _reconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _end(self, command: str) -> None:
        if not self._writing:
            return
        connection = self._connected()
        try:
            driver.say(connection, command)
        except Exception as error:
            # Whatever the server made of it, this connection is not to be trusted again.
            with suppress(Exception):
                connection.invalidate()
            if command == "COMMIT":
                raise self._translated(error) from error
        finally:
            self._release()

    def _release(self) -> None:
        self._writing = False
        if self._database.writers is not None:
            self._database.writers.release()

    @staticmethod
    def _translated(error: Exception) -> Exception:
        if isinstance(error, _AWAY):
            return Unavailable(f"{type(error).__name__}: {getattr(error, 'orig', error)}")
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            return Unavailable(f"{type(error).__name__}: {getattr(error, 'orig', error)}")
        return error
