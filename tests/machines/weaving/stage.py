"""What schedules act on: one provider over one database, and for each schedule a fresh scene.

The clock stands still during a schedule. Between two it moves by a minute, so that a new key may
sign, and every copy that this process keeps is read anew.
"""

import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from sqlalchemy import delete, update

from idp.protocol.clients.registry import ClientCache
from idp.protocol.keys.keyring import Keyring
from idp.store.database import Database
from idp.store.schema import outbox, signing_keys
from tests.app import CALM, Provider, make_provider
from tests.machines.weaving import graveyard
from tests.machines.weaving.locks import Locks, locks_of
from tests.machines.weaving.model import Model, Walk
from tests.machines.weaving.scene import Scene
from tests.machines.weaving.scheduler import Scheduler
from tests.machines.weaving.session_operations import POLICY
from tests.machines.weaving.steps import FORGET, WAIT

CONNECTIONS = 24
HISTORY_KEPT_FOR = timedelta(seconds=1)


class WatchedLock:
    """A lock of this process; who waits for it waits where the schedule sees it."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._lock = threading.Lock()
        self._scheduler = scheduler

    def acquire(self, *, blocking: bool = True) -> bool:
        """Take it, when it is free; without `blocking` or not at all."""
        while not self._lock.acquire(blocking=False):
            if not blocking:
                return False
            self._scheduler.park(WAIT, until=lambda: not self._lock.locked())
        return True

    def release(self) -> None:
        """Give it back."""
        self._lock.release()

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()


class Stage:
    """A provider whose every statement the scheduler sees."""

    def __init__(self, provider: Provider, locks: Locks, walk: Walk) -> None:
        self.provider = provider
        self._model = Model(walk(provider))
        database = provider.house.get(Database)
        self.scheduler = Scheduler(database, locks)
        self.dialect = database.engine.dialect.name
        cache = provider.house.get(ClientCache)
        usual = cache.forget

        def forget(client_id: str) -> None:
            self.scheduler.park(FORGET)
            usual(client_id)

        cache.forget = forget  # type: ignore[method-assign]
        ring = provider.house.get(Keyring)
        ring.reading = WatchedLock(self.scheduler)  # type: ignore[assignment]

    def scene(self) -> Scene:
        """Return a user, a session and clients that no schedule has touched."""
        self.provider.clock.forward(seconds=60)
        return self._model.copy()

    def tidy(self, names: Collection[str]) -> None:
        """Leave nothing to purge, and no more keys than there were.

        A purge would find the oldest first, and each key would be read with every reading.
        """
        with self.provider.context() as ctx:
            graveyard.clear(ctx.db)
            ctx.db.write(delete(outbox))
            if "rotate" not in names:
                return
            long_ago = ctx.now - timedelta(hours=1)
            ctx.db.write(delete(signing_keys).where(signing_keys.c.state == "retired"))
            ctx.db.write(update(signing_keys).values(created_at=long_ago))


@contextmanager
def staged(database_url: str, folder: Path, walk: Walk) -> Iterator[Stage]:
    """Give a stage over a migrated database."""
    provider = make_provider(
        database_url,
        folder,
        policy=CALM.read_text() + POLICY,
        database_pool=CONNECTIONS,
        history_kept_for=HISTORY_KEPT_FOR,
    )
    engine = provider.house.get(Database).engine
    graveyard.dig(engine)
    locks = locks_of(engine)
    # Connections that were made before know nothing of what was just set.
    engine.dispose()
    stage = Stage(provider, locks, walk)
    try:
        with stage.scheduler.attached():
            yield stage
    finally:
        locks.close()
        engine.dispose()
