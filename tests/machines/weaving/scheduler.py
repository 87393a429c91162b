"""One schedule: requests in threads of this process, of which exactly one runs at a time.

A thread parks in front of every statement, and the schedule says who goes on. A thread that cannot
go on is known as such: on SQLite it stands in the queue of writers, on PostgreSQL the server says
whose transaction it waits for. When nobody can go on, that is a deadlock.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from sqlalchemy import Connection

from idp.store.database import Database
from tests.machines.weaving.locks import Locks
from tests.machines.weaving.steps import QUEUE, START, Reader, Step
from tests.machines.weaving.wire import tapped

_STUCK_SECONDS = 20.0
_LOOK_EVERY = 0.001


class State(Enum):
    """Where a thread stands."""

    PARKED = auto()
    RUNNING = auto()
    WAITING = auto()  # its statement was sent, and another one's transaction holds it up
    DONE = auto()


class Stuck(AssertionError):
    """A thread neither parks nor ends nor waits for a lock that the database knows of."""


@dataclass
class Fault:
    """A statement of a request that fails: its position, counted from 0 without the start."""

    at: int
    error: Callable[[], Exception]


@dataclass
class Task:
    """One request."""

    name: str
    act: Callable[[], Any]
    dialect: str
    fault: Fault | None = None
    state: State = State.PARKED
    pending: Step = START
    until: Callable[[], bool] | None = None
    result: Any = None
    error: BaseException | None = None
    backend: int = 0
    said: list[Step] = field(default_factory=list)
    started: int | None = None
    ended: int | None = None
    struck: bool = False
    holding: bool = False
    turn: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def __post_init__(self) -> None:
        self.reader = Reader(self.dialect)


@dataclass(frozen=True, slots=True)
class Moment:
    """Between two steps: who could go on, with which step; and who went."""

    ready: tuple[int, ...]
    pending: tuple[Step, ...]
    chosen: int


Choose = Callable[[Sequence[int], Sequence[Step]], int]
Watch = Callable[[Task], None]


@dataclass
class Schedule:
    """What happened, in its order."""

    moments: list[Moment] = field(default_factory=list)
    deadlock: bool = False

    def __str__(self) -> str:
        return "\n".join(f"  {m.chosen}: {m.pending[m.chosen].text[:110]}" for m in self.moments)


class Scheduler:
    """Stands between the requests of a provider and its database."""

    def __init__(self, database: Database, locks: Locks) -> None:
        self._database = database
        self._locks = locks
        self._mine = threading.local()
        self._news = threading.Semaphore(0)
        self._guard = threading.Lock()
        self._tasks: list[Task] = []
        # What a mutant makes of a statement.
        self.rewrite: Callable[[str], str] = str

    @contextmanager
    def attached(self) -> Iterator[None]:
        """Listen to the provider's database."""
        database = self._database
        usual = database.await_turn

        def await_turn() -> None:
            if (writers := database.writers) is not None:
                self.park(QUEUE, until=lambda: not writers.locked())
            usual()

        database.await_turn = await_turn  # type: ignore[method-assign]
        try:
            with tapped(database.engine, self._before):
                yield
        finally:
            del database.await_turn

    def run(self, tasks: list[Task], choose: Choose, after: Watch | None = None) -> Schedule:
        """Run requests to their ends; `after` is told of each one that has just answered."""
        self._tasks, schedule = tasks, Schedule()
        threads = [threading.Thread(target=self._live, args=(t,), daemon=True) for t in tasks]
        for thread in threads:
            thread.start()
        told: set[str] = set()
        while True:
            ready = [number for number, task in enumerate(tasks) if self._can_go_on(task)]
            if not ready:
                break
            pending = tuple(task.pending for task in tasks)
            chosen = choose(ready, pending)
            schedule.moments.append(Moment(tuple(ready), pending, chosen))
            self._go(tasks[chosen], len(schedule.moments))
            self._settle()
            for task in tasks:
                if task.state is State.DONE and task.name not in told:
                    told.add(task.name)
                    task.ended = len(schedule.moments)
                    if after is not None:
                        after(task)
        if any(task.state is not State.DONE for task in tasks):
            schedule.deadlock = True
            self._let_the_database_decide()
        for thread in threads:
            thread.join(_STUCK_SECONDS)
        return schedule

    # In the threads of the requests

    def _live(self, task: Task) -> None:
        self._mine.task = task
        task.turn.acquire()
        try:
            task.result = task.act()
        except Exception as error:  # noqa: BLE001 - the oracle judges it
            task.error = error
        with self._guard:
            task.state = State.DONE
        self._news.release()

    def park(self, step: Step, until: Callable[[], bool] | None = None) -> None:
        """Wait, in a request's thread, for its turn to do this step; none comes before `until`."""
        task: Task | None = getattr(self._mine, "task", None)
        if task is None:
            return
        with self._guard:
            if task.said and task.said[-1].ends:
                task.holding = False
            task.state, task.pending, task.until = State.PARKED, step, until
        self._news.release()
        task.turn.acquire()

    def _before(self, connection: Connection, statement: str) -> str:
        statement = self.rewrite(statement)
        task: Task | None = getattr(self._mine, "task", None)
        if task is None:
            return statement
        task.backend = self._locks.backend(connection)
        step = task.reader.step(statement)
        # The queue of writers has parked this one already; nothing happens in between.
        if not (step.text.startswith("BEGIN") and task.pending is QUEUE):
            self.park(step)
        task.said.append(step)
        task.holding = task.holding or step.text.startswith("BEGIN")
        if task.fault is not None and len(task.said) - 1 == task.fault.at:
            task.struck = True
            raise task.fault.error()
        return statement

    # In the thread of the schedule

    @staticmethod
    def _can_go_on(task: Task) -> bool:
        return task.state is State.PARKED and (task.until is None or task.until())

    def _go(self, task: Task, moment: int) -> None:
        task.started = task.started or moment
        task.state = State.RUNNING
        task.turn.release()

    def _settle(self) -> None:
        """Wait until nobody runs: each thread is parked, done, or held up by another one."""
        waited = 0.0
        while running := self._running():
            if self._news.acquire(timeout=_LOOK_EVERY):
                continue
            waited += _LOOK_EVERY
            for task in running:
                if self._is_held_up(task):
                    self._change(task, State.RUNNING, State.WAITING)
            if waited > _STUCK_SECONDS:
                raise Stuck(f"{running[0].name} at {running[0].pending}")

    def _running(self) -> list[Task]:
        """Return who runs; one that waited runs by itself once the other's lock is gone."""
        running = [t for t in self._tasks if t.state is State.RUNNING]
        if not running:
            for task in self._tasks:
                if task.state is State.WAITING and not self._is_held_up(task):
                    self._change(task, State.WAITING, State.RUNNING)
            running = [t for t in self._tasks if t.state is State.RUNNING]
        return running

    def _is_held_up(self, task: Task) -> bool:
        others = [t for t in self._tasks if t is not task and t.state is not State.DONE]
        # The server has work of its own, such as autovacuum: what it holds up goes on by itself.
        return any(t.holding for t in others) and self._locks.waits(
            task.backend, [t.backend for t in others]
        )

    def _change(self, task: Task, before: State, after: State) -> None:
        with self._guard:
            if task.state is before:
                task.state = after

    def _let_the_database_decide(self) -> None:
        """Everybody waits for somebody: let whom the server picks fail, and the others finish."""
        while self._tasks and any(t.state is not State.DONE for t in self._tasks):
            if not self._news.acquire(timeout=_STUCK_SECONDS):
                raise Stuck("nobody can go on, and the database does not help")
            for task in self._tasks:
                if task.state is State.PARKED:
                    self._go(task, task.started or 0)
