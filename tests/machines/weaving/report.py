"""All of it, with a figure per line: every pair without leaving schedules out, dice, storms."""

import math
import random
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


def report(*, whole: bool = False, until: float = math.inf, seed: str = "") -> list[str]:
    """Weave the default plan, or `whole`: every pair there is, every schedule of it.

    A `seed` says in which order. Begin none after `until` on the monotonic clock, of which each
    database has its share.
    """
    pairs = tuple(combinations_with_replacement(OPERATIONS, 2)) if whole else PAIRS
    if seed:
        pairs = tuple(random.Random(seed).sample(pairs, len(pairs)))
    wrong: list[str] = []
    with _stages() as stages:
        for left, stage in zip(range(len(KINDS), 0, -1), stages, strict=True):
            enough = time.monotonic() + (until - time.monotonic()) / left
            tallies = [
                _said(stage, all_of(stage, pair, reduced=not whole))
                for pair in pairs
                if time.monotonic() < enough
            ]
            woven = f"{sum(t.schedules for t in tallies)} schedules of {len(tallies)} pairs"
            print(f"{stage.dialect}: {woven}, {len(pairs) - len(tallies)} pairs left out")
            wrong += [said for tally in tallies for said in tally.violations]
    return wrong


def _said(stage: Stage, tally: Tally) -> Tally:
    names = ", ".join(tally.names)
    said = f"{tally.schedules} schedules, {len(tally.violations)} violations"
    print(f"{stage.dialect}: {names}: {said}", flush=True)
    return tally


def soak(*, seed: str, operations: int, minutes: float) -> list[str]:
    """Weave every schedule of every pair, then a tenth as many storms as `operations`, and dice.

    Pairs may use half of the time; those that are left out then are counted.
    """
    started = time.monotonic()
    wrong = report(whole=True, until=started + 60 * minutes / 2, seed=seed)
    wanted = operations // 10
    with _stages() as stages:
        for left, stage in zip(range(len(KINDS), 0, -1), stages, strict=True):
            done = requests = 0
            before = len(wrong)
            until = time.monotonic() + (started + 60 * minutes - time.monotonic()) / left
            while done < wanted // 2 and time.monotonic() < until and not wrong:
                seeds = [f"{seed} {done + trial}" for trial in range(_BATCH)]
                made, said = storms(stage, seeds)
                crowd = some_of(stage, CROWDS[done // _BATCH % len(CROWDS)], seeds)
                wrong += [*said, *crowd.violations]
                done, requests = done + _BATCH, requests + made
            made_of = f"{done} storms, {requests} requests, {done} of three to five"
            print(f"{stage.dialect}: {made_of}: {len(wrong) - before} violations", flush=True)
    return wrong
