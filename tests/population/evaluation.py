"""The score at work on a population: everybody signs in by turns, and is attacked now and then."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from math import sqrt
from random import Random
from statistics import median
from typing import Any

from idp.policy.facts import Risk
from idp.policy.risk import Features, Signals, Usual, score
from idp.policy.risk.fading import FORGOTTEN_BELOW, faded, worth
from idp.policy.risk.habits import common_names, taught, teaches, usual_of
from idp.policy.risk.signals import TIME_TO_OBJECT
from idp.policy.terms import DeviceStanding, RiskLevel
from tests.population.attackers import KINDS, attack
from tests.population.freeman import Freeman
from tests.population.people import SignIn, population

# Who has no neighbours yet cannot be imitated by them.
WARM_UP = 300
# After so many days whoever got in once comes again.
RETURNS = (1, 8)
# Of those who are asked at high risk, so many say afterwards that it was them.
ANSWERS = 0.3
# In days: what nobody came with for long goes a batch at a time.
FORGETS_EVERY = 7


@dataclass(slots=True)
class Memory:
    """What the provider remembers of all people, as its tables do; what is common fades."""

    counters: dict[int, dict] = field(default_factory=dict)
    common: dict[tuple[str, str], tuple[float, int]] = field(default_factory=dict)
    confirmed: dict[int, set] = field(default_factory=lambda: defaultdict(set))
    known: dict[int, dict] = field(default_factory=lambda: defaultdict(dict))
    forgot_on: int = 0

    def usual(self, user: int, features: Features, at: datetime) -> Usual:
        return usual_of(self.counters.get(user, {}), features, self.common_of(features, at))

    def common_of(self, features: Features, at: datetime) -> dict[tuple[str, str], Any]:
        names = common_names(features)
        pairs = [*names, *((name, "") for name, _ in names)]
        return faded({pair: self.common[pair] for pair in pairs if pair in self.common}, at)

    def unopposed(self, each: SignIn, at: datetime) -> bool:
        """Tell whether the user had time to object to the browser of this sign-in."""
        first = self.known[each.user].get(each.agent)
        return first is not None and at - first >= TIME_TO_OBJECT

    def learn(self, each: SignIn, features: Features, weight: float) -> None:
        if weight <= 0:
            return
        day = each.at.toordinal()
        self.counters[each.user] = taught(self.counters.get(each.user, {}), features, weight, day)
        weight *= worth(each.at)
        for name, value in common_names(features):
            before, _ = self.common.get((name, value), (0.0, 0))
            everything, kinds = self.common.get((name, ""), (0.0, 0))
            self.common[name, value] = (before + weight, 0)
            self.common[name, ""] = (everything + weight, kinds + (not before))
        if day - self.forgot_on >= FORGETS_EVERY:
            self._forget(FORGOTTEN_BELOW * worth(each.at))
            self.forgot_on = day

    def _forget(self, below: float) -> None:
        light = [pair for pair, (weight, _) in self.common.items() if pair[1] and weight < below]
        for name, value in light:
            weight, _ = self.common.pop((name, value))
            everything, kinds = self.common[name, ""]
            self.common[name, ""] = (everything - weight, kinds - 1)


@dataclass(slots=True)
class Scored:
    """One scored attempt."""

    user: int
    history: int
    points: float
    level: RiskLevel
    story: str
    standing: DeviceStanding
    keeps_cookies: bool
    risk: Risk


@dataclass(slots=True)
class Outcome:
    """Everything that was scored."""

    honest: list[Scored] = field(default_factory=list)
    attacks: dict[str, list[Scored]] = field(default_factory=lambda: defaultdict(list))
    returns: dict[tuple[str, int], list[Scored]] = field(default_factory=lambda: defaultdict(list))

    def threshold(self, kind: str, detection: float) -> float:
        """Return the threshold that this share of the attacks reaches."""
        points = sorted(each.points for each in self.attacks[kind])
        return points[int(len(points) * (1 - detection))]

    def asked_of_first(self, threshold: float, count: int) -> float | None:
        """Return the median number of challenges in the first so many sign-ins of a user."""
        asked = [
            sum(each.points >= threshold for each in own[: count - 1])
            for own in self.by_user().values()
            if len(own) >= count - 1
        ]
        return median(asked) if asked else None

    def by_user(self) -> dict[int, list[Scored]]:
        users: dict[int, list[Scored]] = defaultdict(list)
        for each in self.honest:
            users[each.user].append(each)
        return users

    def asked(self, threshold: float) -> "Share":
        return Share.of(self.honest, lambda each: each.points >= threshold)


@dataclass(frozen=True, slots=True)
class Share:
    """A share of some cases, with its 95 % interval (Wilson)."""

    count: int
    of_all: int

    @classmethod
    def of(cls, cases: list, holds: Callable) -> "Share":
        return cls(sum(map(holds, cases)), len(cases))

    @property
    def value(self) -> float:
        return self.count / self.of_all if self.of_all else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        if not self.of_all:
            return 0.0, 1.0
        z, n, p = 1.96, self.of_all, self.value
        middle = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
        return max(middle - half, 0.0), min(middle + half, 1.0)

    def __str__(self) -> str:
        low, high = self.interval
        return f"{100 * self.value:.2f} % ({100 * low:.2f} to {100 * high:.2f})"


def evaluate(
    seed: int, size: int, *, devices: bool, attacked: float = 0.3, people: list | None = None
) -> Outcome:
    """Let a population sign in, and score every sign-in and some attacks before it.

    Args:
        seed: of population and attackers.
        size: how many people.
        devices: whether browsers keep the device credential; else nobody ever brings one.
        attacked: the share of sign-ins at which one attacker of each kind tries as well.
        people: the population, where it is made already.
    """
    everything = population(seed, size) if people is None else people
    random = Random(seed + 1)
    memory, outcome = Memory(), Outcome()
    histories: dict[int, int] = defaultdict(int)
    for position, each in enumerate(everything):
        history = histories[each.user]
        mine = scored(memory, each, history, devices=devices)
        if history:
            outcome.honest.append(mine)
            if position > WARM_UP and random.random() < attacked:
                past = everything if position > 2000 else everything[:position]
                for kind in KINDS:
                    attempt = attack(kind, each, past, random)
                    tried = scored(memory, attempt, history, devices=devices)
                    outcome.attacks[kind].append(tried)
                    for days in RETURNS if devices else ():
                        again = comes_again(memory, attempt, tried, days)
                        outcome.returns[kind, days].append(again)
        remember(memory, each, mine, random, devices=devices)
        histories[each.user] += 1
    return outcome


def scored(memory: Memory, each: SignIn, history: int, *, devices: bool) -> Scored:
    known = devices and each.credential and each.agent in memory.known[each.user]
    features = replace(each.features, known_device=known)
    signals = Signals(
        device=DeviceStanding.KNOWN if known else DeviceStanding.NEW,
        device_confirmed=each.agent in memory.confirmed[each.user],
        device_unopposed=memory.unopposed(each, each.at),
    )
    return rated(
        each, history, signals, score(features, memory.usual(each.user, features, each.at), signals)
    )


def rated(each: SignIn, history: int, signals: Signals, risk: Risk) -> Scored:
    return Scored(
        user=each.user,
        history=history,
        points=risk.score,
        level=risk.level,
        story=each.story,
        standing=signals.device,
        keeps_cookies=each.keeps_cookies,
        risk=risk,
    )


def comes_again(memory: Memory, attempt: SignIn, tried: Scored, days: int) -> Scored:
    """Score the second visit, after so many days, of an attacker who got in at the first.

    The password was all that they had, and all that could be asked. They come from the same place
    in the same browser, which has a credential by now, and the user was not there since.
    """
    before, learned = memory.counters.get(attempt.user, {}), teaches(tried.level)
    day = attempt.at.toordinal()
    counters = taught(before, attempt.features, learned, day) if learned else before
    features = replace(attempt.features, known_device=True)
    signals = Signals(
        device=DeviceStanding.KNOWN,
        device_unopposed=timedelta(days=days) >= TIME_TO_OBJECT,
    )
    later = attempt.at + timedelta(days=days)
    usual = usual_of(counters, features, memory.common_of(features, later))
    return rated(attempt, tried.history, signals, score(features, usual, signals))


def remember(memory: Memory, each: SignIn, seen: Scored, random: Random, *, devices: bool) -> None:
    """Learn from an honest success: whoever was asked showed a code, and some said it was them."""
    weight = teaches(seen.level, "mfa" if seen.level else "sfa")
    if seen.level is RiskLevel.HIGH and random.random() < ANSWERS:
        weight = 1.0
        memory.confirmed[each.user].add(each.agent)
    known = seen.standing is not DeviceStanding.NEW
    memory.learn(each, replace(each.features, known_device=known), weight)
    if devices:
        memory.known[each.user].setdefault(each.agent, each.at)
        if known and seen.level is RiskLevel.LOW:
            memory.confirmed[each.user].add(each.agent)


def evaluate_freeman(
    seed: int, size: int, *, attacked: float = 0.3, people: list | None = None
) -> Outcome:
    """The same for the plain score of Freeman et al."""
    everything = population(seed, size) if people is None else people
    random = Random(seed + 1)
    model, outcome = Freeman(), Outcome()
    histories: dict[int, int] = defaultdict(int)

    def judged(each: SignIn, history: int) -> Scored:
        points = model.score(each.user, each.features)
        return rated(each, history, Signals(), Risk(level=RiskLevel.LOW, score=points))

    for position, each in enumerate(everything):
        history = histories[each.user]
        if history:
            outcome.honest.append(judged(each, history))
            if position > WARM_UP and random.random() < attacked:
                past = everything if position > 2000 else everything[:position]
                for kind in KINDS:
                    attempt = attack(kind, each, past, random)
                    outcome.attacks[kind].append(judged(attempt, history))
        model.learn(each.user, each.features)
        histories[each.user] += 1
    return outcome
