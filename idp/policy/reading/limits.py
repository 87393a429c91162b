"""The tables of a policy file that hold for everybody: bounds, defaults and thresholds."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from idp.policy.acr import LEVELS
from idp.policy.book import Bounds, Limits, Thresholds
from idp.policy.durations import in_short
from idp.policy.presets import NONE, PRESETS
from idp.policy.reading import keys
from idp.policy.reading.faults import Faults
from idp.policy.reading.lines import Path
from idp.policy.risk.thresholds import THRESHOLDS


def bounds_of(table: Any, faults: Faults) -> Bounds:
    """Return the bounds: those of the preset, and what is said on top of it is stricter."""
    path: Path = ("bounds",)
    said = faults.values(path, table, keys.BOUNDS)
    preset: Bounds = said.pop("preset", NONE)
    for name in keys.DURATIONS:
        check_length((*path, name), said.get(name), preset, faults)
    check_level((*path, "acr"), said.get("acr"), preset, faults)
    # What crosses the preset is noted above, and not taken for a bound below.
    return replace(preset, **said | _within(preset, said))


def defaults_of(table: Any, faults: Faults, bounds: Bounds, otherwise: Limits) -> Limits:
    """Return the limits that everybody begins with.

    What is left to `otherwise` makes way for bounds and for what is said.
    """
    path: Path = ("defaults",)
    said = faults.values(path, table, keys.DEFAULTS)
    for name in keys.DURATIONS:
        check_length((*path, name), said.get(name), bounds, faults)
    usual = {name: getattr(otherwise, name) for name in keys.DURATIONS}
    limits = replace(otherwise, **_within(bounds, usual) | said)
    if {"idle", "absolute"} <= said.keys() and limits.idle > limits.absolute:
        faults.add((*path, "idle"), "it is longer than absolute")
    left = {"idle", "return_within"} - said.keys()
    shorter = {name: min(getattr(limits, name), limits.absolute) for name in left}
    return replace(limits, **shorter)


def _within(bounds: Bounds, said: dict[str, Any]) -> dict[str, timedelta]:
    """Return the durations that are bound, as far as the bounds let them."""
    bound = {name: getattr(bounds, name) for name in keys.DURATIONS if name in said}
    return {name: min(said[name], most) for name, most in bound.items() if most is not None}


def thresholds_of(table: Any, faults: Faults) -> Thresholds:
    """Return the scores from which on a request is elevated or high."""
    thresholds = replace(THRESHOLDS, **faults.values(("risk",), table, keys.RISK))
    if thresholds.elevated > thresholds.high:
        why = f"{thresholds.elevated:g} is more than high, which is {thresholds.high:g}"
        faults.add(("risk", "elevated"), why)
    return thresholds


def check_length(path: Path, length: timedelta | None, bounds: Bounds, faults: Faults) -> None:
    """Note a duration that crosses its bound."""
    name = str(path[-1])
    bound: timedelta | None = getattr(bounds, name)
    if length is not None and bound is not None and length > bound:
        preset = getattr(PRESETS[bounds.preset], name) == bound
        whose = f"preset {bounds.preset}" if preset else "[bounds]"
        why = f"{in_short(length)} is longer than {in_short(bound)}, the most that {whose} allows"
        faults.add(path, why)


def check_level(path: Path, level: str | None, bounds: Bounds, faults: Faults) -> None:
    """Note a level that is lower than what everybody has to show."""
    if level is not None and bounds.acr and LEVELS.index(level) < LEVELS.index(bounds.acr):
        preset = PRESETS[bounds.preset].acr == bounds.acr
        whose = f"preset {bounds.preset}" if preset else "[bounds]"
        faults.add(path, f"{level} is less than {bounds.acr}, which {whose} demands of everybody")
