"""`idp key ...`: signing keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from idp.cli.answers import answer, json_option, table
from idp.cli.house import command, context, opened

if TYPE_CHECKING:
    from idp.kernel.registry import Registry
    from idp.protocol.keys.service import Rotation

ALGORITHMS = ("RS256", "ES256", "PS256")


@click.group()
def key() -> None:
    """List and rotate the keys that sign tokens."""


@key.command(name="list")
@json_option
def list_(*, as_json: bool) -> None:
    """List the published keys."""
    from idp.store import signing_keys

    with command() as ctx:
        rows = signing_keys.list_published(ctx.db, ctx.now)
    fields = ("kid", "algorithm", "state", "created_at", "activated_at", "published_until")
    data = [{field: getattr(row, field) for field in fields} for row in rows]
    text = table(
        ("ALGORITHM", "STATE", "KID", "SINCE", "PUBLISHED UNTIL"),
        (
            (
                row.algorithm,
                row.state,
                row.kid,
                f"{row.retired_at or row.activated_at or row.created_at:%Y-%m-%d %H:%M}",
                f"{row.published_until:%Y-%m-%d %H:%M}" if row.published_until else "",
            )
            for row in rows
        ),
    )
    answer(data, text, as_json=as_json)


@key.command()
@click.option("--algorithm", type=click.Choice(ALGORITHMS), help="Only this one.  [default: all]")
@click.option("--no-wait", is_flag=True, help="Fail where the next key is too new to sign.")
@json_option
def rotate(algorithm: str | None, *, no_wait: bool, as_json: bool) -> None:
    """Let the next key sign; the old one stays published until its last token expires."""
    from dataclasses import asdict

    with opened() as house:
        chosen = [algorithm] if algorithm else list(ALGORITHMS)
        done = [_rotate(house, each, wait=not no_wait) for each in chosen]
    text = "\n".join(
        f"{each.algorithm}: {each.active} signs, {each.next} is next"
        + (f", {each.retired} is retired" if each.retired else "")
        for each in done
    )
    answer([asdict(each) for each in done], text, as_json=as_json)


def _rotate(house: Registry, algorithm: str, *, wait: bool) -> Rotation:
    from time import sleep

    from idp.protocol.keys import service

    while True:
        try:
            with context(house) as ctx:
                return service.rotate(ctx, algorithm)
        except service.TooEarly as early:
            seconds = early.wait.total_seconds()
            if not wait:
                raise click.ClickException(f"{early.public} Wait {seconds:.0f} s.") from early
            click.echo(f"{algorithm}: {early.public} Waiting {seconds:.0f} s.", err=True)
            sleep(seconds)
