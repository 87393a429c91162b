"""`idp token revoke`: the operator's hand on what `POST /admin/revocations` does."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from idp.cli.answers import answer, json_option, pairs
from idp.cli.house import command
from idp.cli.token_reading import STDIN, token_of

if TYPE_CHECKING:
    from idp.admin.ended import Ended
    from idp.admin.selection import Selection

_OPTIONS = {
    "grant_id": "grant",
    "sid": "session",
    "client_id": "client",
    "issued_before": "issued-before",
}
_MEMBER = re.compile(
    rf"\b({'|'.join(_OPTIONS)})\b|^(token|user|offline|reason)(?=:)|(?<=one of )token|user(?= and)"
)


@click.command()
@click.option("--token", metavar="TOKEN", help="A token of any kind; `-` reads it from stdin.")
@click.option("--grant", "grant_id", metavar="ID", help="A grant, with all that hangs on it.")
@click.option("--session", "sid", metavar="SID", help="A session, with what clients have of it.")
@click.option("--offline", is_flag=True, help="With --session: also what would stand without it.")
@click.option("--client", "client_id", metavar="ID", help="All that a client has.")
@click.option("--user", metavar="NAME", help="All that is a user's, by name or subject.")
@click.option(
    "--issued-before", metavar="INSTANT", help="What is older, such as 2030-01-01T12:00:00Z."
)
@click.option("--reason", required=True, help="Why; the people concerned can read it.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def revoke(*, offline: bool, yes: bool, as_json: bool, **said: str | None) -> None:
    """Take back what is named; it takes effect before this returns.

    --client, --user and --issued-before can be told together: then both must be true.
    """
    from idp.admin import revocation
    from idp.admin.selection import OrderRefused, order_of
    from idp.admin.target import target_of

    if said["token"] == STDIN:
        said["token"] = token_of(STDIN)
    members: dict[str, object] = {name: text for name, text in said.items() if text is not None}
    if offline:
        members["offline"] = True
    with command() as ctx:
        try:
            order = order_of(members, ctx.now)
        except OrderRefused as refusal:
            raise click.UsageError("\n".join(map(_in_options, refusal.faults))) from refusal
        # Whoever does not exist is not asked about.
        target_of(ctx, order.what)
        if not yes and _is_broad(order.what):
            click.confirm("This concerns more than one person. Go on?", abort=True, err=True)
        ended = revocation.revoke(ctx, order)
    answer(_as_json(ended), _in_words(ended), as_json=as_json)


def _in_options(fault: str) -> str:
    """Return a fault in the words of the command line."""
    return _MEMBER.sub(lambda found: f"--{_OPTIONS.get(found[0], found[0])}", fault)


def _is_broad(what: Selection) -> bool:
    """Tell whether everybody, or everybody who uses a client, is meant."""
    everybody = what.client_id is not None or what.issued_before is not None
    return everybody and what.user is None


def _in_words(ended: Ended) -> str:
    if not ended.found:
        return "Nothing of this name is known; nothing was ended."
    return pairs(
        (f"{kind} ended" if kind != "clients" else "clients voided", str(count))
        for kind, count in ended.counts.items()
    )


def _as_json(ended: Ended) -> dict[str, object]:
    return {"found": ended.found, **ended.counts, "ids": ended.ids}
