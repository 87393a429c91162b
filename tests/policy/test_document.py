"""docs/policy.md: what it says of the policy file is so, and nothing is left out."""

import re
import tomllib
from enum import Enum
from pathlib import Path

import pytest

from idp.policy.acr import LEVELS
from idp.policy.book import Bounds
from idp.policy.built_in import built_in, rules_for
from idp.policy.durations import in_short
from idp.policy.judge import judge
from idp.policy.presets import PRESETS
from idp.policy.reading import keys, policy_of
from idp.policy.terms import AtLimit, Change, DeviceStanding, Moment, Outcome, RiskLevel
from idp.settings import Settings
from tests.policy.books import LIMITS, TRUSTED, facts

DOCUMENT = (Path(__file__).parents[2] / "docs" / "policy.md").read_text()
EXAMPLES = re.findall(r"```toml\n(.*?)```", DOCUMENT, re.DOTALL)
KEYS = {
    *(key for key in keys.FILE if key == "built_in_rules"),
    *(f"bounds.{key}" for key in keys.BOUNDS),
    *(f"defaults.{key}" for key in keys.DEFAULTS),
    *(f"risk.{key}" for key in keys.RISK),
    *(f"rules.{key}" for key in keys.RULE),
    *(f"when.{key}" for key in keys.WHEN),
    *(f"then.{key}" for key in keys.THEN),
}


def rows(heading):
    """Return the rows of the table under a heading: their cells."""
    section = DOCUMENT.split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def words(cell):
    return re.findall(r"`([^`]+)`", cell)


def test_the_example_is_a_policy():
    [text] = EXAMPLES
    policy = policy_of(text, Settings())

    assert [rule.name for rule in policy.rules[:4]] == [
        "payroll",
        "office",
        "operators",
        "strange country",
    ]
    assert set(keys.FILE) - set(tomllib.loads(text)) == {"built_in_rules", "risk"}
    at_the_office = facts(groups=frozenset({"staff"}), prefix="203.0.113.0/24", device=TRUSTED)
    assert judge(policy, at_the_office).limits.absolute.total_seconds() == 20 * 3600


def test_each_key_is_explained_and_no_other():
    explained = [key for row in rows("The keys") for key in words(row[0])]

    assert len(explained) == len(set(explained))
    assert set(explained) == KEYS


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("bounds.preset", PRESETS),
        ("bounds.acr", LEVELS),
        ("defaults.at_limit", AtLimit),
        ("when.moments", Moment),
        ("when.devices", DeviceStanding),
        ("when.acr", LEVELS),
        ("when.risks", [level.word for level in RiskLevel]),
        ("when.changes", Change),
        ("then.outcome", [each for each in Outcome if each is not Outcome.SHORTEN]),
    ],
)
def test_each_word_that_a_key_can_say_is_named(key, said):
    [row] = [row for row in rows("The keys") if key in words(row[0])]

    assert words(row[1]) == [each.value if isinstance(each, Enum) else each for each in said]


def test_the_presets_are_as_they_are_shown():
    names = ("idle", "absolute", "reauthentication", "trusted_device", "return_within", "remember")

    def cells(bounds: Bounds) -> list[str]:
        lengths = [getattr(bounds, name) for name in names]
        shown = ["" if each is None else in_short(each) for each in lengths]
        return [f"`{bounds.preset}`", *shown, bounds.acr or ""]

    assert [row[:8] for row in rows("The presets")] == [cells(each) for each in PRESETS.values()]


def test_the_built_in_rules_are_named_in_their_order():
    shown = [words(row[0])[0] for row in rows("The built-in rules")]

    assert shown == [rule.name for rule in rules_for(LIMITS)]


def test_the_built_in_rules_ask_what_is_shown():
    for row, rule in zip(rows("The built-in rules"), built_in(Settings()).rules, strict=True):
        asked = rule.then.outcome
        assert words(row[2])[:1] == ([] if asked is None else [asked.value])
