"""`idp policy ...`: by which rules everybody is judged."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from idp.cli.answers import answer, json_option, pairs
from idp.cli.policy_assess import assess
from idp.cli.policy_explain import explain
from idp.cli.policy_what_if import compare, simulate

if TYPE_CHECKING:
    from idp.policy.book import Policy
    from idp.settings import Settings

policy_file = click.Path(dir_okay=False, path_type=Path)


@click.group()
def policy() -> None:
    """Check, show and try out the policy of sessions, and look for its weak spots."""


for command in (explain, simulate, compare, assess):
    policy.add_command(command)


@policy.command()
@click.argument("file", type=policy_file, required=False)
@json_option
@click.pass_context
def check(ctx: click.Context, file: Path | None, *, as_json: bool) -> None:
    """Read a policy file and list all that is wrong with it, and rules that nobody can want.

    Those come too late to be heard, disarm what protects from thieves, or let nobody in.

    Without FILE: those of IDP_POLICY_FILE and IDP_POLICY_DRAFT_FILE. Exit status: 2 when there are
    faults, 0 otherwise.
    """
    from idp.settings import load

    checked = [_checked(path, load()) for path in ([file] if file else _named(load()))]
    faulty = any(each["faults"] for each in checked)
    text = "\n".join(_summary(each) for each in checked)
    answer(checked, text or "No policy file is set: the built-in policy holds.", as_json=as_json)
    ctx.exit(2 if faulty else 0)


def _named(settings: Settings) -> list[Path]:
    return [path for path in (settings.policy_file, settings.policy_draft_file) if path]


def _checked(path: Path, settings: Settings) -> dict[str, Any]:
    from idp.judgement.policies import read_policy
    from idp.kernel.errors import SetupFault

    try:
        read = read_policy(path, settings)
    except SetupFault as fault:
        faults = fault.detail.splitlines()
        return {"file": str(path), "version": None, "faults": faults, "notes": []}
    return {"file": str(path), "version": read.version, "faults": [], "notes": _notes(read)}


def _notes(policy: Policy) -> list[str]:
    from idp.cli.rule_words import shuts_out
    from idp.policy.overruled import overruled
    from idp.policy.shut_out import shut_out

    shutting = [f'rule "{each.rule.name}" {shuts_out(each)}' for each in shut_out(policy)]
    return shutting + [
        f'rule "{each.rule.name}" is never heard: "{each.by.name}" is heard first'
        if each.never_heard
        else f'rule "{each.by.name}" disarms "{each.rule.name}": {each.by.then.outcome}, '
        f"not {each.rule.then.outcome}, where both apply"
        for each in overruled(policy)
    ]


def _summary(checked: dict[str, Any]) -> str:
    faults, notes = checked["faults"], checked["notes"]
    summary = f"faults: {len(faults)}" if faults else f"good, version {checked['version']}"
    return "\n  ".join([f"{checked['file']}: {summary}", *faults, *notes])


@policy.command()
@click.argument("file", type=policy_file, required=False)
@json_option
def show(file: Path | None, *, as_json: bool) -> None:
    """Show the policy in force: bounds, limits and rules in their order.

    With FILE: the policy that it would be.
    """
    from idp.judgement.policies import policy_in_force, read_policy
    from idp.policy.written import document_of
    from idp.settings import load

    shown = read_policy(file, load(), f"{file}: ") if file else policy_in_force(load())
    answer(document_of(shown), _text(shown), as_json=as_json)


def _text(policy: Policy) -> str:
    """Return a policy for people; each setting of a rule is decided by the first that applies."""
    from idp.policy.written import document_of

    document = document_of(policy)
    heads = (
        ("Version", policy.version),
        ("Bounds", _said(document["bounds"])),
        ("Defaults", _said(document["defaults"])),
        ("Risk", _said(document["risk"])),
    )
    rules = (_rule(number, rule) for number, rule in enumerate(document["rules"], 1))
    return "\n\n".join([pairs(heads), *rules])


def _rule(number: int, rule: dict[str, Any]) -> str:
    lines = [
        (f"{number}.", rule["name"]),
        ("", rule.get("because", "")),
        ("when", _said(rule["when"]) or "always"),
        ("then", _said(rule["then"])),
    ]
    return "\n".join(f"{head:>5}  {text}" for head, text in lines if text)


def _said(table: dict[str, Any]) -> str:
    return ", ".join(
        f"{key} = {'|'.join(value) if isinstance(value, list) else _word(value)}"
        for key, value in table.items()
    )


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
