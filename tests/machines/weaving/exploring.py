"""Every schedule there is, one after the other: depth first, each from a fresh start.

Schedules that differ only in the order of independent steps are run once (sleep sets: Godefroid,
Partial-Order Methods for the Verification of Concurrent Systems, 1996).
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from tests.machines.weaving.scheduler import Choose, Schedule
from tests.machines.weaving.steps import Step, independent


class NotDeterministic(AssertionError):
    """The same choices led somewhere else: something beside the schedule decides."""


@dataclass
class Node:
    """A point where somebody had to be chosen; `asleep` need not be tried (again)."""

    ready: tuple[int, ...]
    pending: tuple[Step, ...]
    asleep: set[int]
    chosen: int = -1

    @property
    def awake(self) -> list[int]:
        """Who is still to be tried."""
        return [number for number in self.ready if number not in self.asleep]

    def handed_on(self) -> set[int]:
        """Who need not be tried behind the chosen step: it would only be the other order."""
        step = self.pending[self.chosen]
        return {n for n in self.asleep if n != self.chosen and independent(self.pending[n], step)}


@dataclass
class Exploration:
    """Walks the tree of choices; `run` counts its schedules, `skipped` those seen before."""

    reduced: bool = True
    run: int = 0
    skipped: int = 0
    _path: list[Node] = field(default_factory=list)

    def schedules(self, run: "Callable[[Walk], Schedule]") -> Iterator[Schedule]:
        """Run every schedule; give those that were not seen before, each as it has been run."""
        while True:
            walk = Walk(self._path, reduced=self.reduced)
            schedule = run(walk)
            if walk.seen_before:
                self.skipped += 1
            else:
                self.run += 1
                yield schedule
            if not self._turn_back():
                return

    def _turn_back(self) -> bool:
        """Choose another way at the deepest point that has one."""
        while self._path:
            node = self._path[-1]
            node.asleep.add(node.chosen)
            if node.awake:
                node.chosen = node.awake[0]
                return True
            self._path.pop()
        return False


class Walk:
    """The choices of one schedule: those of the path again, then the first way of each point."""

    def __init__(self, path: list[Node], *, reduced: bool) -> None:
        self._path = path
        self._reduced = reduced
        self._depth = 0
        self.seen_before = False

    def __call__(self, ready: Sequence[int], pending: Sequence[Step]) -> int:
        if self.seen_before:
            return ready[0]
        if self._depth == len(self._path):
            inherited = self._path[-1].handed_on() if self._path and self._reduced else set()
            node = Node(tuple(ready), tuple(pending), inherited)
            if not node.awake:
                self.seen_before = True
                return ready[0]
            node.chosen = node.awake[0]
            self._path.append(node)
        node = self._path[self._depth]
        if node.ready != tuple(ready):
            message = f"step {self._depth}: {node.ready} were ready, now {tuple(ready)}"
            raise NotDeterministic(message)
        self._depth += 1
        return node.chosen


def at_random(seed: object) -> Choose:
    """Return the choices that a seed makes."""
    dice = random.Random(str(seed))
    return lambda ready, _pending: dice.choice(ready)
