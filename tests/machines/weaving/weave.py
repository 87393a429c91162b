"""One woven run: a fresh scene, its operations under one schedule, probes, and the verdict."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from sqlalchemy.exc import OperationalError

from tests.machines.weaving.exploring import Exploration, Walk, at_random
from tests.machines.weaving.misuse import MISUSES
from tests.machines.weaving.operations import OPERATIONS
from tests.machines.weaving.oracle import judge
from tests.machines.weaving.record import Done, Probed, Record
from tests.machines.weaving.scene import Family
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

    def probe_at_once(task: Task) -> None:
        """What is over when its end is answered is over at that moment, whoever is on the way."""
        operation = operations[tasks.index(task)]
        for name in operation.ends | operation.voids if not task.struck else ():
            if _at_once(scene.families[name]):
                too_late.append(f"I3: {operation.name} had answered, and `{name}` was accepted")

    schedule = stage.scheduler.run(tasks, choose, probe_at_once)
    if isinstance(choose, Walk) and choose.seen_before:
        stage.tidy(names)
        return Record(scene, [], schedule, before, before, [])
    after, events = scene.rows(), scene.events_since(before)
    done = [
        Done(operation, task.result, task.error, task.started or 0, task.ended or 0, task.struck)
        for operation, task in zip(operations, tasks, strict=True)
    ]
    record = Record(scene, done, schedule, before, after, events, too_late)
    stage.provider.clock.forward(seconds=REREAD)
    then = {each.name if fault else each.then for each in operations} - {"", "replay"}
    if fault is None or tasks[0].struck:
        record.then = {name: OPERATIONS[name].act(scene) for name in then}
    if not record.then:
        record.probes = _probe(record)
    stage.tidy(names)
    return record


def _probe(record: Record) -> dict[str, Probed]:
    """Show everything that was ever given, of every family."""
    brought: dict[str, list[dict[str, str]]] = {}
    for each in record.done:
        if each.won and each.outcome is not None and "access_token" in each.outcome.body:
            brought.setdefault(each.operation.uses, []).append(dict(each.outcome.body))
    concerned = {d.operation.uses for d in record.done} | record.ended | record.voided
    probes = {}
    for name, family in record.scene.families.items():
        if name not in concerned:
            continue
        void = name in record.voided
        probes[name] = probed = _shown(family, brought.get(name, []), void=void)
        over = name in record.ended
        refreshed = _refreshed(family, brought.get(name, []), over=over)
        probed.accepted += refreshed.accepted
        probed.refused += refreshed.refused
    return probes


def _at_once(family: Family) -> bool:
    """Tell whether the newest access token from before the schedule is accepted."""
    return bool(family.access) and family.party.userinfo(family.access[-1]).status_code == 200


def _shown(family: Family, brought: Sequence[dict[str, str]], *, void: bool) -> Probed:
    """Show the newest access token from before, and each that the schedule brought."""
    probed = Probed()
    tokens = [answer["access_token"] for answer in brought]
    if void:
        probed.voided = _still(family)
    else:
        tokens[:0] = family.access[-1:]
    for number, token in enumerate(tokens):
        probed.note(f"access token {number}", family.party.userinfo(token).status_code == 200)
    if tokens and not family.party.public:
        said = family.party.introspect(tokens[-1]).get_json()
        probed.note("the newest access token, introspected", said.get("active", False))
    return probed


def _still(family: Family) -> list[str]:
    """Return who accepts the newest access token from before."""
    accepted = ["userinfo"] if _at_once(family) else []
    said = family.party.introspect(family.access[-1]).get_json()
    return [*accepted, "introspection"] if said.get("active") else accepted


def _refreshed(family: Family, brought: Sequence[dict[str, str]], *, over: bool) -> Probed:
    """Show the newest refresh token of a family that lives, every one of a family that is over."""
    probed = Probed()
    given = [answer["refresh_token"] for answer in brought if "refresh_token" in answer]
    tokens = list(dict.fromkeys([*family.refresh, *given]))
    for number, token in enumerate(tokens if over else tokens[-1:]):
        answer = family.party.token(grant_type="refresh_token", refresh_token=token)
        probed.note(f"refresh token {number}", answer.status_code == 200)
    return probed


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
