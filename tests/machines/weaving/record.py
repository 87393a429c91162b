"""What is known about one run, for the oracle to judge."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.machines.weaving.operation import NONE, Operation, Outcome
from tests.machines.weaving.scene import Row, Rows, Scene
from tests.machines.weaving.scheduler import Schedule

RETRIES = frozenset({"retry", "retry offline"})
REFRESHES = RETRIES | {"refresh", "refresh offline", "other client"}
# Events by what comes before the dot, and where they name the row; others name a client.
_KEYS = {
    "grant": "grant_id",
    "refresh_token": "grant_id",
    "key": "kid",
    "access_token": "jti",
}


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

    @property
    def ends(self) -> frozenset[str]:
        """What nothing is accepted of once it has answered; a job may find nothing to end."""
        told = self.outcome.body if self.outcome is not None else {}
        return self.operation.ends if told.get("ended", True) else NONE

    @property
    def stops(self) -> frozenset[str]:
        """What nothing is accepted of until there is a new proof; nothing, if it was too late."""
        return self.operation.stops if self.won else NONE

    @property
    def proves(self) -> bool:
        """Whether the session has another secret from then on."""
        return self.operation.proves and self.won

    @property
    def brought(self) -> dict[str, str]:
        """What it was given."""
        return dict(self.outcome.body) if self.won and self.outcome is not None else {}


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
    proved: dict[str, "Probed"] = field(default_factory=dict)
    then: dict[str, Outcome] = field(default_factory=dict)

    @property
    def ended(self) -> frozenset[str]:
        """The families that somebody ended."""
        ends = [done.ends for done in self.done if not done.struck and self.acted(done)]
        return NONE.union(*ends, *(done.operation.ends for done in self.left)) | self.reused

    @property
    def left(self) -> list[Done]:
        """The jobs that left the session alone although its time is up: another held it."""
        row = self.after.tables["sessions"].get(self.scene.sid)
        return [
            done
            for done in self.done
            if done.outcome and not done.outcome.body.get("ended", True)
            if (until := done.outcome.body.get("until")) and row and row["idle_until"] <= until
        ]

    @property
    def stopped(self) -> frozenset[str]:
        """What is good for nothing until it is proved anew."""
        if any(done.proves and done.operation.anew for done in self.done):
            return NONE
        done = [each for each in self.done if not each.struck and self.acted(each)]
        return NONE.union(*(each.stops for each in done))

    def acted(self, done: Done) -> bool:
        """Tell whether it found the session: nobody knows of a secret that was replaced.

        Where there was such a proof, the row says which of them was first.
        """
        if not done.operation.by_secret or not any(each.proves for each in self.done):
            return True
        row = self.after.tables["sessions"][self.scene.sid]
        return bool(row["ended_at"] if done.operation.ends else row["challenged_at"])

    @property
    def secret(self) -> str:
        """What the browser shows by now."""
        given = [done.brought["secret"] for done in self.done if done.proves]
        return given[-1] if given else self.scene.secret

    @property
    def voided(self) -> frozenset[str]:
        """The families whose newest access token was given back."""
        return NONE.union(*(d.operation.voids for d in self.done if not d.struck))

    @property
    def reused(self) -> set[str]:
        """The families that ended because an old refresh token was shown."""
        found = {about(e) for e in self.events if e.name == "refresh_token.reused"}
        return {name for name, family in self.scene.families.items() if family.grant_id in found}

    def changes(self, table: str) -> Iterator[tuple[str, Row | None, Row | None]]:
        """Give key, row before and row after, of every row that changed, came or went."""
        old, new = self.before.tables[table], self.after.tables[table]
        for key in old.keys() | new.keys():
            if old.get(key) != new.get(key):
                yield key, old.get(key), new.get(key)


@dataclass
class Probed:
    """What was still accepted of a family when all was over: descriptions of what was shown.

    `voided` is of these what accepted an access token that had been given back.
    """

    accepted: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    voided: list[str] = field(default_factory=list)

    def note(self, what: str, accepted: bool) -> None:  # noqa: FBT001 - how it was received
        """Remember what was shown and how it was received."""
        (self.accepted if accepted else self.refused).append(what)


def about(event: Any) -> str:
    """Return the key of the row that an event tells of."""
    room = event.name.partition(".")[0]
    if room in _KEYS:
        return str(event.data[_KEYS[room]])
    return str({"session": event.sid, "user": event.user_id}.get(room, event.client_id))
