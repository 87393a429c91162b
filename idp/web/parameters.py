"""Form-encoded parameters, read strictly: nothing is guessed, nothing raises.

A name that comes twice (RFC 6749 §3.1) or whose value is not clean UTF-8 is *refused*: it has no
value here, and whoever needs to answer for it asks `refused`. A parameter without a value counts as
not sent (RFC 6749 §3.1). Only `resource` may come more than once (RFC 8707 §2): its values are
one, with spaces between, as a scope's are; no URI has any.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

import flask

MAX_PARAMETERS = 100
LISTS = frozenset({"resource"})
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Parameters:
    """What a request says, each name once."""

    values: dict[str, str] = field(default_factory=dict)
    refused: frozenset[str] = frozenset()

    def get(self, name: str) -> str | None:
        """Return the value of a parameter, None when it is missing or refused."""
        return self.values.get(name)

    @classmethod
    def parse(cls, raw: str | bytes) -> "Parameters":
        """Read a query string or a form body."""
        raw_bytes = raw.encode("latin-1", "replace") if isinstance(raw, str) else raw
        if raw_bytes.count(b"&") >= MAX_PARAMETERS:
            return cls(refused=frozenset({"*"}))
        values: dict[str, str] = {}
        refused: set[str] = set()
        seen: Counter[str] = Counter()
        for name, value in _pairs(raw_bytes):
            seen[name] += 1
            if value is None:
                refused.add(name)
            elif value:
                before = values.get(name) if name in LISTS else None
                values[name] = f"{before} {value}" if before else value
        refused |= {name for name, count in seen.items() if count > 1 and name not in LISTS}
        return cls({n: v for n, v in values.items() if n not in refused}, frozenset(refused))


def _pairs(raw: bytes) -> Iterator[tuple[str, str | None]]:
    for part in raw.split(b"&"):
        name, _, value = part.partition(b"=")
        clean = _decode(name)
        if clean:
            yield clean, _decode(value)
        elif clean is None:
            yield "*", None


def _decode(raw: bytes) -> str | None:
    try:
        text = unquote_to_bytes(raw.replace(b"+", b" ")).decode()
    except UnicodeDecodeError:
        return None
    return text if text.isprintable() or not _has_control(text) else None


def _has_control(text: str) -> bool:
    return any(c < " " or c == "\x7f" for c in text)


def query() -> Parameters:
    """Return the parameters of the request's URL."""
    return Parameters.parse(flask.request.environ.get("QUERY_STRING", ""))


def form() -> Parameters:
    """Return the parameters of the request's body; empty unless it is form-encoded."""
    if flask.request.mimetype != FORM:
        return Parameters()
    return Parameters.parse(flask.request.get_data())
