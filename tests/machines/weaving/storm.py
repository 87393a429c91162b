"""Many tabs of one client refresh at once; answers get lost, requests arrive twice; and a thief.

The tabs share a storage, as tabs do. A tab whose access token is old takes the refresh token from
there, unless another tab has put fresh tokens there meanwhile; what it receives it stores, whatever
the storage holds by then. A lost answer is asked for again, and a request that a proxy sends twice
arrives a few seconds later, both long before the new access token is old.
"""

import random
from dataclasses import dataclass, field
from functools import partial

from tests.app import RelyingParty
from tests.machines.weaving.exploring import at_random
from tests.machines.weaving.scene import Family, Scene
from tests.machines.weaving.scheduler import Task
from tests.machines.weaving.stage import Stage

ROUNDS = 2
TABS = (2, 20)
KINDS = ("family", "public", "stolen")  # of a confidential client; of a public one; with a thief
_LOST, _TWICE = 0.3, 0.1
_ROUND_SECONDS = 290
_LATE_SECONDS = 4  # within the leeway
_THIEF_SECONDS = 60


@dataclass
class Storage:
    """What the tabs of an application share."""

    refresh: str
    access: str
    round: int = 0


@dataclass
class Storm:
    """One trial; `wrong` says what should not have been, a sentence each."""

    stage: Stage
    kind: str
    seed: str
    requests: int = 0
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        self.scene: Scene = self.stage.scene()
        name = "public" if self.kind == "stolen" else self.kind
        self.family: Family = self.scene.families[name]
        self.storage = Storage(self.family.refresh[-1], self.family.access[-1])
        self.before = self.scene.rows()
        self.late: list[str] = []
        self.stolen: str | None = None

    def run(self) -> list[str]:
        """Let rounds go by; return what was wrong."""
        theft = self.dice.randint(1, ROUNDS) if self.kind == "stolen" else 0
        for number in range(1, ROUNDS + (2 if theft else 0) + 1):
            if number == theft:
                self.stolen = self.storage.refresh
                if self.dice.random() < 0.5:  # before the owner, or after
                    self._thief_tries()
            self._round(number)
            self._pass(_THIEF_SECONDS)
            if theft and number >= theft:
                self._thief_tries()
            self._pass(_ROUND_SECONDS - _THIEF_SECONDS)
        self._check_what_is_left(robbed=bool(theft))
        return self.wrong

    @property
    def party(self) -> RelyingParty:
        """The client."""
        return self.family.party

    def _round(self, number: int) -> None:
        tabs = self.dice.randint(*TABS)
        acts = [partial(self._tab, number, self.dice.random() < _LOST) for _ in range(tabs)]
        tasks = [Task(f"tab {tab}", act, self.stage.dialect) for tab, act in enumerate(acts)]
        schedule = self.stage.scheduler.run(tasks, at_random(f"{self.seed} {number}"))
        if schedule.deadlock:
            self.wrong.append("deadlock")
        self.wrong += [f"{task.name} raised {task.error!r}" for task in tasks if task.error]
        while self.storage.round < number and not self._robbed():
            # Every answer was lost; one tab asks again.
            self._tab(number, lost=self.dice.random() < _LOST)
        self._pass(_LATE_SECONDS)
        for token in self.late:
            self._ask(token)
        self.late.clear()

    def _tab(self, number: int, lost: bool) -> None:  # noqa: FBT001 - what becomes of the answer
        if self.storage.round == number:
            return
        token = self.storage.refresh
        answer = self._ask(token)
        if self.dice.random() < _TWICE:
            self.late.append(token)
        if answer and not lost:
            self.storage.refresh = answer["refresh_token"]
            self.storage.access = answer["access_token"]
            self.storage.round = number

    def _ask(self, token: str) -> dict[str, str] | None:
        self.requests += 1
        response = self.party.token(grant_type="refresh_token", refresh_token=token)
        if response.status_code == 200:
            return dict(response.get_json())
        if response.status_code != 400:
            self.wrong.append(f"a refresh answered {response.status_code}")
        elif self.stolen is None:
            self.wrong.append("an honest client was refused")
        return None

    def _thief_tries(self) -> None:
        if self.stolen is not None and (answer := self._ask(self.stolen)):
            self.stolen = answer["refresh_token"]

    def _robbed(self) -> bool:
        return self.stolen is not None

    def _pass(self, seconds: float) -> None:
        self.stage.provider.clock.forward(seconds=seconds)

    def _check_what_is_left(self, *, robbed: bool) -> None:
        events = self.scene.events_since(self.before)
        names = [e.name for e in events if e.data.get("grant_id") == self.family.grant_id]
        reused = names.count("refresh_token.reused")
        tokens = {self.storage.refresh, self.stolen or self.storage.refresh}
        self._check(reused == robbed, f"the reuse of an old token was noticed {reused} times")
        if not robbed:
            rotated = names.count("refresh_token.rotated")
            self._check(rotated == ROUNDS, f"{rotated} rotations in {ROUNDS} rounds")
            return
        for token in tokens:
            self._check(self._ask(token) is None, "a refresh token outlived the theft")
        self._check(
            self.party.userinfo(self.storage.access).status_code == 401,
            "an access token outlived the theft",
        )

    def _check(self, holds: bool, otherwise: str) -> None:  # noqa: FBT001 - an assertion
        if not holds:
            self.wrong.append(otherwise)


def storms(stage: Stage, seeds: list[str]) -> tuple[int, list[str]]:
    """Run a trial per seed, of each kind in turn; return requests made, and what was wrong."""
    requests, wrong = 0, list[str]()
    for number, seed in enumerate(seeds):
        storm = Storm(stage, KINDS[number % len(KINDS)], seed)
        wrong += [f"{seed} ({storm.kind}): {said}" for said in storm.run()]
        requests += storm.requests
    return requests, wrong
