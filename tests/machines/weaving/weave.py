"""One woven run: a fresh scene, its operations under one schedule, probes, and the verdict."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from sqlalchemy.exc import OperationalError

from tests.machines.weaving.exploring import Exploration, Walk, at_random
from tests.machines.weaving.misuse import MISUSES
from tests.machines.weaving.operations import OPERATIONS
from tests.machines.weaving.oracle import judge
from tests.machines.weaving.probing import probe, still_accepted
from tests.machines.weaving.record import Done, Record
from tests.machines.weaving.scheduler import Choose, Fault, Schedule, Task
from tests.machines.weaving.stage import Stage

REREAD = 6  # seconds after which this process reads its copies of keys and clients anew


@dataclass
class Tally:
    """What the schedules of some operations amount to."""

    names: tuple[str, ...]
    schedules: int = 0
    skipped: int = 0
    violations: list[str] = field(default_factory=list)
    outcomes: set[tuple[int, ...]] = field(default_factory=set)

    def add(self, record: Record) -> None:
        """Count a run, and remember what was wrong with it and by which schedule."""
        self.schedules += 1
        self.outcomes.add(tuple(d.outcome.status if d.outcome else 0 for d in record.done))
        self.violations += [f"{said}\n{record.schedule}" for said in judge(record)]


def all_of(
    stage: Stage, names: Sequence[str], *, reduced: bool = True, enough: int | None = None
) -> Tally:
    """Weave operations in every way there is, or until so many violations were `enough`."""
    tally = Tally(tuple(names))
    exploration = Exploration(reduced=reduced)
    records: list[Record] = []

    def one(choose: Walk) -> Schedule:
        records.append(run(stage, names, choose))
        return records[-1].schedule

    for _ in exploration.schedules(one):
        tally.add(records[-1])
        records.clear()
        if enough is not None and len(tally.violations) >= enough:
            break
    tally.skipped = exploration.skipped
    return tally


def some_of(stage: Stage, names: Sequence[str], seeds: Sequence[object]) -> Tally:
    """Weave operations as each seed chooses."""
    tally = Tally(tuple(names))
    for seed in seeds:
        tally.add(run(stage, names, at_random(seed)))
    return tally


def run(stage: Stage, names: Sequence[str], choose: Choose, fault: Fault | None = None) -> Record:
    """Run operations once; a fault strikes the first of them."""
    scene = stage.scene()
    operations = [(OPERATIONS | MISUSES)[name] for name in names]
    tasks = [
        Task(f"{number} {each.name}", partial(each.act, scene), stage.dialect, pending=each.start)
        for number, each in enumerate(operations)
    ]
    if fault is not None:
        tasks[0].fault = fault
    for each in operations:
        if each.arrange is not None:
            each.arrange(scene)
    before, too_late = scene.rows(), list[str]()

    def done_of(task: Task) -> Done:
        operation = operations[tasks.index(task)]
        begun, ended = task.started or 0, task.ended or 0
        return Done(operation, task.result, task.error, begun, ended, task.struck)

    def probe_at_once(task: Task) -> None:
        """What is over when its end is answered is over at that moment, whoever is on the way."""
        proved = any(operation.proves for operation in operations)
        if not task.struck:
            too_late.extend(still_accepted(scene, done_of(task), proved=proved))

    schedule = stage.scheduler.run(tasks, choose, probe_at_once)
    if isinstance(choose, Walk) and choose.seen_before:
        stage.tidy(names)
        return Record(scene, [], schedule, before, before, [])
    after, events = scene.rows(), scene.events_since(before)
    done = [done_of(task) for task in tasks]
    record = Record(scene, done, schedule, before, after, events, too_late)
    stage.provider.clock.forward(seconds=REREAD)
    then = {each.name if fault else each.then for each in operations} - {"", "replay"}
    if fault is None or tasks[0].struck:
        record.then = {name: OPERATIONS[name].act(scene) for name in then}
    if not record.then:
        probe(record)
    stage.tidy(names)
    return record


def struck(stage: Stage, name: str) -> Tally:
    """Run an operation alone, with each of its statements failing in turn, then once with none."""
    tally = Tally((name,))
    position = 0
    while True:
        record = run(stage, [name], lambda ready, _: ready[0], Fault(position, _cut_off))
        tally.add(record)
        if not record.done[0].struck:
            return tally
        position += 1


def alone(stage: Stage, name: str) -> Tally:
    """Run an operation alone."""
    tally = Tally((name,))
    tally.add(run(stage, [name], lambda ready, _: ready[0]))
    return tally


def _cut_off() -> Exception:
    return OperationalError("", {}, Exception("the statement was cut off"))
