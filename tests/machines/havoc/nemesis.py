"""What happens to servers and databases: an order of blows out of a seed, each noted."""

import os
import random
import signal
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import psycopg

from tests.machines.havoc.history import History, Kind, Op
from tests.machines.own_postgres import OwnPostgres
from tests.support.server import ProviderProcess


@dataclass
class Target:
    """What may be hit: the nodes, and the database by its server or its file."""

    nodes: list[ProviderProcess]
    url: str
    postgres: OwnPostgres | None


class Nemesis:
    """Strikes until told to stop, and leaves everything running."""

    def __init__(self, target: Target, history: History, seed: str) -> None:
        self._target, self._history = target, history
        self._rng = random.Random(f"{seed}/nemesis")
        blows: tuple[tuple[Callable[[], None], float], ...] = (
            (self._freeze_node, 3),
            (self._kill_node, 1),
            (self._hold_file, 2),
        )
        if target.postgres is not None:
            blows = (*blows[:2], (self._cut_backends, 4), (self._restart_database, 2))
        self._blows = blows
        self.struck = 0

    def run(self, until: Callable[[], bool]) -> None:
        """Strike now and then."""
        acts, weights = zip(*self._blows, strict=True)
        # Each kind once, in the order of the seed; then as it comes.
        first = self._rng.sample(acts, len(acts))
        while not until():
            time.sleep(self._rng.uniform(0.3, 1.5))
            (first.pop() if first else self._rng.choices(acts, weights)[0])()
            self.struck += 1

    def _note(self, name: str) -> None:
        at = time.monotonic()
        self._history.add(Op(kind=Kind.TROUBLE, invoked=at, returned=at, note=name))

    def _freeze_node(self) -> None:
        node = self._rng.choice(self._target.nodes)
        self._note("freeze")
        os.killpg(node.pid, signal.SIGSTOP)
        # Sometimes longer than clients wait: what they gave up is done when it goes on.
        time.sleep(self._rng.choice((0.2, 0.5, 1.0, 3.5)))
        os.killpg(node.pid, signal.SIGCONT)
        self._note("thaw")

    def _kill_node(self) -> None:
        node = self._rng.choice(self._target.nodes)
        self._note("kill")
        node.kill()
        time.sleep(self._rng.uniform(0, 0.3))
        node.start()
        self._note("started")

    def _cut_backends(self) -> None:
        self._note("cut")
        share = self._rng.choice((0.2, 0.5, 1.0))
        for _ in range(self._rng.randint(1, 12)):
            with suppress(psycopg.OperationalError), psycopg.connect(self._target.url) as link:
                link.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname ="
                    " current_database() AND pid <> pg_backend_pid() AND random() < %s",
                    [share],
                )
            time.sleep(0.03)
        self._note("cut no more")

    def _restart_database(self) -> None:
        postgres = self._target.postgres
        if postgres is None:
            return
        self._note("restart")
        postgres.stop(at_once=True)
        gone = time.monotonic()
        time.sleep(self._rng.choice((0.0, 0.3, 1.2)))
        coming = time.monotonic()
        self._history.add(Op(kind=Kind.DATABASE_AWAY, invoked=gone, returned=coming))
        postgres.start()
        back = time.monotonic()
        self._history.add(Op(kind=Kind.DATABASE_BACK, invoked=coming, returned=back))

    def _hold_file(self) -> None:
        """Write to the file from another program, which takes its time."""
        self._note("hold")
        path = self._target.url.removeprefix("sqlite:///")
        link = sqlite3.connect(path, isolation_level=None, timeout=5)
        with suppress(sqlite3.OperationalError):
            link.execute("BEGIN IMMEDIATE")
            time.sleep(self._rng.choice((0.1, 0.5, 1.0)))
            link.execute("ROLLBACK")
        link.close()
        self._note("released")


def begin(nemesis: Nemesis, until: Callable[[], bool]) -> threading.Thread:
    """Return the nemesis's thread, started."""
    thread = threading.Thread(target=nemesis.run, args=(until,))
    thread.start()
    return thread
