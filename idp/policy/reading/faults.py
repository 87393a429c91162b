"""What is wrong with a policy file, gathered while it is read."""

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any

from idp.policy.reading.lines import Path, line_of, lines_of

Reader = Callable[[Any], Any]
_LONGEST = 64


def printable(text: str) -> str:
    """Return a text as a message quotes it: one short line, without what a terminal would obey."""
    cut = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in cut)


class Wrong(ValueError):
    """A value is none that this key can have (TOML 1.0.0 §Keys)."""


class Faults:
    """Gathers faults, each with its line and its key."""

    def __init__(self, text: str) -> None:
        self._lines = lines_of(text)
        self._found: list[tuple[int, str]] = []
        self.called: dict[Path, str] = {}

    def add(self, path: Path, why: str) -> None:
        """Say what is wrong at a key."""
        line = line_of(self._lines, path)
        where = f"line {line}: " if line else ""
        self._found.append((line or 0, f"{where}{self._called(path)}: {why}"))

    def listed(self) -> list[str]:
        """Return all faults in the order of their lines."""
        return [text for _, text in sorted(self._found, key=lambda each: each[0])]

    def value(self, path: Path, reader: Reader, value: Any) -> Any:
        """Return a value as it is meant; None where it is wrong."""
        try:
            return reader(value)
        except Wrong as wrong:
            self.add(path, str(wrong))
            return None

    def values(self, path: Path, table: Any, readers: Mapping[str, Reader]) -> dict[str, Any]:
        """Return what a table says that is right."""
        if not isinstance(table, dict):
            self.add(path, "a table is needed")
            return {}
        for key in (each for each in table if each not in readers):
            near = get_close_matches(key, readers, 1)
            meant = f"did you mean {near[0]}?" if near else f"there are {', '.join(readers)}"
            self.add((*path, key), f"there is no such key; {meant}")
        read = {
            key: self.value((*path, key), reader, table[key])
            for key, reader in readers.items()
            if key in table
        }
        return {key: value for key, value in read.items() if value is not None}

    def _called(self, path: Path) -> str:
        """Return how people call a key: a rule goes by its name, or else by its number."""
        names = [printable(str(each)) for each in path]
        if path[0] != "rules" or len(path) == 1:
            return ".".join(names)
        rule = self.called.get(path[:2], f"rule {int(path[1]) + 1}")
        return ": ".join([rule, ".".join(names[2:])] if path[2:] else [rule])
