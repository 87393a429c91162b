"""`idp policy assess`: today's weak spots, each with its figure and an advice."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import click

from idp.cli.answers import answer, json_option
from idp.cli.house import command
from idp.cli.spans import Span

if TYPE_CHECKING:
    from idp.admin.assessment.weakness import Weakness


@click.command()
@click.option("--since", type=Span(), default="30d", show_default=True, help="How far back.")
@json_option
@click.pass_context
def assess(ctx: click.Context, *, since: timedelta, as_json: bool) -> None:
    """Look for weak spots of sign-in and sessions: how many are concerned, and what to do.

    It looks at the policy, at who could show what, and at what was decided. Exit status: 1 when
    there is anything of medium or high severity, 0 otherwise.
    """
    from dataclasses import asdict

    from idp.admin.assessment.service import assess as look
    from idp.admin.assessment.weakness import Severity

    with command() as context:
        found = look(context, context.now - since)
    status = 1 if any(each.severity is not Severity.LOW for each in found) else 0
    data = {"status": status, "weaknesses": [asdict(each) for each in found]}
    answer(data, _text(found), as_json=as_json)
    ctx.exit(status)


def _text(found: list[Weakness]) -> str:
    if not found:
        return "No weak spots were found."
    return "\n\n".join(map(_lines, found))


def _lines(each: Weakness) -> str:
    label = each.severity.value.upper().ljust(8)
    return f"{label}{each.what}\n        {each.why}\n        -> {each.advice}"
