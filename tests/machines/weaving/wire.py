"""Where a provider speaks to its database: every statement passes a tap, which may change it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, event

from idp.store import driver

Tap = Callable[[Connection, str], str]


@contextmanager
def tapped(engine: Engine, tap: Tap) -> Iterator[None]:
    """Let `tap` see, hold back and replace whatever is said to `engine` inside the `with`."""

    def through_sqlalchemy(
        connection: Connection, _cursor: Any, statement: str, parameters: Any, *_: Any
    ) -> tuple[str, Any]:
        return tap(connection, statement), parameters

    def say(connection: Connection, sql: str, *arguments: Any, **options: Any) -> Any:
        said = tap(connection, sql) if connection.engine is engine else sql
        return to_the_driver(connection, said, *arguments, **options)

    to_the_driver, driver.say = driver.say, say
    event.listen(engine, "before_cursor_execute", through_sqlalchemy, retval=True)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", through_sqlalchemy)
        driver.say = to_the_driver
