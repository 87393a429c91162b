"""`idp key ...`: signing keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from idp.cli.answers import answer, json_option, table
from idp.cli.house import command, context, opened

if TYPE_CHECKING:
    from idp.kernel.registry import Registry
    from idp.protocol.keys.service import Rotation


@click.group()
def key() -> None:
    """List, rotate and revoke the keys that sign tokens."""


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


def _known(ctx: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """Let an algorithm pass that we sign by."""
    from idp.kernel.jose import SIGNING_ALGORITHMS

    del ctx, parameter
    if value is not None and value not in SIGNING_ALGORITHMS:
        raise click.BadParameter(f"{value!r} is not one of {', '.join(SIGNING_ALGORITHMS)}.")
    return value


@key.command()
@click.option("--algorithm", metavar="ALG", callback=_known, help="Only this.  [default: all]")
@click.option("--no-wait", is_flag=True, help="Fail where the next key is too new to sign.")
@json_option
def rotate(algorithm: str | None, *, no_wait: bool, as_json: bool) -> None:
    """Let the next key sign; the old one stays published until its last token expires.

    The worker does so by itself every IDP_KEY_ROTATION seconds.
    """
    from dataclasses import asdict

    from idp.cli.house import ensure_keys
    from idp.kernel.jose import SIGNING_ALGORITHMS

    with opened() as house:
        ensure_keys(house)
        chosen = [algorithm] if algorithm else list(SIGNING_ALGORITHMS)
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


@key.command()
@click.argument("kid")
@click.option("--reason", required=True, metavar="TEXT", help="Why; stands in the audit log.")
@json_option
def revoke(kid: str, reason: str, *, as_json: bool) -> None:
    """Remove a key at once, for its private half may be in other hands.

    Tokens that it signed are refused everywhere here, honest ones too: clients get new ones by a
    refresh or another sign-in; sessions and grants stay. If it was the active key, the next one
    signs from now on. The command waits until every node has forgotten the key
    (IDP_KEYS_CACHED_FOR) and then says so.

    Whoever verifies tokens without asking us goes on accepting the key for as long as the JWK Set
    is cached there: IDP_JWKS_MAX_AGE where that is heeded. Have such caches emptied.
    """
    from dataclasses import asdict
    from time import sleep

    from idp.protocol.keys import revocation
    from idp.settings import Settings

    if not reason.strip():
        raise click.BadParameter("say why", param_hint="--reason")
    with opened() as house:
        with context(house) as ctx:
            done = revocation.revoke(ctx, kid, because=reason.strip())
        revocation.forget(ctx)
        wait = house.get(Settings).keys_cached_for.total_seconds()
    click.echo(f"Revoked. Waiting {wait:g} s, until every node has forgotten it.", err=True)
    sleep(wait)
    text = f"{done.algorithm}: {kid} is revoked, {done.active} signs, {done.next} is next"
    answer(asdict(done), text, as_json=as_json)
