"""What a sign-in teaches: counters per level, few enough to be read with every request.

Only who got in teaches anything, and the more a sign-in looked like the user's the more it does: an
attacker who got in once must not look usual from then on.
"""

from collections.abc import Mapping
from typing import Any

from idp.policy.acr import satisfies
from idp.policy.risk.features import COMMON, CREDENTIAL, Features
from idp.policy.risk.usual import Count, Usual
from idp.policy.terms import RiskLevel

# value → [weight, the day it was seen last, what it gained on that day]
Entry = list[float]
Counters = Mapping[str, Mapping[str, Entry]]

LOW_TEACHES, ASKED_TEACHES, ELEVATED_TEACHES = 1.0, 0.75, 0.5
# Who showed a code as well is less likely a thief of passwords, but may be one of codes.
# A proof that cannot be phished confirms itself: what was risky teaches like the level below.
PROVED_BY = "phr"
# A day's repeats of a value together teach a quarter of the first.
DAY_TEACHES = 1.25
# Of so much experience the older half is forgotten: who moved is at home in the new place in time.
MOST_LEARNED = 64.0
FORGOTTEN_BELOW = 0.1
MOST_VALUES = {"address": 24, "agent": 16}
MOST_VALUES_ELSEWHERE = 12
# What fell out of a list still counts as experience, under no value's name.
EVICTED = ""


def teaches(level: RiskLevel, acr: str = "sfa") -> float:
    """Return how much a successful sign-in teaches: at high risk nothing, until it is confirmed."""
    proved, asked = satisfies(acr, PROVED_BY), satisfies(acr, "mfa")
    if level is RiskLevel.LOW or (level is RiskLevel.ELEVATED and proved):
        return LOW_TEACHES
    if level is RiskLevel.ELEVATED:
        return ASKED_TEACHES if asked else ELEVATED_TEACHES
    return ELEVATED_TEACHES if proved else 0.0


def taught(counters: Counters, features: Features, weight: float, day: int) -> dict[str, Any]:
    """Return the counters after a sign-in on this day that teaches this much.

    Who comes first is taken for the owner: there is nothing that they could be unlike.
    """
    weight = weight if counters else LOW_TEACHES
    after = {level: dict(kept) for level, kept in counters.items()}
    for level, value in features.values().items():
        if level == CREDENTIAL and not counters:
            # Nobody can bring a credential at first: that tells nothing about them.
            continue
        kept = after.get(level, {})
        before, last_day, today = kept.get(value, (0.0, day, 0.0))
        if last_day != day:
            today = 0.0
        lesson = _lesson(level, weight)
        gained = max(lesson - today, (DAY_TEACHES * lesson - today) / 2, 0.0)
        entry = [round(before + gained, 4), day, round(today + gained, 4)]
        after[level] = _kept_small(kept | {value: entry}, value, level)
    return after


def _lesson(level: str, weight: float) -> float:
    """Return what a sign-in teaches of a level.

    Whether a browser keeps its credential is learned at once from whoever was let in: someone whose
    browser forgets would else be asked for months. It makes nobody calm who ever brings one.
    """
    return LOW_TEACHES if level == CREDENTIAL and weight > 0 else weight


def taught_more(counters: Counters, features: Features, weight: float, day: int) -> dict[str, Any]:
    """Return the counters after a sign-in of that day teaches more than it did at once."""
    after = {level: dict(kept) for level, kept in counters.items()}
    for level, value in features.values().items():
        kept = after.get(level, {})
        before, last_day, today = kept.get(value, (0.0, day, 0.0))
        entry = [round(before + weight, 4), max(last_day, day), today]
        after[level] = _kept_small(kept | {value: entry}, value, level)
    return after


def untaught(counters: Counters, features: Features, weight: float) -> dict[str, Any]:
    """Return the counters without what a sign-in with these features taught."""
    after = {level: dict(kept) for level, kept in counters.items()}
    for level, value in features.values().items():
        kept = after.get(level, {})
        if value in kept:
            before, day, today = kept[value]
            left = round(before - weight, 4)
            if left > 0:
                kept[value] = [left, day, max(today - weight, 0.0)]
            else:
                del kept[value]
    return after


def learned(counters: Counters) -> float:
    """Return how many sign-ins, weighted, the counters were learned from."""
    levels = (kept for level, kept in counters.items() if level != CREDENTIAL)
    return max(map(_sum, levels), default=0.0)


def _sum(kept: Mapping[str, Entry]) -> float:
    return sum(entry[0] for entry in kept.values())


def _kept_small(kept: dict[str, Entry], newest: str, level: str) -> dict[str, Entry]:
    if _sum(kept) > MOST_LEARNED:
        kept = {
            name: [round(entry[0] / 2, 4), entry[1], entry[2]]
            for name, entry in kept.items()
            if entry[0] / 2 >= FORGOTTEN_BELOW or name == newest
        }
    return _bounded(kept, newest, MOST_VALUES.get(level, MOST_VALUES_ELSEWHERE))


def _bounded(kept: dict[str, Entry], newest: str, most: int) -> dict[str, Entry]:
    """Return at most so many values: the least used goes first, of these the oldest."""
    named = [name for name in kept if name not in {EVICTED, newest}]
    surplus = len(named) + 1 - most
    if surplus <= 0:
        return kept
    gone = sorted(named, key=lambda name: (kept[name][0], kept[name][1], name))[:surplus]
    lost = sum(kept[name][0] for name in gone)
    after = {name: entry for name, entry in kept.items() if name not in gone}
    rest = after.get(EVICTED, [0.0, 0, 0.0])[0] + lost
    return after | {EVICTED: [round(rest, 4), 0, 0.0]}


def usual_of(
    counters: Counters, features: Features, common: Mapping[tuple[str, str], tuple[float, int]]
) -> Usual:
    """Return what is usual for these features.

    Args:
        counters: the user's.
        features: the request's.
        common: (level, value) → weight over all users, and of the sum (value: empty) the kinds.
    """
    counts = {}
    for level, value in features.values().items():
        kept = counters.get(level, {})
        everything, kinds = common.get((level, ""), (0.0, 0))
        counts[level] = Count(
            own=kept[value][0] if value in kept else 0.0,
            own_all=_sum(kept),
            common=common.get((level, value), (0.0, 0))[0],
            common_all=everything,
            kinds=kinds,
        )
    return Usual(learned=learned(counters), counts=counts)


def common_names(features: Features) -> list[tuple[str, str]]:
    """Return the (level, value) pairs that are counted over all users."""
    values = features.values()
    return [(name, values[name]) for name in COMMON if name in values]
