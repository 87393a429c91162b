"""`idp check`: what is wrong, what is risky, what is worth knowing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from idp.cli.answers import answer, json_option

if TYPE_CHECKING:
    from idp.cli.check.facts import Finding

CLEAN, RISKY, FAULTY = 0, 1, 2
_MORE = "How people sign in, and for how long, is looked at by `idp policy assess`."


@click.command()
@json_option
@click.pass_context
def check(ctx: click.Context, *, as_json: bool) -> None:
    """Read settings and database; list every fault and every risky choice.

    How sign-ins and sessions fare is for `idp policy assess`. Exit status: 2 when there are faults,
    1 when there are warnings, 0 otherwise.
    """
    from dataclasses import asdict

    found = findings()
    status = status_of(found)
    data = {"status": status, "findings": [asdict(each) for each in found]}
    answer(data, _text(found), as_json=as_json)
    ctx.exit(status)


def findings() -> list[Finding]:
    """Return everything there is to say, the worst first."""
    from idp.cli.check import database, networks, policy, proof, settings
    from idp.cli.check.facts import Severity, fault
    from idp.cli.check.reading import read
    from idp.kernel.errors import SetupFault
    from idp.settings import load

    try:
        facts = read(load())
    except SetupFault as error:
        why, remedy = "The provider does not start.", "Correct it."
        return [fault(line, why, remedy) for line in error.detail.splitlines()]
    found = [
        each
        for checks in (settings, proof, networks, policy, database)
        for check in checks.CHECKS
        for each in check(facts)
    ]
    return sorted(found, key=lambda each: list(Severity).index(each.severity))


def status_of(found: list[Finding]) -> int:
    """Return the exit status that says how bad the worst of it is."""
    from idp.cli.check.facts import Severity

    severities = {each.severity for each in found}
    if Severity.FAULT in severities:
        return FAULTY
    return RISKY if Severity.WARNING in severities else CLEAN


def _text(found: list[Finding]) -> str:
    from idp.cli.check.facts import Severity

    counts = [sum(each.severity is severity for each in found) for severity in Severity]
    summary = "Faults: {}. Warnings: {}. Notes: {}.".format(*counts)
    if status_of(found) != FAULTY:
        summary += f"\n{_MORE}"
    return "\n\n".join([*(_lines(each) for each in found), summary])


def _lines(each: Finding) -> str:
    label = each.severity.value.upper().ljust(9)
    return f"{label}{each.what}\n         {each.why}\n         -> {each.remedy}"
