"""One kind of request, killed at every boundary in turn, each time with a client of its own."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count, pairwise

from sqlalchemy import delete

from idp.store.database import Database
from idp.store.schema import throttles
from tests.machines.havoc.crash_cases import Bench, Case
from tests.machines.havoc.fail_points import AFTER, ANSWER, BEFORE, FailPoint
from tests.machines.havoc.ledger import faults_of
from tests.machines.havoc.warmed import Served, Warmed


@dataclass(frozen=True, slots=True)
class Boundary:
    """Where a server died, and whether the change was there afterwards."""

    where: str
    lasted: bool


@dataclass
class Walk:
    """The deaths of one kind of request; each must leave all or nothing, and a way on."""

    bench: Bench
    warmed: Warmed
    kind: type[Case]
    boundaries: list[Boundary] = field(default_factory=list)

    def run(self) -> None:
        """Walk until the request outlives its fail point, and last let it die with its answer.

        Raises:
            AssertionError: a death left something half-done, or somebody who cannot go on.
        """
        with ExitStack() as living:
            server = living.enter_context(self.warmed.server())
            for point in _points():
                died, server = self._die(living, server, point)
                if not died:
                    break
            died, server = self._die(living, server, FailPoint(0, ANSWER))
            assert died

    @property
    def changed_at(self) -> list[str]:
        """The boundaries by which the change came, or went."""
        before = [Boundary("", lasted=False), *self.boundaries]
        return [now.where for then, now in pairwise(before) if then.lasted is not now.lasted]

    def _die(self, living: ExitStack, server: Served, point: FailPoint) -> tuple[bool, Served]:
        """Let a fresh request die there, False when it never came so far; give the next server."""
        with self.bench.provider.context() as ctx:
            ctx.db.write(delete(throttles))
        case = self.kind(self.bench, server)
        # Nobody else has the database open: what a file needs after a death is done anew.
        living.close()
        self.bench.provider.house.get(Database).engine.dispose()
        death = self.warmed.dying(point, case.request)
        server = living.enter_context(self.warmed.server())
        if not death.died:
            assert death.answer.status, "the server is gone, but not by our hand"
            return False, server
        where = f"{point.side} {death.statement}".strip()
        assert death.answer.status == 0, where
        lasted = case.lasted()
        self._check_ledger(where)
        case.go_on(server, lasted=lasted)
        self._check_ledger(f"{where}, going on")
        self.boundaries.append(Boundary(where, lasted))
        return True, server

    def _check_ledger(self, where: str) -> None:
        faults = faults_of(self.bench.provider)
        assert not faults, f"{where}: {faults}"


def _points() -> Iterator[FailPoint]:
    return (FailPoint(number, side) for number in count(1) for side in (BEFORE, AFTER))
