"""Honest people: where, with what and when they sign in, and how all of that drifts."""

from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import exp, log
from random import Random

from idp.policy.risk import Features
from tests.population.world import (
    DAY,
    HOURS_FROM_UTC,
    WORLD,
    Agent,
    Choice,
    Network,
    address_in,
    an_agent,
)

BEGIN = datetime(2030, 2, 3, tzinfo=UTC)
DAYS = 390
# How many have signed in how often: 39.7 % once; median 2, then 4, 9 and 28 at 75, 90 and 99 %.
SIGN_INS = ((0.397, 1.0), (0.5, 2.0), (0.75, 4.0), (0.9, 9.0), (0.99, 28.0), (0.999, 90.0))
MOST_SIGN_INS = 200.0
_HOURS = Choice(range(24), DAY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How much people drift: what is free in this population, and was fitted (docs/risk.md)."""

    home_address_days: float = 120.0
    """Mean time until a home line has another address."""
    other_home_prefix: float = 0.5
    """Chance that it lies in another part of the same network."""
    on_the_move: float = 0.20
    """Mean share of sign-ins over a carrier instead of the home line."""
    at_work: float = 0.25
    vpn_users: float = 0.08
    travel_days: float = 700.0
    """Mean time between journeys."""
    elsewhere: float = 0.02
    """Chance of a network that is never seen again, a café, a friend's: for who comes often."""
    elsewhere_rarely: float = 0.10
    """The same for who comes once in a long while."""
    moves_days: float = 900.0
    """Mean time until somebody has another provider at home."""
    more_devices: float = 0.45
    borrowed: float = 0.015
    """Chance of somebody else's device."""
    new_phone_days: float = 600.0
    churning: float = 0.12
    """Share of people who seldom come the same way twice."""
    clears_cookies: float = 0.05
    loses_cookie: float = 0.004
    shared_pc: float = 0.04


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """One honest sign-in, with what only the simulation knows about it."""

    user: int
    at: datetime
    features: Features
    agent: Agent
    story: str
    credential: bool
    """Whether the browser brought a credential of this user's."""
    keeps_cookies: bool
    """Whether their browsers ever would."""


@dataclass(slots=True)
class Person:
    """Somebody, with everything that they come by."""

    number: int
    country: str
    home: Network
    carrier: Network
    work: Network | None
    vpn: Network | None
    devices: list[Agent]
    home_prefix: str
    home_address: str
    second_prefix: str
    work_address: str
    mobile_share: float
    work_share: float
    vpn_share: float
    dual_stack: bool
    churns: bool
    clears: bool
    shares_pc: bool
    peak: int
    with_credential: set[Agent] = field(default_factory=set)
    journey: tuple[Network, str, datetime] | None = None
    days_between: float = 0.0
    travels: bool = False


def how_many(random: Random) -> int:
    """Return how often somebody signs in over the whole time."""
    where = random.random()
    if where < SIGN_INS[0][0]:
        return 1
    marks = [share for share, _ in SIGN_INS] + [1.0]
    values = [count for _, count in SIGN_INS] + [MOST_SIGN_INS]
    upper = bisect(marks, where)
    part = (where - marks[upper - 1]) / (marks[upper] - marks[upper - 1])
    return round(exp(log(values[upper - 1]) * (1 - part) + log(values[upper]) * part))


def a_person(number: int, random: Random, habits: Habits) -> Person:
    country = WORLD.countries.draw(random)
    home = WORLD.homes[country].draw(random)
    prefix = home.prefix(random)
    devices = [an_agent(random)]
    while random.random() < habits.more_devices and len(devices) < 4:
        devices.append(an_agent(random, kind=random.choice(("desktop", "mobile"))))
    work = WORLD.homes[country].draw(random) if random.random() < 0.4 else None
    vpn_country = country if random.random() < 0.6 else WORLD.countries.draw(random)
    uses_vpn = random.random() < habits.vpn_users
    shape = habits.on_the_move / (1 - habits.on_the_move)
    return Person(
        number=number,
        country=country,
        home=home,
        carrier=WORLD.carriers[country].draw(random),
        work=work,
        vpn=WORLD.rented[vpn_country].draw(random) if uses_vpn else None,
        devices=devices,
        home_prefix=prefix,
        home_address=address_in(prefix, random),
        second_prefix=f"{prefix}v6",
        work_address=address_in(work.prefix(random), random) if work else "",
        # Most use one kind of line nearly always.
        mobile_share=random.betavariate(0.6 * shape, 0.6),
        work_share=random.betavariate(0.5, 1.0) * habits.at_work * 2 if work else 0.0,
        vpn_share=random.betavariate(0.8, 0.8) if uses_vpn else 0.0,
        dual_stack=random.random() < 0.35,
        churns=random.random() < habits.churning,
        clears=random.random() < habits.clears_cookies,
        shares_pc=random.random() < habits.shared_pc,
        peak=_HOURS.draw(random),
    )


def sign_ins_of(person: Person, random: Random, habits: Habits) -> Iterator[SignIn]:
    """Yield a person's sign-ins in their order."""
    count = how_many(random)
    began = random.random() * DAYS * 0.8
    span = (DAYS - began) * (0.3 + 0.7 * random.random())
    days = sorted(began + random.random() * span for _ in range(count))
    before = days[0]
    for day in days:
        _time_passes(person, day - before, random, habits)
        before = day
        at = _instant(person, int(day), random)
        yield _sign_in(person, at, random, habits)


def _instant(person: Person, day: int, random: Random) -> datetime:
    local = person.peak + random.gauss(0, 2) if random.random() < 0.5 else _HOURS.draw(random)
    utc = (local - HOURS_FROM_UTC.get(person.country, 2)) % 24
    return BEGIN + timedelta(days=day, hours=utc, minutes=random.randrange(60))


def _time_passes(person: Person, days: float, random: Random, habits: Habits) -> None:

    def happened(mean_days: float) -> bool:
        return random.random() > exp(-days / mean_days)

    if happened(habits.new_phone_days):
        which = random.randrange(len(person.devices))
        kind = person.devices[which].kind
        person.devices[which] = an_agent(random, kind=kind)
    if happened(habits.moves_days):
        person.home = WORLD.homes[person.country].draw(random)
        person.home_prefix = person.home.prefix(random)
        person.second_prefix = f"{person.home_prefix}v6"
        person.home_address = address_in(person.home_prefix, random)
    if happened(habits.home_address_days):
        if random.random() < habits.other_home_prefix:
            person.home_prefix = person.home.prefix(random)
        person.home_address = address_in(person.home_prefix, random)
    person.days_between = days
    person.travels = happened(habits.travel_days / (3 if person.churns else 1))
    if random.random() < habits.loses_cookie * min(days, 10):
        person.with_credential.clear()


def _sign_in(person: Person, at: datetime, random: Random, habits: Habits) -> SignIn:
    network, address, story = _place(person, at, random, habits)
    prefix = address.rpartition(".")[0]
    if person.churns and random.random() < 0.5:
        agent, known = an_agent(random), False
    elif random.random() < habits.borrowed:
        agent, known, story = an_agent(random), False, "borrowed"
    else:
        # The first device is the one that is used most.
        agent = person.devices[int(len(person.devices) * random.random() ** 2)]
        known = agent in person.with_credential
        if person.clears or (
            person.shares_pc and agent.kind == "desktop" and random.random() < 0.3
        ):
            known = False
        else:
            person.with_credential.add(agent)
    if not known and story in {"home", "carrier", "work"}:
        story = "new device"
    return SignIn(
        user=person.number,
        at=at,
        features=features_of(network, prefix, address, agent, at),
        agent=agent,
        story=story,
        credential=known,
        keeps_cookies=not person.clears,
    )


def features_of(
    network: Network, prefix: str, address: str, agent: Agent, at: datetime
) -> Features:
    kind, system, browser, version, whole = agent.on_day((at - BEGIN).days)
    return Features.of(
        at=at,
        address=address,
        prefix=prefix,
        asn=network.asn,
        country=network.country,
        user_agent=whole,
        browser=browser,
        version=version,
        system=system,
        device=kind,
    )


def _place(
    person: Person, at: datetime, random: Random, habits: Habits
) -> tuple[Network, str, str]:
    """Return from which network and address somebody comes, and why from there."""
    if person.journey and person.journey[2] < at:
        person.journey = None
    if person.journey is None and person.travels:
        network = WORLD.homes[WORLD.countries.draw(random)].draw(random)
        stay = timedelta(days=1 + random.expovariate(1 / 6))
        person.journey = (network, address_in(network.prefix(random), random), at + stay)
    if person.journey and random.random() < 0.7:
        return person.journey[0], person.journey[1], "travel"
    if person.vpn and random.random() < person.vpn_share:
        return person.vpn, address_in(person.vpn.prefix(random), random), "vpn"
    often = exp(-person.days_between / 20)
    elsewhere = habits.elsewhere * often + habits.elsewhere_rarely * (1 - often)
    if random.random() < elsewhere * (4 if person.churns else 1):
        network = WORLD.homes[person.country].draw(random)
        return network, address_in(network.prefix(random), random), "elsewhere"
    return _usual_place(person, random)


def _usual_place(person: Person, random: Random) -> tuple[Network, str, str]:
    if person.work and random.random() < person.work_share:
        return person.work, person.work_address, "work"
    if random.random() < person.mobile_share:
        return person.carrier, address_in(person.carrier.prefix(random), random), "carrier"
    if person.dual_stack and random.random() < 0.5:
        return person.home, f"{person.second_prefix}.0", "home"
    return person.home, person.home_address, "home"


def population(seed: int, size: int, habits: Habits | None = None) -> list[SignIn]:
    """Return every sign-in of so many people, in the order of time."""
    random = Random(seed)
    fitted = habits or Habits()
    everything = [
        each
        for number in range(size)
        for each in sign_ins_of(a_person(number, random, fitted), random, fitted)
    ]
    return sorted(everything, key=lambda each: (each.at, each.user))
