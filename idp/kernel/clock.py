"""The one place that reads the time."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """Return this instant, aware, in UTC."""
    return datetime.now(UTC)


def epoch(instant: datetime) -> int:
    """Return whole seconds since 1970, as JWT and JSON want them (RFC 7519 §2)."""
    return int(instant.timestamp())


def from_epoch(seconds: float) -> datetime:
    """Return the aware UTC instant of a JWT's NumericDate (RFC 7519 §2)."""
    return datetime.fromtimestamp(seconds, UTC)
