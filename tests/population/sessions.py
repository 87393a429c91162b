"""What happens to sessions while they live: to honest ones all day, to stolen ones once.

Each step goes through the shipped code: what changed, the score, and the policy that is built in.
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random

from idp.policy.built_in import built_in
from idp.policy.changes import Sight, changes_between
from idp.policy.facts import Facts
from idp.policy.judge import judge
from idp.policy.risk import Signals, score
from idp.policy.terms import DeviceStanding, Moment, Outcome
from idp.settings import Settings
from tests.population.evaluation import Memory, Share, remember, scored
from tests.population.people import (
    Habits,
    Person,
    SignIn,
    a_person,
    features_of,
    sign_ins_of,
)
from tests.population.world import WORLD, Agent, Network, address_in, an_agent

POLICY = built_in(Settings())
# What happens in a session, and in how many of them. These are assumptions, not measurements:
# towards the many rather than the few.
HAPPENS = {
    "to the mobile network and back": 0.35,
    "VPN on, and off again": 0.08,
    "browser updated": 0.03,
    "desktop site asked for": 0.01,
    "other address family": 0.15,
    "private relay": 0.05,
    "another office": 0.03,
    "journey": 0.01,
    "desktop site asked for, and on the move": 0.002,
    "cookies but one lost": 0.0005,
}
# What the thief has, and where they are.
THEFTS = (
    "all cookies, other network, other browser",
    "session cookie, other network, same browser",
    "session cookie, same network, same browser",
    "all cookies, other network, same browser",
    "all cookies, same network, other browser",
    "all cookies, same network, same browser",
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a session is used, and by what."""

    network: Network
    address: str
    agent: Agent
    device_id: str | None
    family: str

    def moved(self, network: Network, address: str) -> "Place":
        return replace(self, network=network, address=address)

    def sight(self, at: datetime) -> Sight:
        return Sight(
            network=self.network.asn,
            country=self.network.country,
            browser=self.family,
            at=at,
            device_id=self.device_id,
        )


@dataclass(slots=True)
class Outcomes:
    """What became of sessions."""

    honest: list[Outcome] = field(default_factory=list)
    because: Counter = field(default_factory=Counter)
    stolen: dict[str, list[Outcome]] = field(
        default_factory=lambda: {theft: [] for theft in THEFTS}
    )

    def ended(self) -> Share:
        return Share.of(self.honest, lambda each: each in {Outcome.END, Outcome.REFUSE})

    def asked(self) -> Share:
        return Share.of(self.honest, lambda each: each in {Outcome.ASK_FACTOR, Outcome.ASK_AGAIN})

    def stopped(self, theft: str) -> Share:
        return Share.of(
            self.stolen[theft], lambda each: each.severity >= Outcome.ASK_FACTOR.severity
        )


def live_through(seed: int, people: int) -> Outcomes:
    """Let so many people sign in and live through a session at each of their later sign-ins."""
    random, memory, outcomes = Random(seed), Memory(), Outcomes()
    for person, history, each in _by_time(random, people):
        opened = scored(memory, each, history, devices=True)
        remember(memory, each, opened, random, devices=True)
        # A browser that keeps no cookies keeps no session either.
        if history and each.keeps_cookies:
            acr = "mfa" if opened.level or random.random() < 0.3 else "sfa"
            here = _place_of(each)
            outcomes.honest.append(
                _worst(memory, each, acr, _honest_day(person, here, random), outcomes.because)
            )
            for theft in THEFTS:
                there = _stolen(theft, here, random)
                # The owner comes back after the thief.
                outcomes.stolen[theft].append(
                    _worst(memory, each, acr, [here, there, here], Counter())
                )
    return outcomes


def _by_time(random: Random, people: int) -> list[tuple[Person, int, SignIn]]:
    """Return who signs in, with how many sign-ins before, how: as it happens."""
    everybody = [a_person(number, random, Habits()) for number in range(people)]
    everything = [
        (person, history, each)
        for person in everybody
        for history, each in enumerate(sign_ins_of(person, random, Habits()))
    ]
    return sorted(everything, key=lambda it: (it[2].at, it[2].user))


def _place_of(each: SignIn) -> Place:
    features = each.features
    network = Network(features.asn, features.country, 40)
    return Place(network, features.address, each.agent, "theirs", _family(each.agent))


def _family(agent: Agent) -> str:
    return f"{agent.browser} on {agent.system}"


def _honest_day(person: Person, here: Place, random: Random) -> list[Place]:
    """Return where an honest session is used, one after the other."""
    seen = [here]
    for name, share in HAPPENS.items():
        if random.random() < share:
            seen += _happening(name, person, here, random)
    return seen


def _happening(name: str, person: Person, here: Place, random: Random) -> list[Place]:
    carrier = here.moved(person.carrier, address_in(person.carrier.prefix(random), random))
    other = replace(here, family="Safari on macOS")
    if name == "VPN on, and off again":
        country = person.country if random.random() < 0.6 else WORLD.countries.draw(random)
        vpn = person.vpn or WORLD.rented[country].draw(random)
        return [here.moved(vpn, address_in(vpn.prefix(random), random)), here]
    if name in {"private relay", "another office"}:
        exits = WORLD.rented[person.country].draw(random)
        return [here.moved(exits, address_in(exits.prefix(random), random)), here]
    if name == "journey":
        network = WORLD.homes[WORLD.countries.draw(random)].draw(random)
        return [here.moved(network, address_in(network.prefix(random), random))]
    return {
        "to the mobile network and back": [carrier, here],
        "browser updated": [replace(here, agent=replace(here.agent, behind=here.agent.behind - 1))],
        "desktop site asked for": [other, here],
        "other address family": [here.moved(here.network, f"{here.address}v6.0"), here],
        "desktop site asked for, and on the move": [
            replace(other, network=carrier.network, address=carrier.address)
        ],
        "cookies but one lost": [replace(here, device_id=None)],
    }[name]


def _stolen(theft: str, here: Place, random: Random) -> Place:
    """Return where and by what a stolen cookie is used."""
    has, where, browser = theft.split(", ")
    there = here
    if where == "other network":
        network = WORLD.homes[here.network.country].draw(random)
        while network.asn == here.network.asn:
            network = WORLD.homes[WORLD.countries.draw(random)].draw(random)
        there = there.moved(network, address_in(network.prefix(random), random))
    if browser == "other browser":
        agent = an_agent(random)
        while _family(agent) == here.family:
            agent = an_agent(random)
        there = replace(there, agent=agent, family=_family(agent))
    return there if has == "all cookies" else replace(there, device_id=None)


def _worst(memory: Memory, each: SignIn, acr: str, seen: list[Place], because: Counter) -> Outcome:
    """Return the most that is said of a session while it is used at these places by turns."""
    worst, earlier, before, at = Outcome.ALLOW, None, seen[0], each.at
    for now in seen[1:]:
        at += timedelta(minutes=40)
        # Nothing is judged as long as nothing changed.
        if now == before:
            continue
        rule, outcome = _judged(
            memory, each, acr=acr, before=before, now=now, earlier=earlier, at=at
        )
        if outcome.severity > worst.severity:
            worst = outcome
            because[rule] += 1
        earlier, before = before, now
    return worst


def _judged(
    memory: Memory,
    each: SignIn,
    *,
    acr: str,
    before: Place,
    now: Place,
    earlier: Place | None,
    at: datetime,
) -> tuple[str, Outcome]:
    prefix = now.address.rpartition(".")[0]
    known = now.device_id is not None
    features = features_of(now.network, prefix, now.address, now.agent, at)
    features = replace(features, known_device=known)
    changes = changes_between(
        before.sight(at - timedelta(minutes=20)),
        now.sight(at),
        earlier=earlier.sight(at - timedelta(minutes=40)) if earlier else None,
    )
    standing = DeviceStanding.KNOWN if known else DeviceStanding.NEW
    signals = Signals(
        device=standing,
        device_confirmed=each.agent in memory.confirmed[each.user],
        device_unopposed=memory.unopposed(each, at),
        device_differs=known and now.family != _family(each.agent),
        acr=acr,
    )
    risk = score(features, memory.usual(each.user, features, at), signals)
    judgement = judge(
        POLICY,
        Facts(
            moment=Moment.AUTHORIZE,
            device=standing,
            acr=acr,
            second_step_owned=True,
            risk=risk.level,
            changes=changes,
            network=now.network.asn,
            country=now.network.country,
        ),
    )
    # Who has shown a second step in this session is not asked for one.
    if judgement.outcome is Outcome.ASK_FACTOR and acr != "sfa":
        return judgement.rule, Outcome.SHORTEN
    return judgement.rule, judgement.outcome
