"""Judges the audit log: what changed, and what it tells of, are the same (I7)."""

from collections import Counter
from collections.abc import Iterator

from tests.machines.weaving.record import REFRESHES, Record, about
from tests.machines.weaving.scene import Row

_ANSWERS = frozenset({"grant.refused"})
_OPENED = {"sessions": "session.opened", "grants": "grant.opened"}
_WRITTEN_ONCE = (
    ("grants", "code_redeemed_at", "grant.redeemed"),
    ("grants", "ended_at", "grant.ended"),
    ("sessions", "ended_at", "session.ended"),
    ("users", "disabled_at", "user.disabled"),
    ("clients", "disabled_at", "client.disabled"),
)


def the_log_says_what_happened(record: Record) -> Iterator[str]:
    """I7: one event per change, one change per event."""
    happened = Counter(_changed(record))
    told = Counter(
        (event.name, about(event)) for event in record.events if event.name not in _ANSWERS
    )
    for what in (happened - told).elements():
        yield f"I7: {what} is not in the log"
    for what in (told - happened).elements():
        yield f"I7: the log tells of {what}, which did not happen"


def _changed(record: Record) -> Iterator[tuple[str, str]]:
    """Give the events that the rows themselves tell of."""
    yield from _rotations(record)
    yield from _written_once(record)
    yield from _done_to_the_session(record)
    for key, _, new in record.changes("consents"):
        if new is None:
            yield "consent.revoked", key
    for key, old, _ in record.changes("revoked_tokens"):
        if old is None:
            yield "access_token.revoked", key
    for key, old, new in record.changes("signing_keys"):
        yield from _life_of_key(key, old, new)


def _written_once(record: Record) -> Iterator[tuple[str, str]]:
    """Give what came, and what was set in what came or was there."""
    for table, event in _OPENED.items():
        yield from ((event, key) for key, old, _ in record.changes(table) if old is None)
    for table, column, event in _WRITTEN_ONCE:
        for key, old, new in record.changes(table):
            if (old is None or old[column] is None) and new and new[column] is not None:
                yield event, key


def _done_to_the_session(record: Record) -> Iterator[tuple[str, str]]:
    """Give what a later proof may have wiped out of the row: those who did it know."""
    for done in record.done:
        if done.proves:
            yield "session.proved", record.scene.sid
        if done.operation.name == "challenge" and done.won:
            yield "session.challenged", record.scene.sid
    names = {done.operation.name for done in record.done if done.won}
    if "theft" in names and "challenge" not in names:
        # Whether it came before a proof or behind it, only the log knows.
        row = record.after.tables["sessions"].get(record.scene.sid)
        wiped = any(done.proves for done in record.done) or (row and row["ended_at"])
        told = "session.challenged" in {event.name for event in record.events}
        if told if wiped else row and row["challenged_at"]:
            yield "session.challenged", record.scene.sid


def _life_of_key(key: str, old: Row | None, new: Row | None) -> Iterator[tuple[str, str]]:
    if new is None:
        yield "key.removed", key
        return
    if old is None:
        yield "key.made", key
    if new["state"] != (old["state"] if old else "next"):
        yield {"active": "key.activated", "retired": "key.retired"}[new["state"]], key


def _rotations(record: Record) -> Iterator[tuple[str, str]]:
    """Give the rotations that the generations tell of, and retries for the other answers."""
    ids = {family.grant_id: name for name, family in record.scene.families.items()}
    for key, name in ids.items():
        old = record.before.tables["grants"].get(key)
        new = record.after.tables["grants"].get(key)
        rotated = new["generation"] - old["generation"] if old and new else 0
        # The first generation comes with the code.
        rotated = 0 if old and old["generation"] == 0 else rotated
        answers = [
            done
            for done in record.done
            if done.won and done.operation.uses == name and done.operation.name in REFRESHES
        ]
        # The row counts retries since its last rotation, whether or not they were answered.
        counted = new["retries"] - old["retries"] if old and new else 0
        yield from [("refresh_token.rotated", key)] * rotated
        yield from [("refresh_token.retried", key)] * (
            len(answers) - rotated if rotated else counted
        )
        if name in record.reused:
            yield "refresh_token.reused", key
