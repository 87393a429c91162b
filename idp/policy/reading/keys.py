"""The keys of a policy file, table by table, and what reads each of them."""

from enum import StrEnum
from functools import partial

from idp.policy.acr import LEVELS
from idp.policy.presets import PRESETS
from idp.policy.reading.faults import Reader
from idp.policy.reading.values import (
    boolean,
    count,
    country,
    duration,
    lasting,
    name,
    network,
    number,
    one_of,
    or_share,
    set_of,
    text,
)
from idp.policy.terms import AtLimit, Change, DeviceStanding, Moment, Outcome, RiskLevel


def _words(kind: type[StrEnum]) -> dict[str, StrEnum]:
    return {each.value: each for each in kind}


# Nobody gets anything done in less than a minute; the others may be nothing.
LASTING = ("idle", "absolute", "reauthentication")
DURATIONS = (*LASTING, "trusted_device", "return_within", "remember")

_LENGTHS: dict[str, Reader] = {each: lasting if each in LASTING else duration for each in DURATIONS}
_LEVEL = one_of({level: level for level in LEVELS})
_SESSIONS: dict[str, Reader] = {"sessions": count, "at_limit": one_of(_words(AtLimit))}
# A life is shortened by saying how short it is.
_OUTCOMES = {each.value: each for each in Outcome if each is not Outcome.SHORTEN}

BOUNDS: dict[str, Reader] = {"preset": one_of(PRESETS), **_LENGTHS, "acr": _LEVEL}
DEFAULTS: dict[str, Reader] = {**_LENGTHS, **_SESSIONS}
RISK: dict[str, Reader] = {"elevated": number, "high": number}
WHEN: dict[str, Reader] = {
    "groups": set_of(name),
    "clients": set_of(name),
    "moments": set_of(one_of(_words(Moment))),
    "devices": set_of(one_of(_words(DeviceStanding))),
    "acr": set_of(_LEVEL),
    "risks": set_of(one_of({level.word: level for level in RiskLevel})),
    "changes": set_of(one_of(_words(Change))),
    "countries": set_of(country),
    "networks": set_of(network),
    "hosting": boolean,
    "tor": boolean,
    "proof_older_than": duration,
}
THEN: dict[str, Reader] = {
    "outcome": one_of(_OUTCOMES),
    "acr": _LEVEL,
    **{each: partial(or_share, reader=reader) for each, reader in _LENGTHS.items()},
    **_SESSIONS,
}


def _as_it_is(value: object) -> object:
    return value


RULE: dict[str, Reader] = {"name": name, "because": text, "when": _as_it_is, "then": _as_it_is}
FILE: dict[str, Reader] = {
    "built_in_rules": boolean,
    "bounds": _as_it_is,
    "defaults": _as_it_is,
    "risk": _as_it_is,
    "rules": _as_it_is,
}
