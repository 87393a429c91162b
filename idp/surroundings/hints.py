"""User agent client hints: what browsers say beside a user agent that says less each year."""

import re
from collections.abc import Callable
from dataclasses import dataclass

# What no browser sends unasked: it tells a tablet from a desktop where the user agent does not.
ASKED_FOR = "Sec-CH-UA-Form-Factors"
_LONGEST = 300
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"(?:\s*;[^,]*)?')


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """What a browser says of itself by `Sec-CH-UA-…`; nothing where it does not."""

    brands: tuple[str, ...] = ()
    platform: str = ""
    mobile: bool | None = None
    form_factors: tuple[str, ...] = ()


NO_HINTS = Hints()


def hints_of(header: Callable[[str], str | None]) -> Hints:
    """Return the hints of a request, given a way to its headers (RFC 9651 §3)."""
    brands = header("Sec-CH-UA")
    if brands is None:
        return NO_HINTS
    return Hints(
        brands=_strings(brands),
        platform=next(iter(_strings(header("Sec-CH-UA-Platform"))), ""),
        mobile={"?1": True, "?0": False}.get((header("Sec-CH-UA-Mobile") or "").strip()),
        form_factors=_strings(header(ASKED_FOR)),
    )


def _strings(value: str | None) -> tuple[str, ...]:
    return tuple(_STRING.findall((value or "")[:_LONGEST]))
