"""Judges what a schedule left behind: DESIGN §6, one function per invariant.

Each rule reads the record of one run and says in a sentence what is wrong. Who overlaps may be
served before or after; who began after an answer may not be served as if it had not been given.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.machines.weaving.operations import Operation, Outcome
from tests.machines.weaving.scene import Row, Rows, Scene
from tests.machines.weaving.scheduler import Schedule


@dataclass(frozen=True, slots=True)
class Done:
    """One operation of a run: what it answered, and between which steps it ran."""

    operation: Operation
    outcome: Outcome | None
    error: BaseException | None
    started: int
    ended: int
    struck: bool = False

    @property
    def won(self) -> bool:
        """Whether it was given what it asked for."""
        return self.outcome is not None and self.outcome.won


@dataclass
class Record:
    """Everything that is known about one run."""

    scene: Scene
    done: list[Done]
    schedule: Schedule
    before: Rows
    after: Rows
    events: list[Any]
    too_late: list[str] = field(default_factory=list)
    probes: dict[str, "Probed"] = field(default_factory=dict)
    then: dict[str, Outcome] = field(default_factory=dict)

    @property
    def ended(self) -> frozenset[str]:
        """The families that somebody ended."""
        ends = (done.operation.ends for done in self.done if not done.struck)
        return frozenset[str]().union(*ends) | self.reused

    @property
    def reused(self) -> set[str]:
        """The families that ended because an old refresh token was shown."""
        found = {_about(e) for e in self.events if e.name == "refresh_token.reused"}
        return {name for name, family in self.scene.families.items() if family.grant_id in found}

    def changes(self, table: str) -> Iterator[tuple[str, Row | None, Row | None]]:
        """Give key, row before and row after, of every row that changed, came or went."""
        old, new = self.before.tables[table], self.after.tables[table]
        for key in old.keys() | new.keys():
            if old.get(key) != new.get(key):
                yield key, old.get(key), new.get(key)


@dataclass
class Probed:
    """What was still accepted of a family when all was over: descriptions of what was shown."""

    accepted: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def note(self, what: str, accepted: bool) -> None:  # noqa: FBT001 - how it was received
        """Remember what was shown and how it was received."""
        (self.accepted if accepted else self.refused).append(what)


Rule = Callable[[Record], Iterator[str]]


def everybody_is_answered(record: Record) -> Iterator[str]:
    """Nobody waits for ever, nothing crashes, and answers are such as are expected (I9)."""
    if record.schedule.deadlock:
        yield "deadlock: everybody waits for somebody"
    for done in record.done:
        name = done.operation.name
        if done.error is not None or done.outcome is None:
            yield f"{name} raised {done.error!r}"
        elif done.struck:
            if done.outcome.status != 503:
                yield f"{name} answered {done.outcome.status} although its database failed"
        elif not (done.won or done.outcome.status in done.operation.refusals):
            yield f"{name} answered {done.outcome.status} {dict(done.outcome.body)}"


def nobody_gets_what_is_not_theirs(record: Record) -> Iterator[str]:
    """What is never to be given is not, and trying it hurts nobody."""
    for done in record.done:
        if done.operation.never and done.won:
            yield f"{done.operation.name}: was given"


def a_code_is_good_once(record: Record) -> Iterator[str]:
    """I1, I8: one success at most; whoever shows it again voids what it bought."""
    shown = [done for done in record.done if done.operation.name == "exchange"]
    won = [done for done in shown if done.won]
    if len(won) > 1:
        yield f"I1: one code was redeemed {len(won)} times"
    if len(shown) > 1 and (accepted := record.probes["code"].accepted):
        yield f"I1: a code was shown twice, and of what it bought are accepted: {accepted}"


def a_generation_has_one_successor(record: Record) -> Iterator[str]:
    """I2: whoever shows the same refresh token is given the same one, and only for what rotated."""
    given: dict[tuple[str, str], set[str]] = {}
    for done in record.done:
        if done.won and done.outcome is not None and done.operation.name in REFRESHES:
            key = (done.operation.uses, done.operation.name)
            given.setdefault(key, set()).add(done.outcome.body["refresh_token"])
    for (name, operation), successors in given.items():
        if len(successors) > 1:
            yield f"I2: `{name}` has {len(successors)} successors of one generation"
        if operation == "retry" and successors != {record.scene.families[name].refresh[-1]}:
            yield f"I2: a retry in `{name}` brought another successor than the first time"
    names = {done.operation.name for done in record.done}
    if record.reused - {"public"} and not {"refresh", "retry"} <= names:
        yield f"I2: {record.reused} ended for reuse, and nothing old was shown"


def what_is_over_is_over(record: Record) -> Iterator[str]:
    """I3: in real time, by every endpoint; and nothing that overlapped is of use afterwards."""
    yield from record.too_late
    for end in record.done:
        for later in record.done:
            if (
                later.started > end.ended
                and later.won
                and later.operation.uses in end.operation.ends
            ):
                yield f"I3: {later.operation.name} was served after {end.operation.name} answered"
    for name in record.ended & record.probes.keys():
        if accepted := record.probes[name].accepted:
            yield f"I3: `{name}` is over, and accepted are: {accepted}"


def the_honest_are_served(record: Record) -> Iterator[str]:
    """I9, I10, I13: what nobody ended works, whatever else went on."""
    shown = Counter(done.operation.uses for done in record.done)
    for done in record.done:
        uses = done.operation.uses
        if not uses or uses in record.ended or (uses == "code" and shown["code"] > 1):
            continue
        if not done.won and not done.struck:
            yield f"I9: {done.operation.name} was refused although nobody ended `{uses}`"
    for name, probed in record.probes.items():
        if name in record.ended or (name == "code" and shown["code"] > 1):
            continue
        if probed.refused:
            yield f"I9: nobody ended `{name}`, and refused are: {probed.refused}"


def a_failure_hurts_nobody(record: Record) -> Iterator[str]:
    """I9: what failed, or was tried by a stranger, can be done by whoever may do it."""
    for name, outcome in record.then.items():
        if not outcome.won:
            yield f"I9: afterwards {name} was refused: {outcome.status} {dict(outcome.body)}"


def what_ended_stays_as_it_ended(record: Record) -> Iterator[str]:
    """I4, I5: ends are written once; the absolute limit stands, and the idle one within it."""
    for table in ("sessions", "grants"):
        for key, old, new in record.changes(table):
            if old is None or new is None:
                yield f"I4: a row of {table} came or went: {key}"
                continue
            names = ("ended_at", "end_reason")
            if old["ended_at"] and any(old[name] != new[name] for name in names):
                yield f"I4: the end of {table} {key} changed"
            if table == "sessions" and old["absolute_until"] != new["absolute_until"]:
                yield f"I5: the absolute limit of session {key} moved"
            if table == "grants" and old["generation"] == new["generation"] != 0:
                for name in () if new["ended_at"] else ("idle_until", "refreshed_at"):
                    if new[name] != old[name]:
                        yield f"I2, I5: a retry moved {name} of family {key}"
            if "idle_until" in new and new["idle_until"] > new["absolute_until"]:
                yield f"I5: {table} {key} may idle beyond its absolute limit"


def the_log_says_what_happened(record: Record) -> Iterator[str]:
    """I7: one event per change, one change per event."""
    happened = Counter(_changed(record))
    told = Counter(
        (event.name, _about(event)) for event in record.events if event.name not in _ANSWERS
    )
    for what in (happened - told).elements():
        yield f"I7: {what} is not in the log"
    for what in (told - happened).elements():
        yield f"I7: the log tells of {what}, which did not happen"


_ANSWERS = frozenset({"grant.refused"})
_KEYS = {"grant": "grant_id", "refresh_token": "grant_id", "key": "kid"}


_WRITTEN_ONCE = (
    ("grants", "code_redeemed_at", "grant.redeemed"),
    ("grants", "ended_at", "grant.ended"),
    ("sessions", "ended_at", "session.ended"),
    ("clients", "disabled_at", "client.disabled"),
)


def _about(event: Any) -> str:
    """Return the key of the row that an event tells of."""
    room = event.name.partition(".")[0]
    if room in _KEYS:
        return str(event.data[_KEYS[room]])
    return str(event.sid if room == "session" else event.client_id)


def _changed(record: Record) -> Iterator[tuple[str, str]]:
    """Give the events that the rows themselves tell of."""
    yield from _rotations(record)
    for table, column, event in _WRITTEN_ONCE:
        for key, old, new in record.changes(table):
            if old and new and old[column] is None and new[column] is not None:
                yield event, key
    for key, _, new in record.changes("consents"):
        if new is None:
            yield "consent.revoked", key
    for key, old, new in record.changes("signing_keys"):
        yield from _life_of_key(key, old, new)


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


REFRESHES = frozenset({"refresh", "retry", "other client"})
RULES: tuple[Rule, ...] = (
    everybody_is_answered,
    nobody_gets_what_is_not_theirs,
    a_code_is_good_once,
    a_generation_has_one_successor,
    what_is_over_is_over,
    the_honest_are_served,
    a_failure_hurts_nobody,
    what_ended_stays_as_it_ended,
    the_log_says_what_happened,
)


def judge(record: Record) -> list[str]:
    """Return what is wrong, a sentence each."""
    return [sentence for rule in RULES for sentence in rule(record)]
