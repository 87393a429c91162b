"""The audit log against the recorded history: what clients know of was written once (I7)."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from tests.app import Provider
from tests.machines.havoc.history import History, Kind, Op, Outcome
from tests.machines.havoc.ledger import Ledger


def disagreements(provider: Provider, history: History) -> list[str]:
    """Return what rows, records and the history say differently, now that all is quiet."""
    ledger = Ledger(provider)
    return [*ledger.faults(), *_of_grants(ledger, history), *_of_switches(ledger, history)]


def _of_grants(ledger: Ledger, history: History) -> Iterator[str]:
    about: dict[str, list[Op]] = defaultdict(list)
    for op in history.ops:
        if op.grant:
            about[op.grant].append(op)
    names = ("grant.opened", "grant.redeemed", "refresh_token.rotated", "refresh_token.retried")
    recorded = ledger.of_grants(*names)
    for grant, ops in about.items():
        redeemed = _bounds(ops, Kind.REDEEM)
        given = recorded["grant.redeemed", grant]
        if not redeemed[0] <= given <= redeemed[1]:
            yield f"grant {grant}: {given} redemptions recorded, {redeemed} known"
        refreshed = _bounds(ops, Kind.REFRESH)
        done = recorded["refresh_token.rotated", grant] + recorded["refresh_token.retried", grant]
        if not refreshed[0] <= done <= refreshed[1]:
            yield f"grant {grant}: {done} refreshes recorded, {refreshed} known"
        successors = {op.refresh for op in ops if op.kind is Kind.REFRESH and op.ok}
        if len(successors) > recorded["refresh_token.rotated", grant]:
            yield f"grant {grant}: {len(successors)} successors known, fewer rotations recorded"


def _bounds(ops: list[Op], kind: Kind) -> tuple[int, int]:
    """Return how often a thing was done at least, and at most."""
    counted = Counter(op.outcome for op in ops if op.kind is kind)
    known = counted[Outcome.OK]
    return known, known + counted[Outcome.UNKNOWN] + counted[Outcome.AWAY] + counted[Outcome.CRASH]


_SWITCHES = {
    Kind.DISABLE_USER: "user.disabled",
    Kind.ENABLE_USER: "user.enabled",
    Kind.DISABLE_CLIENT: "client.disabled",
    Kind.ENABLE_CLIENT: "client.enabled",
}


def _of_switches(ledger: Ledger, history: History) -> Iterator[str]:
    """One operator insists until it is done: however often it was tried, it was done once."""
    for kind, name in _SWITCHES.items():
        recorded = Counter(e.user_id or e.client_id for e in ledger.events if e.name == name)
        tried = Counter(op.user or op.client for op in history.of(kind) if op.ok)
        for id_ in recorded.keys() | tried.keys():
            if recorded[id_] != tried[id_]:
                yield f"{name} of {id_}: {recorded[id_]} recorded, {tried[id_]} done"
