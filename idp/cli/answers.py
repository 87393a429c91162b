"""How a command answers: as text for people, as JSON for programs (`--json`)."""

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def json_option(command: Command) -> Command:
    """Give a command `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")(command)


def answer(data: object, text: str, *, as_json: bool) -> None:
    """Print the answer."""
    click.echo(json.dumps(data, indent=2, ensure_ascii=False, default=_plain) if as_json else text)


def at(instant: datetime | None) -> str:
    """Return an instant to the second, in UTC; nothing where there is none."""
    return f"{instant:%Y-%m-%d %H:%M:%S}" if instant is not None else ""


def table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return rows under headings, in columns as wide as they need to be."""
    cells = [list(headings), *([_printable(cell) for cell in row] for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(headings))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    )


def pairs(values: Iterable[tuple[str, object]]) -> str:
    """Return names and values, one pair a line."""
    known = [(name, _printable(value)) for name, value in values if value not in (None, "", ())]
    width = max((len(name) for name, _ in known), default=0)
    return "\n".join(f"{name.ljust(width)}  {value}" for name, value in known)


def _plain(value: object) -> object:
    """Return what JSON has no form of its own for: instants as RFC 3339 has them."""
    return value.isoformat() if isinstance(value, date) else str(value)


def _printable(value: object) -> str:
    text = " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    # What users and clients are called is not ours: no control character reaches the terminal.
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
