"""`idp policy simulate` and `idp policy compare`: what another policy would have said."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import click

from idp.cli.answers import answer, json_option
from idp.cli.house import command
from idp.cli.spans import Span
from idp.cli.what_if_words import as_json as told
from idp.cli.what_if_words import in_words

_SINCE = click.option(
    "--since", type=Span(), default="30d", show_default=True, help="How far back."
)


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@_SINCE
@click.option(
    "--against",
    type=click.Choice(("recorded", "current")),
    default="recorded",
    show_default=True,
    help="What was done, or what today's policy says of the same facts.",
)
@json_option
def simulate(file: Path, *, since: timedelta, against: str, as_json: bool) -> None:
    """Replay recorded decisions by the policy in FILE: what would have been otherwise, for whom.

    Sessions shortened or lengthened, prompts and refusals added or removed, by group, client,
    level, moment and rule, and the users hit hardest. Nothing is changed. Says what it cannot know.
    """
    from idp.admin import what_if
    from idp.judgement.policies import policy_in_force, read_policy

    with command() as ctx:
        draft = read_policy(file, ctx.settings, f"{file}: ")
        current = policy_in_force(ctx.settings)
        found = what_if.simulated(
            ctx,
            draft,
            ctx.now - since,
            against=current if against == "current" else None,
        )
    words = f"today's policy {current.version}" if against == "current" else "what was done"
    answer(told(found, words), in_words(found, words), as_json=as_json)


@click.command()
@_SINCE
@click.option("--version", metavar="VERSION", help="A draft before.  [default: the newest]")
@json_option
def compare(*, since: timedelta, version: str | None, as_json: bool) -> None:
    """Compare what the draft policy (IDP_POLICY_DRAFT_FILE) said with what was done meanwhile.

    The draft is judged beside the policy in force at each decision and changes nothing.
    """
    from idp.admin import what_if

    with command() as ctx:
        found = what_if.compared(ctx, ctx.now - since, version)
    if found is None:
        raise click.ClickException(
            "No draft policy has been judged in this time: set IDP_POLICY_DRAFT_FILE and wait."
        )
    if version is not None and not found.overall.counts["decisions"]:
        raise click.ClickException(f"No draft of version {version} was judged in this time.")
    answer(told(found, "what was done"), in_words(found, "what was done"), as_json=as_json)
