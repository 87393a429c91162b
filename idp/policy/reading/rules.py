"""The rules of a policy file, in their order."""

from collections.abc import Iterable
from typing import Any

from idp.policy.book import Bounds, Limits, Rule, Share, Then, When
from idp.policy.durations import in_short
from idp.policy.reading import keys
from idp.policy.reading.faults import Faults
from idp.policy.reading.limits import check_length, check_level
from idp.policy.reading.lines import Path
from idp.policy.reading.values import LEAST, shown

_MOST = 200


def rules_of(tables: Any, faults: Faults, taken: Iterable[str]) -> list[Rule]:
    """Return the rules; no two are called the same, and none as is `taken`."""
    if not isinstance(tables, list):
        faults.add(("rules",), "a list of tables is needed: [[rules]]")
        return []
    if len(tables) > _MOST:
        faults.add(("rules",), f"{len(tables)} are more than {_MOST}")
        return []
    names = set(taken)
    return [_rule(table, ("rules", number), faults, names) for number, table in enumerate(tables)]


def _rule(table: Any, path: Path, faults: Faults, taken: set[str]) -> Rule:
    if not isinstance(table, dict):
        faults.add(path, "a table is needed")
        return Rule("", When(), Then())
    if isinstance(table.get("name"), str):
        faults.called[path] = f"rule {shown(table['name'])}"
    said = faults.values(path, table, keys.RULE)
    if "name" not in table:
        faults.add(path, "it needs a name")
    elif said.get("name") in taken:
        faults.add((*path, "name"), "this name is taken")
    taken.add(said.get("name", ""))
    when = faults.values((*path, "when"), said.get("when", {}), keys.WHEN)
    then = faults.values((*path, "then"), said.get("then", {}), keys.THEN)
    if said.get("then", {}) == {}:
        faults.add(path, "it says nothing: `then` is missing or empty")
    return Rule(said.get("name", ""), When(**when), Then(**then), said.get("because", ""))


def check_rule(rule: Rule, path: Path, faults: Faults, bounds: Bounds, defaults: Limits) -> None:
    """Note what bounds would take back, and what is too short to get anything done."""
    for name in keys.DURATIONS:
        length, whole = getattr(rule.then, name), getattr(defaults, name)
        if not isinstance(length, Share):
            check_length((*path, name), length, bounds, faults)
        elif name in keys.LASTING and whole * length.of_default < LEAST:
            why = f"{in_short(length)} of {in_short(whole)} is too short: a minute is the least"
            faults.add((*path, name), why)
    check_level((*path, "acr"), rule.then.acr, bounds, faults)
