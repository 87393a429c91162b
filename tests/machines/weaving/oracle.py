"""Judges what a schedule left behind: DESIGN §6, one function per invariant.

Each rule reads the record of one run and says in a sentence what is wrong. Who overlaps may be
served before or after; who began after an answer may not be served as if it had not been given.
"""

from collections import Counter
from collections.abc import Callable, Iterator

from tests.machines.weaving.record import REFRESHES, RETRIES, Done, Record
from tests.machines.weaving.scene import Row
from tests.machines.weaving.session_rules import SESSION_RULES, explained
from tests.machines.weaving.told import the_log_says_what_happened

# The families that nobody has redeemed the code of.
CODES = ("code", "first")
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
    for name in CODES:
        shown = [done for done in record.done if done.operation.uses == name]
        won = [done for done in shown if done.won]
        if len(won) > 1:
            yield f"I1: one code was redeemed {len(won)} times"
        if len(shown) > 1 and (accepted := record.probes[name].accepted):
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
        if operation in RETRIES and successors != {record.scene.families[name].refresh[-1]}:
            yield f"I2: a retry in `{name}` brought another successor than the first time"
    names = {done.operation.name for done in record.done}
    old = {"family": {"refresh", "retry"}, "offline": {"refresh offline", "retry offline"}}
    explained = {name for name, shown in old.items() if shown <= names}
    if record.reused - {"public"} - explained:
        yield f"I2: {record.reused} ended for reuse, and nothing old was shown"


def what_is_over_is_over(record: Record) -> Iterator[str]:
    """I3: in real time, by every endpoint; and nothing that overlapped is of use afterwards."""
    yield from record.too_late
    for end in record.done:
        for later in record.done:
            if (
                later.started > end.ended
                and record.acted(end)
                and later.won
                and later.operation.uses in _taken(end, later)
            ):
                yield f"I3: {later.operation.name} was served after {end.operation.name} answered"
    for name, probed in record.probes.items():
        if probed.voided:
            yield f"I3, I6: of `{name}` this was void, and accepted: {probed.voided}"
    for name in (record.ended | record.stopped) & record.probes.keys():
        if accepted := record.probes[name].accepted:
            yield f"I3: `{name}` is over, and accepted are: {accepted}"


def _taken(end: Done, later: Done) -> frozenset[str]:
    """Return the families of which one operation leaves nothing that the other could show."""
    return end.ends | end.operation.voids if later.operation.reads else end.ends


def the_honest_are_served(record: Record) -> Iterator[str]:
    """I9, I10, I13: what nobody ended works, whatever else went on."""
    shown = Counter(done.operation.uses for done in record.done)
    for done in record.done:
        uses = done.operation.uses
        if not uses or uses in record.ended or (uses in CODES and shown[uses] > 1):
            continue
        if done.operation.reads and uses in record.voided:
            continue
        if not done.won and not done.struck and not explained(record, done):
            yield f"I9: {done.operation.name} was refused although nobody ended `{uses}`"
    for name, probed in record.probes.items():
        if name in record.ended | record.stopped or (name in CODES and shown[name] > 1):
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
            if old is not None and new is not None:
                yield from _changed_for_the_worse(table, key, old, new)
            elif new is None:
                yield f"I4: a row of {table} went: {key}"
    came = {t: sum(old is None for _, old, _ in record.changes(t)) for t in ("grants", "sessions")}
    given = sum("code" in done.brought for done in record.done)
    opened = sum(done.operation.opens and done.won for done in record.done)
    if came != {"grants": given, "sessions": opened}:
        yield f"I9: {given} codes were given and {opened} sessions opened, and there came {came}"


def _changed_for_the_worse(table: str, key: str, old: Row, new: Row) -> Iterator[str]:
    if old["ended_at"] and any(old[name] != new[name] for name in ("ended_at", "end_reason")):
        yield f"I4: the end of {table} {key} changed"
    if table == "sessions" and old["absolute_until"] < new["absolute_until"]:
        yield f"I5: the absolute limit of session {key} was put off"
    if table == "grants" and old["generation"] == new["generation"] != 0:
        for name in () if new["ended_at"] else ("idle_until", "refreshed_at"):
            if new[name] != old[name]:
                yield f"I2, I5: a retry moved {name} of family {key}"
    if new["idle_until"] > new["absolute_until"]:
        yield f"I5: {table} {key} may idle beyond its absolute limit"


# By which columns a row may be over.
_OVER = {
    "grants": ("ended_at", "idle_until"),
    "sessions": ("ended_at", "idle_until", "absolute_until"),
    "revoked_tokens": ("expires_at",),
}


def only_what_is_over_is_removed(record: Record) -> Iterator[str]:
    """I4: a row goes when a purge takes it, after its end was kept for long enough; then it does.

    That the end was recorded is what the log is asked for, of removed rows as of the others.
    """
    purges = [d.outcome.body for d in record.done if d.outcome and "removes" in d.outcome.body]
    untils = {
        table: max([body["until"] for body in purges if body["removes"] == table], default=None)
        for table in _OVER
    }
    for table, removed in record.after.removed.items():
        for key in removed:
            row = record.after.tables[table][key]
            over = min(row[name] for name in _OVER[table] if row[name] is not None)
            until = untils[table]
            if until is None or over > until:
                yield f"I4: a row of {table} was removed, over at {over}, not by {until}: {key}"
    for done in record.done:
        table = done.outcome.body.get("removes", "") if done.won and done.outcome else ""
        if table and record.scene.dead[table] not in record.after.removed[table]:
            yield f"{done.operation.name} left what has long been over"


RULES: tuple[Rule, ...] = (
    everybody_is_answered,
    nobody_gets_what_is_not_theirs,
    a_code_is_good_once,
    a_generation_has_one_successor,
    what_is_over_is_over,
    the_honest_are_served,
    a_failure_hurts_nobody,
    what_ended_stays_as_it_ended,
    only_what_is_over_is_removed,
    *SESSION_RULES,
    the_log_says_what_happened,
)


def judge(record: Record) -> list[str]:
    """Return what is wrong, a sentence each."""
    return [sentence for rule in RULES for sentence in rule(record)]
