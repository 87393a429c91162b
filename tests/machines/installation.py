"""One installation seen twice: a server process, and a provider here over the same database.

The provider here prepares users, sessions and codes, and looks at what the races left behind; it
shares clock, master key and database with the server, and nothing else.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import update

from idp.kernel.clock import system_clock
from idp.kernel.encoding import b64url
from idp.store.database import Database
from idp.store.schema import signing_keys
from idp.web.context import ClockReading
from tests.app import ISSUER, Provider, RelyingParty, make_provider
from tests.support.server import ProviderProcess

SHARED = {"IDP_ISSUER": ISSUER, "IDP_MASTER_KEY": b64url(b"k" * 32), "IDP_SECOND_FACTOR": "off"}
# Races between threads, and between processes where the database is served by several.
PARALLEL = {"sqlite": ("1", "16"), "postgresql": ("2", "8")}


class WallClock:
    """The real clock, which a test may set ahead or back for what it prepares here."""

    def __init__(self) -> None:
        self._ahead = timedelta(0)

    @property
    def now(self) -> datetime:
        return system_clock() + self._ahead

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **duration: float) -> None:
        self._ahead += timedelta(**duration)


@contextmanager
def provider_over(database_url: str, folder: Path, **settings: Any) -> Iterator[Provider]:
    """Give a provider in this process, on real time, whose keys have long been published."""
    provider = make_provider(database_url, folder, **settings)
    provider.clock = WallClock()
    provider.house.get(ClockReading).read = provider.clock
    age_keys(provider)
    yield provider
    provider.house.get(Database).engine.dispose()


def age_keys(provider: Provider, by: timedelta = timedelta(hours=1)) -> None:
    """Let every key have been published for so long that it may sign, and signed for as long."""
    then = provider.clock.now - by
    with provider.context() as ctx:
        ctx.db.write(update(signing_keys).values(created_at=then, activated_at=then))


def server_over(database_url: str, folder: Path, **environment: str) -> ProviderProcess:
    """Return the server process of the same installation, not yet started."""
    workers, threads = PARALLEL[database_url.partition(":")[0]]
    return ProviderProcess(
        database_url,
        folder,
        arguments=("--workers", workers, "--threads", threads),
        environment=SHARED | environment,
    )


def relying_party(provider: Provider, **metadata: Any) -> RelyingParty:
    """Return a confidential client with a browser of its own."""
    return RelyingParty(provider, provider.add_client(**metadata), provider.browser())
