"""An operator who disables and enables users and clients and rotates keys, while all goes on."""

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from idp.account import administration
from idp.protocol.clients import service as clients
from idp.protocol.keys import service as keys
from tests.machines.havoc.history import Kind, Op
from tests.machines.havoc.scene import Scene
from tests.machines.havoc.workers import Worker

NUMBER = 1000
_TRIES = 100
Act = Callable[[Any], Any]


class Operator(Worker):
    """One operator, who does a thing and takes it back."""

    def run(self, until: Callable[[], bool]) -> None:
        """Act now and then; leave nothing disabled."""
        acts = (self.with_a_user, self.with_a_client, self.with_the_keys)
        while not until():
            time.sleep(self.rng.uniform(0.2, 1.2))
            self.rng.choices(acts, (4, 3, 2))[0]()

    def with_a_user(self) -> None:
        """Disable a user, and enable the same soon after."""
        user, name = self.rng.choice(self.scene.users)
        about = partial(Op, invoked=0, worker=NUMBER, user=user)
        self._insist(about(kind=Kind.DISABLE_USER), lambda c: administration.disable_user(c, name))
        time.sleep(self.rng.uniform(0.05, 0.6))
        self._insist(about(kind=Kind.ENABLE_USER), lambda c: administration.enable_user(c, name))

    def with_a_client(self) -> None:
        """Disable a client, and enable the same soon after."""
        client = self.rng.choice(self.scene.parties).client_id
        about = partial(Op, invoked=0, worker=NUMBER, client=client)
        self._insist(about(kind=Kind.DISABLE_CLIENT), lambda ctx: clients.disable(ctx, client))
        time.sleep(self.rng.uniform(0.05, 0.6))
        self._insist(about(kind=Kind.ENABLE_CLIENT), lambda ctx: clients.enable(ctx, client))

    def with_the_keys(self) -> None:
        """Rotate the keys of one algorithm, if the next one is known everywhere by now."""
        algorithm = self.rng.choice(("ES256", "RS256"))
        op = Op(kind=Kind.ROTATE_KEYS, invoked=0, worker=NUMBER)
        self.beside(op, lambda ctx: keys.rotate(ctx, algorithm))

    def _insist(self, op: Op, act: Act) -> None:
        """Do a thing, again and again while the database is away; each try is an operation."""
        for _ in range(_TRIES):
            if self.beside(op, act)[0].ok:
                return
            time.sleep(0.1)


def begin(scene: Scene, seed: str, until: Callable[[], bool]) -> threading.Thread:
    """Return the thread of an operator, started."""
    thread = threading.Thread(target=Operator(scene, NUMBER, seed).run, args=(until,))
    thread.start()
    return thread
