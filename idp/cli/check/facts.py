"""What the checks look at, and what they say."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from idp.protocol.clients.metadata import Client
from idp.settings import Settings
from idp.store.decisions import PolicyUse
from idp.store.signing_keys import KeyRow


class Severity(StrEnum):
    """How bad it is: it does not work, it is risky, or it is worth knowing."""

    FAULT = "fault"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing: what is so, why it matters, and what to do about it."""

    severity: Severity
    what: str
    why: str
    remedy: str


@dataclass(frozen=True, slots=True)
class FileMode:
    """A file or folder that only its owner should get at."""

    path: Path
    mode: int
    secret: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseFacts:
    """What the database says about itself and what is in it."""

    sealed_by: str | None = None
    keys: tuple[KeyRow, ...] = ()
    clients: tuple[Client, ...] = ()
    users: int = 0
    users_without_second_factor: int = 0
    policies_lately: tuple[PolicyUse, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything that is known; None where it could not be read."""

    now: datetime
    settings: Settings
    files: tuple[FileMode, ...] = ()
    master_key: str | None = None
    master_key_fault: str | None = None
    database_fault: str | None = None
    revision: str | None = None
    newest_revision: str | None = None
    database: DatabaseFacts | None = None


Check = Callable[[Facts], Iterator[Finding]]


def fault(what: str, why: str, remedy: str) -> Finding:
    """Say that something does not work."""
    return Finding(Severity.FAULT, what, why, remedy)


def warning(what: str, why: str, remedy: str) -> Finding:
    """Say that something is risky."""
    return Finding(Severity.WARNING, what, why, remedy)


def note(what: str, why: str, remedy: str) -> Finding:
    """Say that something is worth knowing."""
    return Finding(Severity.NOTE, what, why, remedy)
