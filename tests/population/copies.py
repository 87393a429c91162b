"""All cookies copied, the same browser, the same network: when owner and thief both go on.

Turns go through the shipped rule. How people use a session is assumed, not measured: a day of
stretches of work and pauses, and a request of ours every few minutes of work.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from statistics import median

from idp.policy.turns import Held, Turn, after, is_behind
from tests.population.evaluation import Share

MINUTE = timedelta(minutes=1)
MORNING, DAY = datetime(2026, 3, 2, 9, tzinfo=UTC), timedelta(hours=8)
STRETCH, PAUSE, BETWEEN = 45, 40, 6
ANSWERS_LOST = 0.01
OWNER, THIEF = "owner", "thief"
# When the thief begins after copying, how often they come, and for how long: minutes.
THEFTS = {
    "once, a minute after copying": (1, None, 0),
    "once, an hour after copying": (60, None, 0),
    "every minute for a quarter of an hour": (1, 1, 15),
    "every minute from then on": (1, 1, 480),
    "every half hour from then on": (1, 30, 480),
}


@dataclass(frozen=True, slots=True)
class Found:
    """When a copy was found, counted from its first use; None: it was not, while its owner was up.

    `at_once` says that the first use itself was stopped.
    """

    after: timedelta | None
    at_once: bool = False


def owners_day(random: Random) -> Iterator[timedelta]:
    """Give the instants at which somebody's browser comes to us in a day."""
    now = timedelta(0)
    while now < DAY:
        until = now + random.expovariate(1 / STRETCH) * MINUTE
        while now < until:
            yield now
            now += random.expovariate(1 / BETWEEN) * MINUTE
        now += random.expovariate(1 / PAUSE) * MINUTE


def thiefs_day(copied: timedelta, theft: str) -> Iterator[timedelta]:
    """Give the instants at which the copy is used."""
    begins, every, lasts = THEFTS[theft]
    for number in range(lasts // every + 1 if every else 1):
        yield copied + (begins + number * (every or 0)) * MINUTE


def honest_day(random: Random) -> bool:
    """Tell whether somebody without a thief is taken for a copy in a day."""
    return _lived(random, [(at, OWNER) for at in owners_day(random)], None) is not None


def stolen_day(random: Random, theft: str) -> Found:
    """Return when a copy is found that was taken at some instant of a working day."""
    uses = [(at, OWNER) for at in owners_day(random)]
    copied = random.choice(uses)[0]
    thefts = [(at, THIEF) for at in thiefs_day(copied, theft)]
    found = _lived(random, sorted(uses + thefts), copied)
    first = thefts[0][0]
    return Found(None if found is None else found - first, found == first)


def _lived(
    random: Random, uses: list[tuple[timedelta, str]], copied: timedelta | None
) -> timedelta | None:
    turn, jars, taken = Turn(0, MORNING, kept=False), {OWNER: Held(), THIEF: Held()}, False
    for at, who in uses:
        if not taken and copied is not None and at > copied:
            jars[THIEF], taken = jars[OWNER], True
        if is_behind(turn, jars[who]):
            return at
        turn = after(turn, jars[who], MORNING + at)
        given = turn.number > jars[who].number
        if random.random() >= ANSWERS_LOST and given:
            jars[who] = Held(turn.number, MORNING + at)
    return None


def rows(seed: int, days: int) -> list[tuple[str, str, Share, str]]:
    """Return for each way to use a copy: found at its first use, found at all, and how soon."""
    random, told = Random(seed), []
    for theft in THEFTS:
        found = [stolen_day(random, theft) for _ in range(days)]
        waits = sorted(each.after / MINUTE for each in found if each.after is not None)
        told.append(
            (
                theft,
                Share.of(found, lambda each: each.at_once),
                Share.of(found, lambda each: each.after is not None),
                f"{median(waits):.0f} / {waits[int(0.9 * len(waits))]:.0f}" if waits else "",
            )
        )
    return told


def honest(seed: int, days: int) -> Share:
    """Return how many honest days had somebody taken for a copy."""
    random = Random(seed)
    return Share.of([honest_day(random) for _ in range(days)], bool)
