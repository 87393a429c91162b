"""One request: its instant, its transaction, where it comes from, and what lasts beyond it.

Services take it as `ctx`; pure code takes the values it needs.
"""

from dataclasses import dataclass
from datetime import datetime

from idp.kernel.registry import Registry
from idp.settings import Settings
from idp.store.database import Transaction
from idp.surroundings.hints import NO_HINTS, Hints


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request comes from, as far as we can tell; the last two are the browser's words."""

    address: str
    user_agent: str
    hints: Hints = NO_HINTS


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestContext:
    """The surroundings of one request or one command."""

    now: datetime
    db: Transaction
    settings: Settings
    origin: Origin
    reference: str
    actor: str
    house: Registry
