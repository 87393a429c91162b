"""MMDB files: which network an address belongs to, and where it is."""

import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Address, IPv6Address
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import maxminddb

from idp.kernel.clock import from_epoch
from idp.surroundings.watched import Unreadable

Address = IPv4Address | IPv6Address
Record = Mapping[str, Any]
_NO_MMDB = "is no MMDB file, or a part of one"
# What the readers raise of a file that is broken, beside what they call so.
_BROKEN = (maxminddb.InvalidDatabaseError, *(ValueError, TypeError, OverflowError, RecursionError))


class Atlas(Protocol):
    """Says what is known of an address."""

    def record_of(self, address: Address) -> Record:
        """Return what is known of an address."""


class Blank:
    """Knows nothing: what there is without a file."""

    def record_of(self, address: Address) -> Record:
        """Return nothing."""
        del address
        return {}


@dataclass(frozen=True)
class Charted:
    """An MMDB file that is open, and when it was made."""

    reader: maxminddb.Reader
    built_at: datetime

    def record_of(self, address: Address) -> Record:
        """Return what the file says; nothing where it is broken or is for IPv4 alone."""
        with suppress(maxminddb.InvalidDatabaseError, ValueError):
            found = self.reader.get(address)
            if isinstance(found, dict):
                return found
        return {}


def read_mmdb(path: Path) -> Charted:
    """Open an MMDB file.

    A copy of our own is what is mapped into memory: whoever wrote into a mapped file would make the
    next look at it kill the process.

    Raises:
        Unreadable: it is not there, or no such file.
    """
    try:
        with tempfile.NamedTemporaryFile(prefix="idp-", suffix=".mmdb") as copy:
            with path.open("rb") as file:
                shutil.copyfileobj(file, copy)
            copy.flush()
            reader = maxminddb.open_database(copy.name)
        return Charted(reader, from_epoch(reader.metadata().build_epoch))
    except OSError as error:
        raise Unreadable(f"cannot be read: {error.strerror or type(error).__name__}") from error
    except _BROKEN as error:
        raise Unreadable(_NO_MMDB) from error


def first_records(path: Path, most: int) -> list[Record]:
    """Return what an MMDB file says of its first networks.

    By the reader in Python: the compiled one writes beyond its memory where the tree is deeper than
    the file says.

    Raises:
        Unreadable: it is not there, or its tree is broken.
    """
    try:
        with maxminddb.open_database(path, maxminddb.MODE_FILE) as reader:
            return [each for _, each in islice(reader, most) if isinstance(each, dict)]
    except OSError as error:
        raise Unreadable(f"cannot be read: {error.strerror or type(error).__name__}") from error
    except _BROKEN as error:
        raise Unreadable(_NO_MMDB) from error


def network_number(record: Record) -> int | None:
    """Return the AS number, as the publishers of such files write it."""
    number = record.get("autonomous_system_number", record.get("asn"))
    digits = str(number or "").removeprefix("AS")
    return int(digits) if digits.isdecimal() else None


def organisation(record: Record) -> str:
    """Return who runs the network."""
    return str(record.get("autonomous_system_organization", record.get("as_name")) or "")


def country(record: Record) -> str | None:
    """Return the ISO 3166 code of the country."""
    found = record.get("country")
    code = found.get("iso_code") if isinstance(found, dict) else record.get("country_code")
    return code.upper() if isinstance(code, str) and len(code) == 2 and code.isalpha() else None


def position(record: Record) -> tuple[float, float] | None:
    """Return latitude and longitude, where the file has them."""
    found = record.get("location")
    where = found if isinstance(found, dict) else record
    try:
        latitude, longitude = float(where["latitude"]), float(where["longitude"])
    except (KeyError, TypeError, ValueError):
        return None
    on_earth = abs(latitude) <= 90 and abs(longitude) <= 180
    return (latitude, longitude) if on_earth else None
