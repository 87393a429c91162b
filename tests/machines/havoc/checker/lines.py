"""Codes are read once (I1); a refresh family is a line whose last token alone has a successor (I2).

The token before the last may be shown again until the last is used, and brings the last again.
"""

from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations
from math import inf

from tests.machines.havoc.checker.index import Index, Violation
from tests.machines.havoc.history import Kind, Op


def violations(index: Index) -> Iterator[Violation]:
    """Give each second answer to one code and each branch of a family."""
    for grant, ops in index.of_grant.items():
        redeemed = [op for op in ops if op.kind is Kind.REDEEM and op.ok]
        if len(redeemed) > 1:
            yield Violation("a code was redeemed twice (I1)", tuple(redeemed))
        refreshed = [op for op in ops if op.kind is Kind.REFRESH and op.ok]
        yield from _branches(refreshed)
        yield from _old(index, ops)
        opened = index.grants.get(grant)
        if opened is not None and opened.client in index.rules.public:
            yield from _late(index, refreshed)


def _branches(refreshed: list[Op]) -> Iterator[Violation]:
    of_shown: dict[str, dict[str, Op]] = defaultdict(dict)
    of_given: dict[str, dict[str, Op]] = defaultdict(dict)
    for op in refreshed:
        of_shown[op.shown].setdefault(op.refresh, op)
        of_given[op.refresh].setdefault(op.shown, op)
    for given in of_shown.values():
        for pair in combinations(given.values(), 2):
            yield Violation("a refresh token has two successors (I2)", pair)
    for shown in of_given.values():
        for pair in combinations(shown.values(), 2):
            yield Violation("two refresh tokens have one successor (I2)", pair)


def _old(index: Index, ops: list[Op]) -> Iterator[Violation]:
    """Give what was accepted of a token whose successor had been used before."""
    used: dict[int, Op] = {}
    for op in ops:
        generation = index.generation.get(op.shown)
        if op.kind is Kind.REFRESH and op.ok and generation is not None:
            best = used.get(generation)
            used[generation] = op if best is None or op.returned < best.returned else best
    for op in ops:
        generation = index.generation.get(op.shown)
        if op.kind not in (Kind.REFRESH, Kind.INTROSPECT) or not op.ok or generation is None:
            continue
        later = [by for g, by in used.items() if g > generation and by.returned < op.invoked]
        if later:
            yield Violation("an old refresh token is accepted (I2)", (later[0], op))


def _late(index: Index, refreshed: list[Op]) -> Iterator[Violation]:
    """Give each retry of a public client that came after the leeway."""
    rules = index.rules
    first: dict[str, Op] = {}
    for op in sorted(refreshed, key=lambda op: op.returned):
        first.setdefault(op.shown, op)
    for op in refreshed:
        before = first.get(op.shown)
        at = before.returned if before is not None else inf
        if before is not None and op.invoked > at + rules.leeway + rules.slack:
            yield Violation("a bearer's retry is accepted after the leeway (I2)", (before, op))
