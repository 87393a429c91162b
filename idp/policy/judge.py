"""The judge: a policy and facts in, a judgement out. No clock, no store.

Of each setting the first rule decides that applies and speaks of it; so a rule further down never
changes what is decided. Whatever the rules say, riskier never lives longer and is never asked
less: what holds at a risk level and in a browser is the strictest of what the rules say there, at
every lower level and in every browser that is better known.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from datetime import timedelta
from operator import attrgetter
from typing import Any

from idp.policy.acr import LEVELS, satisfies
from idp.policy.book import (
    BOUNDS,
    DEFAULTS,
    Bounds,
    Judgement,
    Limits,
    Policy,
    Rule,
    Share,
    Then,
)
from idp.policy.conditions import holds_apart, holds_at
from idp.policy.facts import Facts
from idp.policy.risk.thresholds import level_at
from idp.policy.terms import AtLimit, DeviceStanding, Outcome, RiskLevel

# The highest first; the best known first.
_RISKS = tuple(sorted(RiskLevel, reverse=True))
_STANDINGS = (DeviceStanding.TRUSTED, DeviceStanding.KNOWN, DeviceStanding.NEW)
_DURATIONS = ("idle", "absolute", "reauthentication", "trusted_device", "return_within", "remember")
_ALL_SETTINGS = tuple(each.name for each in fields(Then))
_settings = attrgetter(*_ALL_SETTINGS)
_LIFE = ("absolute", "idle")


@dataclass(frozen=True, slots=True)
class Said:
    """What holds for one setting, and by whom."""

    value: Any
    by: str = DEFAULTS


Sayings = dict[str, Said]


_value = attrgetter("value")


def judge(policy: Policy, facts: Facts) -> Judgement:
    """Return what the policy says of these facts, and which rule said it."""
    readings = _readings(policy.rules, facts)
    limits = _limits(policy, readings)
    outcome = _strictest(readings, "outcome", Said(Outcome.ALLOW), lambda it: -it.severity)
    acr = _strictest(readings, "acr", Said(None), lambda it: -_rank(it))
    if _rank(policy.bounds.acr) > _rank(acr.value):
        acr = Said(policy.bounds.acr, BOUNDS)
    if acr.value and not satisfies(facts.acr, acr.value):
        outcome = min(outcome, Said(Outcome.ASK_FACTOR, acr.by), key=lambda it: -it.value.severity)
    moved = {name: it.by for name, it in limits.items() if it.value != _default(policy, name)}
    shorter = [name for name in _LIFE if limits[name].value < _default(policy, name)]
    if outcome.value is Outcome.ALLOW and shorter:
        outcome = Said(Outcome.SHORTEN, moved[shorter[0]])
    return Judgement(
        outcome=outcome.value,
        rule=outcome.by,
        limits=Limits(**{name: it.value for name, it in limits.items()}),
        acr=acr.value,
        acr_by=acr.by if acr.value else "",
        limited_by=tuple(moved.items()),
        version=policy.version,
    )


def level_of(policy: Policy, score: float) -> RiskLevel:
    """Return how suspicious a score is."""
    return level_at(score, policy.thresholds)


def _readings(rules: Iterable[Rule], facts: Facts) -> list[Sayings]:
    """Return what the rules say of the facts as they are, then as they would be less suspicious."""
    possible = [rule for rule in rules if holds_apart(rule.when, facts)]
    risks = [risk for risk in _RISKS if risk <= facts.risk]
    standings = _STANDINGS[_STANDINGS.index(facts.device) :: -1]
    applying = (
        tuple(rule for rule in possible if holds_at(rule.when, risk, standing))
        for risk in risks
        for standing in standings
    )
    # Most readings are the same; by identity, for a rule takes long to hash.
    different = {tuple(map(id, each)): each for each in applying}
    return [_first_said(each) for each in different.values()]


def _first_said(rules: Iterable[Rule]) -> Sayings:
    """Return what these rules say of each setting; the first one that speaks of it is heard."""
    said: Sayings = {}
    for rule in rules:
        for name, value in zip(_ALL_SETTINGS, _settings(rule.then), strict=True):
            if value is not None and name not in said:
                said[name] = Said(value, rule.name)
    return said


def _strictest(
    readings: Iterable[Sayings], name: str, default: Said, laxity: Callable[[Any], float]
) -> Said:
    """Return the strictest saying; of equal ones that of the facts as they are."""
    return min((each.get(name, default) for each in readings), key=lambda it: laxity(it.value))


def _limits(policy: Policy, readings: list[Sayings]) -> Sayings:
    limits: Sayings = {}
    for name in _DURATIONS:
        default = _default(policy, name)
        lengths = (_length(each.get(name), default) for each in readings)
        limits[name] = _within(policy.bounds, name, min(lengths, key=_value))
    if limits["idle"].value > limits["absolute"].value:
        limits["idle"] = limits["absolute"]
    sessions, at_limit = (Said(_default(policy, name)) for name in ("sessions", "at_limit"))
    limits["sessions"] = _strictest(readings, "sessions", sessions, lambda it: it or float("inf"))
    limits["at_limit"] = _strictest(
        readings, "at_limit", at_limit, lambda it: it is not AtLimit.REFUSE_NEW
    )
    return limits


def _length(said: Said | None, default: timedelta) -> Said:
    if said is None:
        return Said(default)
    if isinstance(said.value, Share):
        return Said(default * said.value.of_default, said.by)
    return said


def _within(bounds: Bounds, name: str, it: Said) -> Said:
    bound: timedelta | None = getattr(bounds, name)
    return it if bound is None or it.value <= bound else Said(bound, BOUNDS)


def _default(policy: Policy, name: str) -> Any:
    return getattr(policy.defaults, name)


def _rank(acr: str | None) -> int:
    return -1 if acr is None else LEVELS.index(acr)
