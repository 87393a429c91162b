"""A judgement rule by rule: which applied, which did not and why not, and which decided what."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any

from idp.policy.at_sign_in import settled
from idp.policy.book import BOUNDS, DEFAULTS, Judgement, Policy, Rule, Then, When
from idp.policy.conditions import holds, holds_apart, holds_at
from idp.policy.facts import Facts
from idp.policy.judge import judge
from idp.policy.terms import DeviceStanding, RiskLevel

# The level stands apart: it is due to every rule that asks for it.
_SETTINGS = tuple(each.name for each in fields(Then) if each.name != "acr")
# The best known first, as riskier never lives longer than calmer.
_STANDINGS = (DeviceStanding.TRUSTED, DeviceStanding.KNOWN, DeviceStanding.NEW)


class Applies(StrEnum):
    """Whether a rule applies.

    `if_calmer`: it speaks of lower risk or of a browser that is better known. What it asks there is
    asked here as well, and nobody lives longer here than there.
    """

    YES = "yes"
    IF_CALMER = "if_calmer"
    NO = "no"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmet:
    """A condition that does not hold: what it wants, and what is so."""

    name: str
    wanted: Any
    found: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One rule as it bears on some facts; `decided` are the settings that are due to it."""

    rule: Rule
    applies: Applies
    unmet: tuple[Unmet, ...]
    says: dict[str, Any]
    decided: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """What a policy lets somebody in by, and how it comes to that.

    `by_bounds` and `by_defaults` are the settings that no rule decided.
    """

    policy: Policy
    facts: Facts
    judgement: Judgement
    readings: tuple[Reading, ...]
    by_bounds: tuple[str, ...]
    by_defaults: tuple[str, ...]


# Where the facts call a thing otherwise than the conditions do.
_FACT = {
    "clients": "client_id",
    "moments": "moment",
    "devices": "device",
    "risks": "risk",
    "countries": "country",
    "networks": "network",
    "proof_older_than": "proof_age",
}


def explained(policy: Policy, facts: Facts, *, shown: bool) -> Explained:
    """Judge, and say for each rule what it had to do with it.

    `shown` says that a second step was shown; who was asked for one and has none is in for a
    shorter while, by the rule that asked.
    """
    judgement = settled(judge(policy, facts), policy.defaults, shown=shown)
    by = {**dict(judgement.limited_by), "outcome": judgement.rule}
    return Explained(
        policy=policy,
        facts=facts,
        judgement=judgement,
        readings=tuple(_reading(rule, facts, by, judgement) for rule in policy.rules),
        by_bounds=tuple(name for name in _SETTINGS if by.get(name) == BOUNDS),
        by_defaults=tuple(name for name in _SETTINGS if by.get(name, DEFAULTS) == DEFAULTS),
    )


def _reading(rule: Rule, facts: Facts, by: dict[str, str], judgement: Judgement) -> Reading:
    says = {
        each.name: said
        for each in fields(Then)
        if (said := getattr(rule.then, each.name)) is not None
    }
    applies = _applies(rule.when, facts)
    decided = [name for name in _SETTINGS if by.get(name) == rule.name]
    if applies is not Applies.NO and judgement.acr is not None and says.get("acr") == judgement.acr:
        decided.append("acr")
    return Reading(
        rule=rule,
        applies=applies,
        unmet=tuple(_unmet(rule.when, facts)),
        says=says,
        decided=tuple(decided),
    )


def _applies(when: When, facts: Facts) -> Applies:
    if holds(when, facts):
        return Applies.YES
    calmer = holds_apart(when, facts) and any(
        holds_at(when, risk, standing)
        for risk in RiskLevel
        for standing in _STANDINGS
        if risk <= facts.risk and _STANDINGS.index(standing) <= _STANDINGS.index(facts.device)
    )
    return Applies.IF_CALMER if calmer else Applies.NO


def _unmet(when: When, facts: Facts) -> Iterator[Unmet]:
    for each in fields(When):
        wanted = getattr(when, each.name)
        if wanted is None or holds(replace(When(), **{each.name: wanted}), facts):
            continue
        yield Unmet(
            name=each.name,
            wanted=wanted,
            found=getattr(facts, _FACT.get(each.name, each.name)),
        )
