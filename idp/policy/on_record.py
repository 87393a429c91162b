"""Facts and judgements as a decision's row keeps them, and back.

What is kept is what the rules looked at, so another policy can judge it again. What a row of an
older release does not say is what `Facts` and `Limits` take for granted.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import timedelta
from typing import Any

from idp.policy.book import Judgement, Limits
from idp.policy.facts import Facts
from idp.policy.terms import AtLimit, Change, DeviceStanding, Moment, RiskLevel

_CHANGES = frozenset(Change)
_FACTS_READ: dict[str, Callable[[Any], Any]] = {
    "moment": Moment,
    "groups": frozenset,
    "device": DeviceStanding,
    "risk": lambda word: RiskLevel[str(word).upper()],
    # A change that nobody speaks of any more is none.
    "changes": lambda names: frozenset(Change(name) for name in names if name in _CHANGES),
    "proof_age": lambda seconds: timedelta(seconds=seconds),
}
_NO_DURATIONS: dict[str, Callable[[Any], Any]] = {"sessions": int, "at_limit": AtLimit}


def facts_as_json(facts: Facts) -> dict[str, Any]:
    """Return the facts as a row keeps them; durations are seconds."""
    return {each.name: _as_json(getattr(facts, each.name)) for each in fields(facts)}


def facts_of(kept: Mapping[str, Any]) -> Facts:
    """Return the facts that a row keeps.

    Raises:
        ValueError, KeyError, TypeError: they are none of this release's.
    """
    known = {each.name for each in fields(Facts)} & set(kept)
    return Facts(**{name: _FACTS_READ.get(name, _as_is)(kept[name]) for name in known})


def terms_as_json(judgement: Judgement) -> dict[str, Any]:
    """Return the limits that were given, which rule moved which, and the level asked for."""
    limits = judgement.limits
    return {
        **{each.name: _as_json(getattr(limits, each.name)) for each in fields(limits)},
        "limited_by": dict(judgement.limited_by),
        "acr": judgement.acr,
    }


def limits_of(kept: Mapping[str, Any]) -> Limits | None:
    """Return the limits that a row keeps; None where it keeps none."""
    if not {"idle", "absolute", "reauthentication", "trusted_device"} <= set(kept):
        return None
    known = {each.name for each in fields(Limits)} & set(kept)
    return Limits(**{name: _NO_DURATIONS.get(name, _duration)(kept[name]) for name in known})


def draft_as_json(judgement: Judgement, level: RiskLevel) -> dict[str, Any]:
    """Return what a draft policy would have said, to be kept beside what was done."""
    return {
        "outcome": judgement.outcome.value,
        "rule": judgement.rule,
        "version": judgement.version,
        "level": level.word,
        "limits": terms_as_json(judgement),
    }


def _as_json(value: object) -> object:
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, RiskLevel):
        return value.word
    return sorted(map(str, value)) if isinstance(value, frozenset) else value


def _duration(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


def _as_is(value: Any) -> Any:
    return value
