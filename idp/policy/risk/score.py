"""The score: what the habits say, what is new and rare, and what was noticed, added up.

It is monotone: it never falls when, all else equal, the user came less often with one of the values
at hand; when fewer others came with a value that is new to the user; when the browser is less to
the user (trusted, known, known only from risky sign-ins, new); when a signal is there rather than
not, or more often; when a weaker factor is shown; or when less was learned about the user at all.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import log

from idp.policy.book import Thresholds
from idp.policy.facts import Contribution, Risk
from idp.policy.risk import signals as noticed
from idp.policy.risk.features import AGENT, NETWORK, TIME, Features, Level
from idp.policy.risk.likelihood import steps
from idp.policy.risk.signals import Signals
from idp.policy.risk.thresholds import level_at
from idp.policy.risk.usual import Count, Usual
from idp.policy.terms import DeviceStanding

# What can be imitated speaks for the user only so much: an agent string is copied from any mail's
# header, an address of the same town is rented, and office hours are everybody's.
MOST_FAMILIAR = {"network": -3.0, "agent": -1.0, "time": -0.4}
MOST_FAMILIAR_TOGETHER = -2.5
MOST_UNUSUAL = {"network": 6.0, "agent": 3.5, "time": 0.7}
# A value that is new to the user weighs more when few others come with it: real takeovers came from
# networks and countries that are rare among all.
RARITY_IS_TOLD_BY = frozenset({"country", "asn", "system", "browser"})
COMMON_SHARE, RARITY, MOST_RARE = 0.01, 0.25, 1.5
# Of whom nothing is known nothing can be unusual: until then, that itself is a doubt.
LITTLE_HISTORY, ENOUGH_HISTORY = 1.0, 3.0


def score(
    features: Features,
    usual: Usual,
    signals: Signals,
    thresholds: Thresholds | None = None,
) -> Risk:
    """Return how unlike its user the request looks, with every reason, the strongest first."""
    parts: list[Contribution] = []
    for kind, hierarchy in (("network", NETWORK), ("agent", AGENT), ("time", TIME)):
        parts.extend(_of_habit(kind, hierarchy, features, usual))
    parts = _bounded_together(parts)
    parts.extend(_of_rarity(features, usual))
    new_network = any(step.new for step in steps(NETWORK[:-1], features, usual))
    credential = usual.credential
    if features.known_device is (signals.device is DeviceStanding.NEW):
        # What was counted is the other case.
        credential = Count(own_all=credential.own_all)
    parts.extend(noticed.contributions(signals, credential, new_network=new_network))
    if doubt := LITTLE_HISTORY * max(0.0, 1 - usual.learned / ENOUGH_HISTORY):
        parts.append(Contribution(name="little_history", weight=doubt))
    parts = sorted((each for each in parts if each.weight), key=lambda each: -abs(each.weight))
    total = sum(each.weight for each in parts)
    return Risk(level=level_at(total, thresholds), score=total, contributions=tuple(parts))


def _of_habit(
    kind: str, hierarchy: Sequence[Level], features: Features, usual: Usual
) -> Iterator[Contribution]:
    """Yield what one hierarchy says: what is new under the coarsest new value's name, or not."""
    said = list(steps(hierarchy, features, usual))
    if not said:
        return
    first_new = next((step for step in said if step.new and usual.of(step.level).own_all), None)
    named = first_new or said[0]
    total = sum(step.weight for step in said)
    weight = min(max(total, MOST_FAMILIAR[kind]), MOST_UNUSUAL[kind])
    name = (
        f"usual_{kind}" if weight < 0 else f"new_{named.level}" if first_new else f"seldom_{kind}"
    )
    yield Contribution(name=name, weight=weight, detail=named.value)


def _bounded_together(parts: list[Contribution]) -> list[Contribution]:
    """Return the parts with what is familiar scaled down to what it may weigh together."""
    total = sum(part.weight for part in parts)
    if total >= MOST_FAMILIAR_TOGETHER:
        return parts
    familiar = sum(part.weight for part in parts if part.weight < 0)
    scale = (MOST_FAMILIAR_TOGETHER - (total - familiar)) / familiar
    return [
        replace(part, weight=part.weight * scale) if part.weight < 0 else part for part in parts
    ]


def _of_rarity(features: Features, usual: Usual) -> Iterator[Contribution]:
    for name, hierarchy in (("rare_network", NETWORK), ("rare_agent", AGENT)):
        new = [
            step
            for step in steps(hierarchy, features, usual)
            if step.new and step.level in RARITY_IS_TOLD_BY
        ]
        if new:
            rarest = new[-1]
            weight = min(max(RARITY * log(COMMON_SHARE / rarest.share), 0.0), MOST_RARE)
            yield Contribution(name=name, weight=weight, detail=rarest.value)
