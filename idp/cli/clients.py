"""`idp client ...`: relying parties."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from idp.cli import client_options
from idp.cli.answers import answer, json_option, pairs, table
from idp.cli.house import command

if TYPE_CHECKING:
    from idp.protocol.clients.metadata import Client

DISCOVERY = "/.well-known/openid-configuration"


@click.group()
def client() -> None:
    """Register, list and remove client applications."""


@client.command()
@click.option("--name", "client_name", required=True, help="What people read on our pages.")
@client_options.described
@click.option("--public", is_flag=True, help="It cannot keep a secret: an app or a page.")
@click.option("--first-party", is_flag=True, help="It is ours, so nobody is asked for consent.")
@click.option("--dpop", "dpop_bound_access_tokens", is_flag=True, help="It must use DPoP.")
@json_option
def create(*, public: bool, as_json: bool, **said: Any) -> None:
    """Register a client; its secret is shown this once."""
    from idp.protocol.clients import service
    from idp.protocol.clients.metadata import ClientMetadata

    if public:
        if said["token_endpoint_auth_method"] not in (None, "none"):
            raise click.UsageError("A --public client has no --auth-method: it has no secret.")
        said["token_endpoint_auth_method"] = "none"  # noqa: S105 - a method's name
    if said["audiences"] and not said["redirect_uris"]:
        # An API signs nobody in: it authenticates and asks about tokens.
        said["grant_types"] = said["grant_types"] or ("client_credentials",)
    metadata = ClientMetadata(**client_options.said(said))
    with command() as ctx:
        registered = service.create(ctx, metadata)
        issuer = ctx.settings.issuer
    shown = {
        "client_id": registered.client.client_id,
        "client_secret": registered.secret,
        "discovery": issuer + DISCOVERY,
    }
    data = {**shown, "issuer": issuer, "metadata": registered.client.metadata.as_json()}
    note = "\n\nThe secret is not shown again; keep it now." if registered.secret else ""
    answer(data, pairs(shown.items()) + note, as_json=as_json)


@client.command()
@click.argument("client_id")
@click.option("--name", "client_name", help="What people read on our pages.")
@client_options.described
@click.option("--first-party/--third-party", default=None, help="Whether it is ours.")
@click.option("--dpop/--no-dpop", "dpop_bound_access_tokens", default=None)
@json_option
def update(client_id: str, *, as_json: bool, **said: Any) -> None:
    """Change what is said, and leave the rest; `none` takes a level, an age or a link back."""
    from idp.protocol.clients import service

    changes = client_options.said(said)
    if not changes:
        raise click.UsageError("Say what shall be different.")
    with command() as ctx:
        changed = service.change(ctx, client_id, changes)
    answer(_as_json(changed), pairs(_as_json(changed).items()), as_json=as_json)


@client.command(name="list")
@json_option
def list_(*, as_json: bool) -> None:
    """List all clients."""
    from idp.protocol.clients.metadata import client_of
    from idp.store import clients

    with command() as ctx:
        known = [client_of(row) for row in clients.list_all(ctx.db)]
    rows = [(each.client_id, each.metadata.client_name, ", ".join(_marks(each))) for each in known]
    text = table(("CLIENT ID", "NAME", "KIND"), rows)
    answer([_as_json(each) for each in known], text, as_json=as_json)


@client.command()
@click.argument("client_id")
@json_option
def show(client_id: str, *, as_json: bool) -> None:
    """Show everything about a client but its secret."""
    from idp.protocol.clients import registry
    from idp.protocol.clients.service import NoSuchClient

    with command() as ctx:
        found = registry.find_newest(ctx, client_id)
    if found is None:
        raise NoSuchClient(client_id)
    answer(_as_json(found), pairs(_as_json(found).items()), as_json=as_json)


@client.command()
@click.argument("client_id")
@json_option
def rotate_secret(client_id: str, *, as_json: bool) -> None:
    """Give a client a new secret, shown this once; the old one is dead."""
    from idp.protocol.clients import service

    with command() as ctx:
        secret = service.rotate_secret(ctx, client_id)
    shown = {"client_id": client_id, "client_secret": secret}
    answer(shown, pairs(shown.items()), as_json=as_json)


@client.command()
@click.argument("client_id")
@json_option
def disable(client_id: str, *, as_json: bool) -> None:
    """Give a client nothing any more, and void what it has at once."""
    from idp.protocol.clients import service

    with command() as ctx:
        done = service.disable(ctx, client_id)
    said = "is disabled; nothing that it had is accepted" if done else "was disabled already"
    answer({"client_id": client_id, "changed": done}, f"{client_id} {said}.", as_json=as_json)


@client.command()
@click.argument("client_id")
@json_option
def enable(client_id: str, *, as_json: bool) -> None:
    """Let a disabled client ask again; what was void stays void."""
    from idp.protocol.clients import service

    with command() as ctx:
        done = service.enable(ctx, client_id)
    said = "is enabled" if done else "was not disabled"
    answer({"client_id": client_id, "changed": done}, f"{client_id} {said}.", as_json=as_json)


@client.command()
@click.argument("client_id")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def delete(client_id: str, *, yes: bool, as_json: bool) -> None:
    """Remove a client with its consents and grants."""
    from idp.protocol.clients import registry, service
    from idp.protocol.clients.service import NoSuchClient

    with command() as ctx:
        found = registry.find_newest(ctx, client_id)
        if found is None:
            raise NoSuchClient(client_id)
        name = pairs([("Remove", found.metadata.client_name)])
        if not yes:
            click.confirm(f"{name} with everything it was granted?", abort=True, err=True)
        service.delete(ctx, client_id)
    data = {"client_id": client_id, "deleted": True}
    answer(data, f"{client_id} is gone.", as_json=as_json)


def _marks(each: Client) -> list[str]:
    marks = ["public" if each.public else "confidential"]
    marks += ["first-party"] if each.metadata.first_party else []
    return marks + (["disabled"] if each.disabled else [])


def _as_json(each: Client) -> dict[str, object]:
    return {"client_id": each.client_id, "disabled": each.disabled, **each.metadata.as_json()}
