"""`idp device ...`: which browsers know a user, and an end to that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from idp.cli.answers import answer, json_option, table
from idp.cli.house import command

if TYPE_CHECKING:
    from idp.admin.device_desk import Seen


@click.group()
def device() -> None:
    """List the browsers of a user, and make some strangers again."""


@device.command(name="list")
@click.argument("user")
@json_option
def list_(user: str, *, as_json: bool) -> None:
    """List the browsers that signed USER (a name or subject) in before.

    A trusted one stands for the second step; a confirmed one is USER's, as USER said or as a
    sign-in from it looked.
    """
    from idp.admin.device_desk import devices_of
    from idp.admin.target import require_user
    from idp.web.device_words import describe

    with command() as ctx:
        seen = devices_of(ctx, require_user(ctx, user))
        now = ctx.now
    rows = [
        (
            each.device.device_id,
            describe(each.device.user_agent),
            f"{each.device.first_seen_at:%Y-%m-%d}",
            f"{each.device.last_seen_at:%Y-%m-%d %H:%M}",
            f"{until:%Y-%m-%d}" if (until := each.device.trusted_until) and until > now else "no",
            f"{each.device.confirmed_at:%Y-%m-%d}" if each.device.confirmed_at else "no",
            len(each.sids),
        )
        for each in seen
    ]
    headings = ("DEVICE", "BROWSER", "SINCE", "LAST SIGN-IN", "TRUSTED UNTIL", "CONFIRMED", "LIVE")
    answer([_as_json(each) for each in seen], table(headings, rows), as_json=as_json)


@device.command()
@click.argument("user")
@click.argument("ids", metavar="DEVICE...", nargs=-1, required=True)
@click.option("--reason", required=True, metavar="TEXT", help="Why; USER can read it.")
@json_option
def revoke(user: str, ids: tuple[str, ...], *, reason: str, as_json: bool) -> None:
    """Make DEVICE a stranger to USER: its trust and its sessions end, before this returns.

    Offline access stands without its session: `idp token revoke --user USER` takes that back.
    """
    from idp.admin import device_desk
    from idp.admin.target import require_user

    with command() as ctx:
        who = require_user(ctx, user)
        ended = device_desk.revoke(ctx, who, ids, reason)
    count = len(set(ids))
    text = f"{who.username}: browsers revoked: {count}. Sessions ended: {ended}."
    data = {"username": who.username, "sub": who.id, "revoked": count, "sessions_ended": ended}
    answer(data, text, as_json=as_json)


def _as_json(seen: Seen) -> dict[str, Any]:
    from dataclasses import asdict

    known = asdict(seen.device)
    return {**known, "sessions": list(seen.sids)}
