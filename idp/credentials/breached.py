"""Passwords that were stolen elsewhere: looked up in the operator's copy of a public list.

The list is what the range dumps hold: lines `HASH:count` in the order of the SHA-1 hashes, in one
file, or in a folder of files named after the first five digits that their lines leave out. It is
larger than memory, so it is never read through: each look-up halves the file some forty times.
"""

import hashlib
from pathlib import Path
from typing import IO

from idp.credentials.password_rules import normalised
from idp.kernel.errors import SetupFault

_PREFIX = 5
_DIGITS = frozenset(b"0123456789ABCDEF")
# "HASH:count" and an end of line; what has longer lines is another file.
_LONGEST_LINE = 80


def is_breached(breached: Path | None, password: str) -> bool:
    """Tell whether the password is in the list; without a list none is.

    Raises:
        SetupFault: the list cannot be read: then no password is taken, rather than a stolen one.
    """
    if breached is None:
        return False
    text = (normalised(password) or "").encode("utf-8", "surrogatepass")
    # The list's own hash, which protects nothing here.
    wanted = hashlib.sha1(text, usedforsecurity=False).hexdigest().upper()
    try:
        if not breached.is_dir():
            return _holds(breached, wanted)
        return _holds(_range(breached, wanted[:_PREFIX]), wanted[_PREFIX:])
    except OSError as error:
        raise SetupFault(f"IDP_BREACHED_PASSWORDS: {error}") from error


def fault_of_list(breached: Path) -> str | None:
    """Return why a path holds no such list, as far as its beginning shows; None when it may."""
    try:
        path, digits = breached, 40
        if breached.is_dir():
            path, digits = _range(breached, "0" * _PREFIX), 40 - _PREFIX
        with path.open("rb") as lines:
            first = _hash_of(lines.readline(_LONGEST_LINE))
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    good = len(first) == digits and set(first) <= _DIGITS
    return None if good else "does not begin with a line like HASH:count"


def _range(folder: Path, prefix: str) -> Path:
    plain = folder / prefix
    return plain if plain.exists() else folder / f"{prefix}.txt"


def _holds(path: Path, wanted: str) -> bool:
    """Tell whether one of the sorted lines begins with this hash."""
    key = wanted.encode()
    with path.open("rb") as lines:
        low, high = 0, lines.seek(0, 2)
        while low < high:
            middle = (low + high) // 2
            _go_to_line(lines, middle)
            if lines.tell() >= high:
                high = middle
                continue
            found = _hash_of(lines.readline(_LONGEST_LINE))
            if found == key:
                return True
            low, high = (lines.tell(), high) if found < key else (low, middle)
    return False


def _go_to_line(lines: IO[bytes], at: int) -> None:
    """Go to the first line that begins here or later."""
    lines.seek(max(at - 1, 0))
    if at:
        lines.readline(_LONGEST_LINE)


def _hash_of(line: bytes) -> bytes:
    return line.partition(b":")[0].strip().upper()
