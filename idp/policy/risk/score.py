"""The score: what the habits say, what is new and rare, and what was noticed, added up.

It is monotone: it never falls when, all else equal, the user came less often with one of the values
at hand; when fewer others came with a value that is new to the user; when the browser is less to
the user (trusted, known, known only from risky sign-ins for a while, or just so, new); when a
signal is there rather than not, or more often; when a weaker factor is shown; or when less was
learned about the user at all.
"""

from collections.abc import Iterator
from dataclasses import replace
from math import log

from idp.policy.book import Thresholds
from idp.policy.facts import Contribution, Risk
from idp.policy.risk import signals as noticed
from idp.policy.risk.features import HIERARCHIES, Features
from idp.policy.risk.likelihood import Step, steps, together
from idp.policy.risk.signals import Signals
from idp.policy.risk.thresholds import level_at
from idp.policy.risk.usual import Usual
from idp.policy.terms import DeviceStanding

# What habits say can be imitated. Who always brings a credential is never calm without one, however
# usual all else is; who never brings one has nothing but habits to be known by.
MOST_FAMILIAR, PER_MISSING, LEAST_WITHOUT = -10.0, 60.0, 1.6
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
    said = {kind: list(steps(levels, features, usual)) for kind, levels in HIERARCHIES.items()}
    missing = _missing_credential(features, usual, signals)
    if signals.device is not DeviceStanding.NEW and not signals.device_differs:
        # The credential was given to this very browser: how it looks is told already.
        said["agent"] = [step for step in said["agent"] if step.weight <= 0]
    habits = [_of_habit(kind, heard) for kind, heard in said.items() if heard]
    parts, lacking = _bounded(habits, _least(missing))
    parts.extend(_of_rarity(said))
    new_network = any(step.new for step in said["network"] if step.level != "address")
    parts.extend(noticed.contributions(signals, missing + lacking, new_network=new_network))
    if doubt := LITTLE_HISTORY * max(0.0, 1 - usual.learned / ENOUGH_HISTORY):
        parts.append(Contribution(name="little_history", weight=doubt))
    parts = sorted((each for each in parts if each.weight), key=lambda each: -abs(each.weight))
    total = sum(each.weight for each in parts)
    return Risk(level=level_at(total, thresholds), score=total, contributions=tuple(parts))


def _missing_credential(features: Features, usual: Usual, signals: Signals) -> float:
    """Return how suspicious the lack of a device credential is; 0 where a good one came along."""
    if signals.device_differs:
        return noticed.without_credential(replace(usual.credential, own=0.0))
    if signals.device is not DeviceStanding.NEW:
        return 0.0
    # What was counted may be the other case: that they came with one.
    credential = replace(usual.credential, own=0.0) if features.known_device else usual.credential
    return noticed.without_credential(credential)


def _least(missing: float) -> float:
    """Return the least that habits may add up to: the more is missing, the less they speak for."""
    return min(LEAST_WITHOUT, MOST_FAMILIAR + PER_MISSING * missing) - missing


def _of_habit(kind: str, said: list[Step]) -> Contribution:
    """Return what one hierarchy says, by the name of what is the most unusual in it."""
    named = max(said, key=lambda step: step.weight)
    unusual = f"new_{named.level}" if named.new else f"seldom_{kind}"
    weight = together(said)
    name = unusual if weight > 0 else f"usual_{kind}"
    return Contribution(name=name, weight=weight, detail=named.value)


def _bounded(habits: list[Contribution], least: float) -> tuple[list[Contribution], float]:
    """Return the parts, with what is familiar lessened, and what is still lacking to the least."""
    lacking = least - sum(part.weight for part in habits)
    familiar = -sum(part.weight for part in habits if part.weight < 0)
    if lacking <= 0:
        return habits, 0.0
    left = max(1 - lacking / familiar, 0.0) if familiar else 0.0
    lessened = [
        replace(part, weight=part.weight * left) if part.weight < 0 else part for part in habits
    ]
    return lessened, max(lacking - familiar, 0.0)


def _of_rarity(said: dict[str, list[Step]]) -> Iterator[Contribution]:
    for name, kind in (("rare_network", "network"), ("rare_agent", "agent")):
        new = [step for step in said[kind] if step.new and step.level in RARITY_IS_TOLD_BY]
        if new:
            rarest = min(new, key=lambda step: step.share)
            weight = min(max(RARITY * log(COMMON_SHARE / rarest.share), 0.0), MOST_RARE)
            yield Contribution(name=name, weight=weight, detail=rarest.value)
