"""Those who know the password and imitate, each as well as they can."""

from dataclasses import replace
from datetime import timedelta
from random import Random

from tests.population.people import SignIn, features_of
from tests.population.world import WORLD, Network, address_in, an_agent

# Of naive attackers so many come from the victim's own country by choice, which makes those that
# share it 53 %, as was observed.
SAME_COUNTRY = 0.33

KINDS = ("naive", "vpn", "same city", "targeted", "very targeted")


def attack(kind: str, victim: SignIn, others: list[SignIn], random: Random) -> SignIn:
    """Return the attempt that an attacker of this kind makes a moment after the victim's."""
    at = victim.at + timedelta(hours=random.random() * 24)
    made = {
        "naive": _naive,
        "vpn": _vpn,
        "same city": _same_city,
        "targeted": _targeted,
        "very targeted": _very_targeted,
    }[kind](victim, others, at, random)
    return replace(
        made, user=victim.user, credential=False, story=kind, keeps_cookies=victim.keeps_cookies
    )


def _other(victim: SignIn, others: list[SignIn], random: Random, *, country: bool) -> SignIn:
    while True:
        other = random.choice(others)
        if other.user != victim.user and (
            not country or other.features.country == victim.features.country
        ):
            return other


def _naive(victim: SignIn, others: list[SignIn], at, random: Random) -> SignIn:
    """With the values of somebody else's sign-in."""
    near = random.random() < SAME_COUNTRY and len(others) > 50
    other = _other(victim, others, random, country=near and _has_neighbours(victim, others))
    return _moved(other, other, at)


def _has_neighbours(victim: SignIn, others: list[SignIn]) -> bool:
    return any(
        each.user != victim.user and each.features.country == victim.features.country
        for each in others[:400]
    )


def _vpn(victim: SignIn, others: list[SignIn], at, random: Random) -> SignIn:
    """From the victim's country, with a browser that many have."""
    popular = random.choice(others)
    if _has_neighbours(victim, others) and random.random() < 0.75:
        place = _other(victim, others, random, country=True)
        return _moved(place, popular, at)
    network = WORLD.rented[victim.features.country].draw(random)
    return _from(network, network.prefix(random), popular, at, random)


def _same_city(victim: SignIn, others: list[SignIn], at, random: Random) -> SignIn:
    """From a line in the victim's city, half of them of the same provider, with their browser."""
    network = WORLD.homes[victim.features.country].draw(random)
    if random.random() < 0.5:
        network = _network_of(victim)
    own = replace(random.choice(others), agent=an_agent(random))
    return _from(network, network.prefix(random), own, at, random)


def _targeted(victim: SignIn, others: list[SignIn], at, random: Random) -> SignIn:
    """From the victim's network, with the victim's agent string."""
    network = _network_of(victim)
    return _from(network, network.prefix(random), victim, at, random)


def _very_targeted(victim: SignIn, others: list[SignIn], at, random: Random) -> SignIn:
    """From the neighbouring address, with the victim's agent string, at the victim's hour."""
    return _from(_network_of(victim), victim.features.prefix, victim, victim.at, random)


def _network_of(victim: SignIn) -> Network:
    country = victim.features.country
    for pool in (WORLD.homes, WORLD.carriers, WORLD.rented):
        for network in pool[country].things:
            if network.asn == victim.features.asn:
                return network
    raise AssertionError(victim.features.asn)


def _from(network: Network, prefix: str, like: SignIn, at, random: Random) -> SignIn:
    features = features_of(network, prefix, address_in(prefix, random), like.agent, at)
    return replace(like, at=at, features=features)


def _moved(place: SignIn, like: SignIn, at) -> SignIn:
    there = features_of(
        Network(place.features.asn, place.features.country, 1),
        place.features.prefix,
        place.features.address,
        like.agent,
        at,
    )
    return replace(like, at=at, features=there)
