"""Counts what a provider in this process says to its database, by SQLAlchemy or by itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import event

from idp.store import driver
from idp.store.database import Database
from tests.app import Provider

# What only frames a transaction; a round trip, but no work.
_FRAMES = ("BEGIN", "COMMIT", "ROLLBACK")


@dataclass
class Conversation:
    """Every statement in its order."""

    said: list[str] = field(default_factory=list)

    @property
    def work(self) -> list[str]:
        """The statements that read or change rows."""
        return [each for each in self.said if not each.startswith(_FRAMES)]

    @property
    def frames(self) -> list[str]:
        """The beginnings and ends of transactions."""
        return [each for each in self.said if each.startswith(_FRAMES)]


@contextmanager
def overheard(provider: Provider) -> Iterator[Conversation]:
    """Give what is said to the database inside the `with`."""
    heard = Conversation()

    def listen(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        heard.said.append(" ".join(statement.split()))

    def say(connection: Any, sql: str, *arguments: Any, **options: Any) -> Any:
        listen(connection, None, sql)
        return to_the_driver(connection, sql, *arguments, **options)

    to_the_driver, driver.say = driver.say, say
    engine = provider.house.get(Database).engine
    event.listen(engine, "before_cursor_execute", listen)
    try:
        yield heard
    finally:
        driver.say = to_the_driver
        event.remove(engine, "before_cursor_execute", listen)
