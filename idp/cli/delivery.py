"""`idp delivery ...`: what is to be sent, and what could not be."""

from __future__ import annotations

import click

from idp.cli.answers import answer, at, json_option, table
from idp.cli.house import command

_STATES = ("waiting", "dead", "delivered")
_UNDELIVERED = ("waiting", "dead")
_ID = click.IntRange(1, 2**63 - 1)
_CLIENT = click.option("--client", "client_id", metavar="ID", help="Only what it is to be told.")
_SID = click.option("--sid", metavar="SID", help="Only what is about this session.")


@click.group()
def delivery() -> None:
    """List what is to be sent, and have it tried again."""


@delivery.command(name="list")
@click.option(
    "--state",
    "states",
    type=click.Choice(_STATES),
    multiple=True,
    help="Only these; may be repeated.  [default: waiting and dead]",
)
@_CLIENT
@_SID
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True)
@json_option
def list_(
    states: tuple[str, ...],
    limit: int,
    client_id: str | None,
    sid: str | None,
    *,
    as_json: bool,
) -> None:
    """List mail, text messages, logouts and deferred work, the newest first.

    What they say is sealed and shown nowhere. `dead` was given up.
    """
    from dataclasses import asdict

    from idp.store import outbox
    from idp.store.outbox import Chosen

    which = Chosen(client_id=client_id, sid=sid)
    with command() as ctx:
        rows = outbox.list_newest(ctx.db, states or _UNDELIVERED, limit, which)
    text = table(
        ("ID", "KIND", "ABOUT", "STATE", "ATTEMPTS", "WRITTEN", "NEXT TRY", "LAST ERROR"),
        (
            (
                row.id,
                row.kind,
                f"client {row.client_id}, session {row.sid}" if row.client_id else row.subject,
                row.state,
                row.attempts,
                at(row.created_at),
                at(row.not_before) if row.state == "waiting" else "",
                row.last_error or "",
            )
            for row in rows
        ),
    )
    answer([asdict(row) for row in rows], text, as_json=as_json)


@delivery.command()
@click.argument("ids", metavar="[ID]...", type=_ID, nargs=-1)
@_CLIENT
@_SID
@click.option("--all", "everything", is_flag=True, help="Everything that was not delivered.")
@json_option
def retry(
    ids: tuple[int, ...],
    client_id: str | None,
    sid: str | None,
    *,
    everything: bool,
    as_json: bool,
) -> None:
    """Have these tried again at once, as if they were new.

    What was given up for good (refused by the recipient's server, or expired) is not.
    """
    from idp.store.outbox import Chosen
    from idp.worker import upkeep

    named = bool(ids or client_id or sid)
    if named == everything or (ids and (client_id or sid)):
        raise click.UsageError("Name what to retry, by its id or by client and session, or --all.")
    with command() as ctx:
        which = Chosen(ids=ids or None, client_id=client_id, sid=sid)
        retried = upkeep.retry(ctx, which)
    left = sorted(set(ids) - set(retried))
    text = f"Tried again: {', '.join(map(str, retried)) or 'nothing'}."
    if left:
        text += f" Left alone: {', '.join(map(str, left))}."
    answer({"retried": retried, "left": left}, text, as_json=as_json)
