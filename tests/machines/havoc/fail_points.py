"""Death by SIGKILL at the n-th statement that a process says to its database, from outside."""

import os
import signal
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from idp.store import driver

BEFORE, AFTER, ANSWER = "before", "after", "answer"


@dataclass(frozen=True, slots=True)
class FailPoint:
    """Where a process dies: at which statement, on which side of it; or with its answer in hand."""

    number: int
    side: str

    def __str__(self) -> str:
        return self.side if self.side == ANSWER else f"{self.side} statement {self.number}"


def arm(engine: Engine, point: FailPoint, last_words: Path) -> None:
    """Let this process die at `point`, leaving the statement in `last_words`."""
    said = 0

    def before(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        nonlocal said
        said += 1
        if (said, BEFORE) == (point.number, point.side):
            _die(last_words, statement)

    def after(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if (said, AFTER) == (point.number, point.side):
            _die(last_words, statement)

    def say(connection: Any, sql: str, *arguments: Any, **options: Any) -> Any:
        before(connection, None, sql)
        answer = to_the_driver(connection, sql, *arguments, **options)
        after(connection, None, sql)
        return answer

    # What is prepared goes straight to the driver, SQLAlchemy runs the rest.
    to_the_driver, driver.say = driver.say, say
    event.listen(engine, "before_cursor_execute", before)
    event.listen(engine, "after_cursor_execute", after)


def dying_with_its_answer(app: Callable[..., Any], last_words: Path) -> Callable[..., Any]:
    """Return an application that answers nothing: it dies when it knows what."""

    def call(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        for _ in app(environ, start_response):
            pass
        _die(last_words, ANSWER)
        return []

    return call


def _die(last_words: Path, statement: str) -> None:
    last_words.write_text(" ".join(statement.split()))
    os.kill(os.getpid(), signal.SIGKILL)
