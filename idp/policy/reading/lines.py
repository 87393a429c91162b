"""On which line of a TOML text a key stands: as near as can be told without a parser of our own."""

import re
from collections import Counter

Path = tuple[str | int, ...]

_NAME = r"""[A-Za-z0-9_-]+|"[^"\\]*"|'[^']*'"""
_DOTTED = rf"(?:{_NAME})(?:\s*\.\s*(?:{_NAME}))*"
_HEADER = re.compile(rf"\s*(\[\[?)\s*({_DOTTED})\s*\]")
_KEY = re.compile(rf"\s*({_DOTTED})\s*=")
# What may hold what looks like something else: strings, and a comment.
_LONG_QUOTES = ('"""', "'''")
_HIDING = re.compile(r"""\"{3}|'{3}|"(?:\\.|[^"\\])*"|'[^']*'|#""")
# Where all our keys are: `rules`, the number of a rule, `when` or `then`, and the key.
_DEEPEST = 4


def lines_of(text: str) -> dict[Path, int]:
    """Return the line of each table and key; of a list of tables, the members are counted."""
    found: dict[Path, int] = {}
    table: Path = ()
    members: Counter[Path] = Counter()
    quotes = ""
    for number, line in enumerate(text.split("\n"), 1):
        if not quotes and (header := _HEADER.match(line)):
            table = _numbered(_parts(header[2]), members, new=header[1] == "[[")
            for length in range(1, len(table) + 1):
                found.setdefault(table[:length], number)
        elif not quotes and (key := _KEY.match(line)):
            path = (*table, *_parts(key[1]))[:_DEEPEST]
            for length in range(len(table) + 1, len(path) + 1):
                found.setdefault(path[:length], number)
        quotes = _left_open(line, quotes)
    return found


def line_of(lines: dict[Path, int], path: Path) -> int | None:
    """Return the line of a key, or of what it stands in; None where nothing of it is found."""
    return next((lines[path[:n]] for n in range(len(path), 0, -1) if path[:n] in lines), None)


def _left_open(line: str, quotes: str) -> str:
    """Return the quotes of a long string that goes on in the next line, if one does."""
    at = 0
    while True:
        if quotes:
            end = line.find(quotes, at)
            if end < 0:
                return quotes
            at = end + len(quotes)
        hiding = _HIDING.search(line, at)
        if hiding is None or hiding[0] == "#":
            return ""
        quotes, at = hiding[0] if hiding[0] in _LONG_QUOTES else "", hiding.end()


def _parts(dotted: str) -> Path:
    names = (match[0].strip("\"'") for match in re.finditer(_NAME, dotted))
    return tuple(name for _, name in zip(range(_DEEPEST), names, strict=False))


def _numbered(header: Path, members: Counter[Path], *, new: bool) -> Path:
    """Return a table's path; the members of a list of tables go by their number."""
    members[header] += new
    path: Path = ()
    for length, part in enumerate(header, 1):
        count = members[header[:length]]
        path = (*path, part, count - 1) if count else (*path, part)
    return path[:_DEEPEST]
