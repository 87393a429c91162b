"""One step: a statement that is about to be said, and what it has to do with others' steps.

Two steps whose order nobody can tell apart are *independent*: of the schedules that differ only in
the order of such steps, one is run. The footprints err on the side of dependence: every table whose
name stands in a statement counts as read by it.
"""

import re
from dataclasses import dataclass, field
from functools import cache

from idp.store.schema import metadata

NONE: frozenset[str] = frozenset()
# What requests share beside the database: the copies of clients and keys in this process; and the
# instant at which one has done its work, for who begins afterwards must notice.
MEMORY, ANSWER = "(memory)", "(answer)"
EVERYTHING = frozenset(metadata.tables) | {MEMORY, ANSWER}
# Rows are only added to the log, and no request reads it.
_NEVER_READ = frozenset({"audit_events"})
_WORDS = re.compile(r"\b(" + "|".join(metadata.tables) + r")\b")
_TARGET = re.compile(r"(?:INSERT INTO|UPDATE|DELETE FROM|LOCK TABLE) (\w+)")
_CACHED = frozenset({"clients", "signing_keys"})


@dataclass(frozen=True, slots=True)
class Step:
    """What is about to happen, and its footprint.

    `sees` are the tables it reads, `holds` those whose rows it locks, `shows` what others see from
    here on, `frees` the locks that end with it.
    """

    text: str
    sees: frozenset[str] = NONE
    holds: frozenset[str] = NONE
    shows: frozenset[str] = NONE
    frees: frozenset[str] = NONE

    @property
    def ends(self) -> bool:
        """Whether a transaction ends here."""
        return self.text in ("COMMIT", "ROLLBACK")


# A request begins: from here to its first statement it looks at what the process remembers.
START = Step("(start)", sees=frozenset({MEMORY, ANSWER}))
# A command begins: it looks at nothing.
START_OF_COMMAND = Step("(start)", sees=frozenset({ANSWER}))
# A writer of SQLite stands in the queue; what follows is BEGIN IMMEDIATE, which takes the snapshot.
QUEUE = Step("(queue)", sees=EVERYTHING, holds=frozenset({"(writer)"}))
# Another request is reading what this process keeps a copy of.
WAIT = Step("(wait)", sees=frozenset({MEMORY}))
# A copy of a client is dropped.
FORGET = Step("(forget)", shows=frozenset({MEMORY}))


@dataclass
class Reader:
    """Knows what one request has said so far, and so what its next statement means."""

    dialect: str
    writing: bool = False
    changed: set[str] = field(default_factory=set)

    def step(self, statement: str) -> Step:
        """Return the step that this statement is."""
        text = " ".join(statement.split())
        if text.startswith("BEGIN"):
            self.writing, self.changed = True, set()
            return Step(text)
        if text in ("COMMIT", "ROLLBACK"):
            changed, self.writing = frozenset(self.changed), False
            freed = frozenset({"(writer)"}) if self.dialect == "sqlite" else changed
            return Step(text, shows=changed | {MEMORY, ANSWER}, frees=freed)
        sees, changes = _footprint(text)
        self.changed |= changes
        # What follows a reading of what this process keeps copies of may be a new copy.
        reads = text.startswith("SELECT")
        shows = frozenset({MEMORY}) if reads and sees & _CACHED else NONE
        if not self.writing and changes:
            # Written at once, without a frame: it lasts from here on.
            freed = frozenset({"(writer)"}) if self.dialect == "sqlite" else changes
            return Step(text, sees, changes, shows | changes | {MEMORY, ANSWER}, freed)
        if not self.writing:
            return Step(text, sees, shows=shows)
        if self.dialect == "sqlite":
            # Behind BEGIN IMMEDIATE nobody else writes, and nobody sees what is not committed.
            return Step(text, shows=shows)
        return Step(text, sees, changes, shows)


def independent(one: Step, other: Step) -> bool:
    """Tell whether nobody can see in which order these two steps of two requests happened."""
    clash = one.shows & (other.sees | other.holds | other.shows)
    clash |= other.shows & (one.sees | one.holds)
    clash |= (one.holds | one.frees) & (other.holds | other.frees)
    return not clash


@cache
def _footprint(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return which tables a statement reads and which it changes, foreign keys followed."""
    mentioned = frozenset(_WORDS.findall(text)) - _NEVER_READ
    changed = frozenset(_TARGET.findall(text)) & frozenset(metadata.tables) - _NEVER_READ
    if "DELETE FROM" in text:
        changed |= _children(changed)
    parents = {key.column.table.name for t in changed for key in metadata.tables[t].foreign_keys}
    if text.startswith("INSERT") and "SELECT" not in text and "ON CONFLICT" not in text:
        mentioned -= changed
    return mentioned | parents, changed


def _children(tables: frozenset[str]) -> frozenset[str]:
    """Return the tables whose rows go with rows of these."""
    found = {
        table.name
        for table in metadata.tables.values()
        for key in table.foreign_keys
        if key.column.table.name in tables
    }
    return tables | _children(frozenset(found) - tables | NONE) if found - tables else tables
