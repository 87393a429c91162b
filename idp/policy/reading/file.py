"""From the text of a policy file to the policy (docs/policy.md)."""

import re
import tomllib
from dataclasses import replace
from typing import Any

from idp.kernel.errors import SetupFault
from idp.policy.book import BOUNDS, DEFAULTS, Policy
from idp.policy.built_in import defaults_of, rules_for
from idp.policy.reading import keys, limits
from idp.policy.reading.faults import Faults
from idp.policy.reading.rules import check_rule, rules_of
from idp.policy.written import version_of
from idp.settings import Settings

_AT = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


def policy_of(text: str, settings: Settings) -> Policy:
    """Return the policy that a file says; where it says nothing, the settings do.

    Raises:
        SetupFault: one line per fault, all of them together.
    """
    try:
        said = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SetupFault(_no_toml(str(error), text)) from error
    except ValueError as error:
        raise SetupFault("a number has thousands of digits") from error
    except RecursionError as error:
        raise SetupFault("there are lists or tables in one another without end") from error
    faults = Faults(text)
    policy = _policy(said, faults, settings)
    if found := faults.listed():
        raise SetupFault("\n".join(found))
    return replace(policy, version=version_of(policy))


def _no_toml(why: str, text: str) -> str:
    """Return the parser's words with the line in front, as in all our messages."""
    at = _AT.search(why)
    last = text.count("\n") + 1
    where = f"line {at[1]}, column {at[2]}" if at and at[1] else f"line {last}"
    return f"{where}: {_AT.sub('', why)}"


def _policy(said: dict[str, Any], faults: Faults, settings: Settings) -> Policy:
    top = faults.values((), said, keys.FILE)
    bounds = limits.bounds_of(top.get("bounds", {}), faults)
    otherwise = defaults_of(settings)
    defaults = limits.defaults_of(top.get("defaults", {}), faults, bounds, otherwise)
    built_in = rules_for(defaults) if top.get("built_in_rules", True) else ()
    taken = {DEFAULTS, BOUNDS, *(each.name for each in built_in)}
    rules = rules_of(top.get("rules", []), faults, taken)
    for number, rule in enumerate(rules):
        check_rule(rule, ("rules", number, "then"), faults, bounds, defaults)
    return Policy(
        version="",
        defaults=defaults,
        rules=(*rules, *built_in),
        bounds=bounds,
        thresholds=limits.thresholds_of(top.get("risk", {}), faults),
    )
