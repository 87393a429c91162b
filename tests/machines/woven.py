"""What was woven, counted over all workers of a run, for the last lines of the terminal."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

_NAME = "weaving"


def note(record_property: Any, kind: str, what: str, count: int) -> None:
    """Remember with a test how much it wove."""
    record_property(_NAME, [kind, what, count])


def lines(reports: Iterable[Any]) -> list[str]:
    """Return what the tests of a run wove, a line per kind of database."""
    woven: dict[str, Counter[str]] = {}
    for report in reports:
        for name, value in getattr(report, "user_properties", ()):
            if name == _NAME:
                kind, what, count = value
                woven.setdefault(kind, Counter()).update({what: count})
    return [
        f"woven on {kind}: " + ", ".join(f"{count} {what}" for what, count in counted.items())
        for kind, counted in sorted(woven.items())
    ]
