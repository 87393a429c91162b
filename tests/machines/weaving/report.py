"""All of it, with a figure per line: every pair without leaving schedules out, dice, storms."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import combinations_with_replacement
from pathlib import Path

from tests.machines.weaving.operations import OPERATIONS, model_scene
from tests.machines.weaving.plan import CROWDS, PAIRS
from tests.machines.weaving.stage import Stage, staged
from tests.machines.weaving.storm import storms
from tests.machines.weaving.weave import Tally, all_of, some_of
from tests.support import run
from tests.support.databases import KINDS, fresh_database
from tests.support.postgres import stop_shared_cluster

_BATCH = 20


@contextmanager
def _stages() -> Iterator[Iterator[Stage]]:
    """Give a stage per kind of database, one after the other."""

    def each() -> Iterator[Stage]:
        for kind in KINDS:
            with (
                tempfile.TemporaryDirectory() as name,
                fresh_database(kind, Path(name)) as url,
                staged(url, Path(name), model_scene) as stage,
            ):
                yield stage

    folder = run.begin()
    try:
        yield each()
    finally:
        stop_shared_cluster()
        run.end(folder)


def report(*, whole: bool = False) -> list[str]:
    """Weave the default plan, or `whole`: every pair there is, every schedule of it."""
    pairs = tuple(combinations_with_replacement(OPERATIONS, 2)) if whole else PAIRS
    wrong: list[str] = []
    with _stages() as stages:
        for stage in stages:
            tallies = [_said(stage, all_of(stage, pair, reduced=not whole)) for pair in pairs]
            print(f"{stage.dialect}: {sum(t.schedules for t in tallies)} schedules of pairs")
            wrong += [said for tally in tallies for said in tally.violations]
    return wrong


def _said(stage: Stage, tally: Tally) -> Tally:
    names = ", ".join(tally.names)
    said = f"{tally.schedules} schedules, {len(tally.violations)} violations"
    print(f"{stage.dialect}: {names}: {said}", flush=True)
    return tally


def soak(*, seed: str, operations: int, minutes: float) -> list[str]:
    """Weave every schedule of every pair, then dice and storms, a tenth of `operations` of each."""
    started, wrong = time.monotonic(), report(whole=True)
    wanted = operations // 10
    with _stages() as stages:
        for stage in stages:
            done = requests = 0
            until = time.monotonic() + (started + 60 * minutes - time.monotonic()) / 2
            while done < wanted // 2 and time.monotonic() < until and not wrong:
                seeds = [f"{seed} {done + trial}" for trial in range(_BATCH)]
                made, said = storms(stage, seeds)
                crowd = some_of(stage, CROWDS[done // _BATCH % len(CROWDS)], seeds)
                wrong += [*said, *crowd.violations]
                done, requests = done + _BATCH, requests + made
            print(f"{stage.dialect}: {done} storms, {requests} requests; {done} of three to five")
    return wrong
