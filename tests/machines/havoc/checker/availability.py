"""Without its database a provider says so, and nothing else; with it, it serves soon (I12)."""

from collections.abc import Iterator
from math import inf

from tests.machines.havoc.checker.index import Index, Violation
from tests.machines.havoc.history import NEMESIS, Kind, Op, Outcome

# Who is shut out may hear so from a copy that is some seconds old: nothing is issued by that.
_FAIR = (Outcome.AWAY, Outcome.UNKNOWN, Outcome.NOT_SENT, Outcome.SHUT_OUT)


def violations(index: Index) -> Iterator[Violation]:
    """Give each answer that takes a database there was not, and each crash."""
    away = list(index.history.of(Kind.DATABASE_AWAY))
    for op in index.history.ops:
        if op.kind in NEMESIS:
            continue
        if op.outcome is Outcome.CRASH:
            yield Violation("an answer that nobody should get", (op,))
        for gone in away:
            inside = gone.invoked < op.invoked and op.returned < gone.returned
            if inside and op.outcome not in _FAIR:
                yield Violation("an answer without a database (I12)", (gone, op))
    yield from _not_serving(index)


def _not_serving(index: Index) -> Iterator[Violation]:
    """Give what was still refused long after the database had come back."""
    troubles = sorted(op.invoked for op in index.history.of(Kind.DATABASE_AWAY, Kind.TROUBLE))
    for back in index.history.of(Kind.DATABASE_BACK):
        since = back.returned + index.rules.recovery
        until = min((at for at in troubles if at > back.returned), default=inf)
        for op in index.history.ops:
            if op.outcome is Outcome.AWAY and since < op.invoked and op.returned < until:
                yield Violation("not serving long after the database came back", (back, op))


def recoveries(history_ops: list[Op]) -> list[float]:
    """Return how long after each return of the database the first request was served."""
    done = [op for op in history_ops if op.ok and op.kind not in NEMESIS and op.node >= 0]
    found = []
    for back in (op for op in history_ops if op.kind is Kind.DATABASE_BACK):
        served = [op.returned for op in done if op.invoked >= back.invoked]
        if served:
            found.append(max(0.0, min(served) - back.returned))
    return found
