"""When a rule applies: all that its conditions say holds."""

from collections.abc import Callable
from functools import lru_cache
from ipaddress import ip_network

from idp.policy.book import When
from idp.policy.facts import Facts
from idp.policy.terms import DeviceStanding, RiskLevel


def holds(when: When, facts: Facts) -> bool:
    """Tell whether all conditions hold."""
    return holds_apart(when, facts) and holds_at(when, facts.risk, facts.device)


def holds_at(when: When, risk: RiskLevel, device: DeviceStanding) -> bool:
    """Tell whether the two conditions hold that have an order from harmless to suspicious."""
    return (when.risks is None or risk in when.risks) and (
        when.devices is None or device in when.devices
    )


def holds_apart(when: When, facts: Facts) -> bool:
    """Tell whether all other conditions hold."""
    # A loop takes half the time of `all` here, and a policy may have many rules.
    for condition in _CONDITIONS:  # noqa: SIM110
        if not condition(when, facts):
            return False
    return True


def _in_a_group(when: When, facts: Facts) -> bool:
    return when.groups is None or not when.groups.isdisjoint(facts.groups)


def _for_a_client(when: When, facts: Facts) -> bool:
    return when.clients is None or facts.client_id in when.clients


def _at_a_moment(when: When, facts: Facts) -> bool:
    return when.moments is None or facts.moment in when.moments


def _at_a_level(when: When, facts: Facts) -> bool:
    return when.acr is None or facts.acr in when.acr


def _changed(when: When, facts: Facts) -> bool:
    return when.changes is None or not when.changes.isdisjoint(facts.changes)


def _in_a_country(when: When, facts: Facts) -> bool:
    return when.countries is None or facts.country in when.countries


def _in_a_network(when: When, facts: Facts) -> bool:
    if when.networks is None or facts.network in when.networks:
        return True
    return any(_lies_in(facts.prefix, network) for network in when.networks)


def _hosted(when: When, facts: Facts) -> bool:
    return when.hosting is None or facts.hosting is when.hosting


def _by_tor(when: When, facts: Facts) -> bool:
    return when.tor is None or facts.tor is when.tor


def _proved_long_ago(when: When, facts: Facts) -> bool:
    return when.proof_older_than is None or facts.proof_age > when.proof_older_than


_CONDITIONS: tuple[Callable[[When, Facts], bool], ...] = (
    _in_a_group,
    _for_a_client,
    _at_a_moment,
    _at_a_level,
    _changed,
    _in_a_country,
    _in_a_network,
    _hosted,
    _by_tor,
    _proved_long_ago,
)


@lru_cache(maxsize=4096)
def _lies_in(prefix: str, network: str) -> bool:
    """Tell whether a prefix is a part of a network; an AS number has no parts that we know."""
    try:
        inner, outer = ip_network(prefix), ip_network(network)
    except ValueError:
        return False
    # Of two different versions neither is a part of the other.
    return (
        inner.version == outer.version
        and inner.prefixlen >= outer.prefixlen
        and inner.network_address in outer
    )
