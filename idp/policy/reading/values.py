"""What the keys of a policy file can say; each reader returns what is meant or says what is wrong.

A reader is for a value as the TOML parser hands it over.
"""

import math
import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from ipaddress import ip_network
from typing import Any, TypeVar

from idp.policy.book import Duration
from idp.policy.durations import duration_of, share_of
from idp.policy.reading.faults import Reader, Wrong, printable

Word = TypeVar("Word")

LEAST = timedelta(minutes=1)
_NAME_LENGTH, _TEXT_LENGTH, _MOST_SESSIONS = 64, 200, 1000
_COUNTRY = re.compile("[A-Z]{2}", re.ASCII)
_AS = re.compile("AS[1-9][0-9]{0,9}", re.ASCII)
# As TOML 1.0.0 §Integer has them; the parser takes any.
_BITS_OF_A_NUMBER = 64
# What is known of an address where a decision is made.
_BITS = {4: 24, 6: 48}


def shown(value: Any) -> str:
    """Return a value as a message quotes it; of what is large or deep only what it is."""
    if isinstance(value, dict | list):
        return "a table" if isinstance(value, dict) else "a list"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and value.bit_length() > _BITS_OF_A_NUMBER:
        return "a number of more than 64 bits"
    return printable(f'"{value}"' if isinstance(value, str) else str(value))


def boolean(value: Any) -> bool:
    """Return a truth value."""
    if not isinstance(value, bool):
        raise Wrong(f"{shown(value)} is neither true nor false")
    return value


def number(value: Any) -> float:
    """Return a number."""
    try:
        read = math.nan if isinstance(value, bool | str) else float(value)
    except (TypeError, OverflowError):
        read = math.nan
    if not math.isfinite(read):
        raise Wrong(f"{shown(value)} is no number")
    return read


def count(value: Any) -> int:
    """Return how many sessions somebody may have; 0 is as many as they like."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MOST_SESSIONS:
        raise Wrong(f"{shown(value)} is no whole number from 0 to {_MOST_SESSIONS}")
    return value


def text(value: Any) -> str:
    """Return a line that people read."""
    return _line(value, _TEXT_LENGTH)


def name(value: Any) -> str:
    """Return what something is called."""
    return _line(value, _NAME_LENGTH)


def _line(value: Any, longest: int) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise Wrong(f"{shown(value)} is no line of text")
    if len(value) > longest:
        raise Wrong(f"{shown(value)} is longer than {longest} characters")
    return value.strip()


def one_of(words: Mapping[str, Word]) -> Reader:
    """Return a reader of one of these words."""

    def read(value: Any) -> Word:
        if not isinstance(value, str) or value not in words:
            raise Wrong(f"{shown(value)} is none of {', '.join(words)}")
        return words[value]

    return read


def set_of(member: Reader) -> Reader:
    """Return a reader of a list that has members, each read by `member`."""

    def read(value: Any) -> frozenset[Any]:
        if not isinstance(value, list) or not value:
            example = f"[{shown(value)}]" if isinstance(value, str) else '["…"]'
            raise Wrong(f"a list with a member is needed: {example}")
        return frozenset(_all(member, value))

    return read


def _all(member: Reader, values: Iterable[Any]) -> list[Any]:
    wrong, read = [], []
    for value in values:
        try:
            read.append(member(value))
        except Wrong as why:
            wrong.append(str(why))
    if wrong:
        raise Wrong("; ".join(wrong))
    return read


def country(value: Any) -> str:
    """Return the code of a country (ISO 3166)."""
    if not isinstance(value, str) or not _COUNTRY.fullmatch(value):
        raise Wrong(f"{shown(value)} is no country of two capital letters (ISO 3166)")
    return value


def network(value: Any) -> str:
    """Return an AS number or a network that is not smaller than what is known of an address."""
    if isinstance(value, str) and _AS.fullmatch(value):
        return value
    try:
        found = ip_network(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None:
        raise Wrong(f'{shown(value)} is no network like "AS64500" or "203.0.113.0/24"')
    most = _BITS[found.version]
    if found.prefixlen > most:
        raise Wrong(f"{found} is too small: /{most} is all that is kept of an address")
    return str(found)


def duration(value: Any) -> timedelta:
    """Return a duration."""
    found = duration_of(value) if isinstance(value, str) else None
    if found is None:
        raise Wrong(f'{shown(value)} is no duration like "45m", "12h" or "30d"')
    return found


def lasting(value: Any) -> timedelta:
    """Return a duration in which somebody gets something done."""
    if (found := duration(value)) < LEAST:
        raise Wrong(f"{shown(value)} is too short: a minute is the least")
    return found


def or_share(value: Any, reader: Reader) -> Duration:
    """Return a duration or a share of the default."""
    if isinstance(value, str) and value.endswith("%"):
        found = share_of(value)
        if found is None:
            raise Wrong(f"{shown(value)} is no share from 1% to 100%")
        return found
    read: timedelta = reader(value)
    return read
