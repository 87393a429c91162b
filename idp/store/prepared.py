"""Statements of every request: compiled once, then handed straight to the driver.

SQLAlchemy writes the SQL and knows how values travel. What it does around each execution costs
more than the database's own work on one row, so here that is done once per kind of database.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CompoundSelect, Float, Select, UpdateBase
from sqlalchemy.engine import Dialect

Values = dict[str, Any]
Row = tuple[Any, ...]
Arguments = Values | Row
Conversion = Callable[[Any], Any] | None


@dataclass(frozen=True, slots=True)
class Compiled:
    """A statement in the words of one kind of database."""

    sql: str
    names: tuple[str, ...]
    positional: bool
    given: Values
    sending: tuple[tuple[str, Callable[[Any], Any]], ...]
    receiving: tuple[Conversion, ...]

    def arguments(self, values: Values) -> Arguments:
        """Return the values as the driver takes them."""
        sent = self.given | values
        for name, convert in self.sending:
            sent[name] = convert(sent[name])
        return tuple(sent[name] for name in self.names) if self.positional else sent

    def loaded(self, row: Sequence[Any]) -> Row:
        """Return a row of the driver's as our types say."""
        return tuple(
            value if convert is None else convert(value)
            for convert, value in zip(self.receiving, row, strict=True)
        )


@dataclass(frozen=True, slots=True)
class Rows:
    """What came back."""

    rows: list[Row]

    def first(self) -> Row | None:
        """Return the first row."""
        return self.rows[0] if self.rows else None

    def all(self) -> list[Row]:
        """Return every row."""
        return self.rows


class Prepared:
    """A statement with all its parameters named, to be run again and again."""

    def __init__(
        self, statement: "Select[*tuple[Any, ...]] | CompoundSelect[Any] | UpdateBase"
    ) -> None:
        self.statement = statement
        self._compiled: dict[str, Compiled] = {}

    def on(self, dialect: Dialect) -> Compiled:
        """Return the statement for this kind of database, compiling it at the first call."""
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            compiled = self._compiled[dialect.name] = self._compile(dialect)
        return compiled

    def _compile(self, dialect: Dialect) -> Compiled:
        made = self.statement.compile(dialect=dialect)
        binds = {name: bind.type.dialect_impl(dialect) for name, bind in made.binds.items()}
        sending = {name: kind.bind_processor(dialect) for name, kind in binds.items()}
        types = (
            [column["type"] for column in self.statement.returning_column_descriptions]
            if isinstance(self.statement, UpdateBase)
            else [column.type for column in self.statement.selected_columns]
        )
        kinds = [each.dialect_impl(dialect) for each in types]
        return Compiled(
            sql=str(made),
            names=tuple(made.positiontup or ()),
            positional=made.positional,
            given={n: bind.value for n, bind in made.binds.items() if not bind.required},
            sending=tuple((name, send) for name, send in sending.items() if send is not None),
            # Both drivers give floats as floats; SQLAlchemy would ask which kind of number it is.
            receiving=tuple(
                None if isinstance(kind, Float) else kind.result_processor(dialect, None)
                for kind in kinds
            ),
        )
