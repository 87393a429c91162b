"""`idp session ...`: who is signed in, from where, until when and why; and the end of it."""

from __future__ import annotations

import click

from idp.cli.answers import answer, json_option, table
from idp.cli.house import command
from idp.cli.session_words import as_json as told
from idp.cli.session_words import in_words

_REASON = "Why; the people concerned can read it."


@click.group()
def session() -> None:
    """List and explain sessions, and end them."""


@session.command(name="list")
@click.option("--user", "name", metavar="NAME", help="Of this user, by name or subject.")
@click.option("--client", "client_id", metavar="ID", help="That this client has something out of.")
@click.option(
    "--risk", type=click.Choice(("low", "elevated", "high")), help="Judged so when last seen."
)
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True)
@json_option
def list_(
    *, name: str | None, client_id: str | None, risk: str | None, limit: int, as_json: bool
) -> None:
    """List live sessions, those that last longest unused first.

    One that is `challenged` is good for nothing until its user proves to be there again.
    """
    from dataclasses import asdict

    from idp.admin.target import NoClientOfThisName, require_user
    from idp.store import clients, session_listing
    from idp.web.device_words import describe

    with command() as ctx:
        who = require_user(ctx, name) if name is not None else None
        if client_id is not None and clients.find(ctx.db, client_id) is None:
            raise NoClientOfThisName
        rows = session_listing.list_live(
            ctx.db,
            ctx.now,
            user_id=who.id if who else None,
            client_id=client_id,
            risk=risk,
            limit=limit,
        )
    text = table(
        ("SESSION", "USER", "LEVEL", "RISK", "STATE", "LAST SEEN", "ENDS", "ADDRESS", "BROWSER"),
        (
            (
                row.sid,
                row.username,
                row.acr,
                row.risk,
                "challenged" if row.challenge else "live",
                f"{row.last_seen_at:%Y-%m-%d %H:%M}",
                f"{min(row.idle_until, row.absolute_until):%Y-%m-%d %H:%M}",
                row.address,
                describe(row.user_agent),
            )
            for row in rows
        ),
    )
    answer([asdict(row) for row in rows], text, as_json=as_json)


@session.command()
@click.argument("sid")
@json_option
def show(sid: str, *, as_json: bool) -> None:
    """Explain a session: whose, where, how surely, until when, and by which rule.

    With what was decided about it and why, what clients have out of it, and who is told of its end.
    """
    from idp.admin import session_desk

    with command() as ctx:
        story = session_desk.story_of(ctx, sid)
        now = ctx.now
    answer(told(story, now), in_words(story, now), as_json=as_json)


@session.command()
@click.argument("sid")
@click.option("--reason", required=True, metavar="TEXT", help=_REASON)
@json_option
def end(sid: str, *, reason: str, as_json: bool) -> None:
    """End a session with what hangs on it; it counts before this returns, and clients are told.

    Offline access stands without its session: `idp token revoke --session SID --offline` ends both.
    """
    from idp.admin import session_desk

    with command() as ctx:
        ended = session_desk.end(ctx, sid, reason)
    said = "is over now" if ended else "was over already"
    answer({"sid": sid, "ended": ended}, f"{sid} {said}.", as_json=as_json)


@session.command()
@click.option("--user", "name", required=True, metavar="NAME", help="By name or subject.")
@click.option("--reason", required=True, metavar="TEXT", help=_REASON)
@json_option
def end_all(*, name: str, reason: str, as_json: bool) -> None:
    """End every session of a user; it counts before this returns, and clients are told.

    Offline access stands: `idp token revoke --user NAME` takes that back as well.
    """
    from idp.admin import session_desk
    from idp.admin.target import require_user

    with command() as ctx:
        who = require_user(ctx, name)
        count = session_desk.end_all(ctx, who, reason)
    data = {"sub": who.id, "username": who.username, "sessions_ended": count}
    answer(data, f"{who.username}: sessions ended: {count}.", as_json=as_json)
