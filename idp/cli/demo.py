"""`idp demo`: the provider, an account and two client applications, with one command."""

from __future__ import annotations

import os
import signal
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

if TYPE_CHECKING:
    from idp.demo.companion import Companion
    from idp.settings import Settings

PORT, CLIENT_PORT = 8000, 8001
HOST = "127.0.0.1"
_PORT = click.IntRange(1, 65535)


@click.command()
@click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for everything that is kept.  [default: data]",
)
@click.option("--port", type=_PORT, help="Of the provider.  [default: 8000]")
@click.option("--client-port", type=_PORT, default=CLIENT_PORT, show_default=True)
def demo(data_dir: Path | None, port: int | None, client_port: int) -> None:
    """Start a provider to try out, with an account and two client applications."""
    from idp.demo.companion import Companion

    wanted = port or PORT
    if wanted == client_port:
        raise click.UsageError("The provider and the applications need a port each.")
    _check_free(wanted, "--port", "PORT")
    _check_free(client_port, "--client-port", "CLIENT_PORT")
    # The applications' process imports its half while this one imports the provider.
    with Companion(client_port) as companion:
        settings = settings_of(data_dir, wanted)
        _start(settings, wanted, client_port, companion)


def settings_of(data_dir: Path | None, port: int) -> Settings:
    """Return the demo's settings: the environment's, and where it says nothing, the demo's own.

    Raises:
        SetupFault: the issuer of the environment is at another port of this machine.
    """
    from idp.kernel.errors import SetupFault
    from idp.settings import load

    mine: dict[str, object] = {} if data_dir is None else {"data_dir": data_dir}
    given = load(**mine)
    if "issuer" not in given.model_fields_set:
        return load(**mine, issuer=f"http://localhost:{port}")
    if given.plain_http and (urlsplit(given.issuer).port or 80) != port:
        raise SetupFault(f"IDP_ISSUER is {given.issuer}, but the provider's port is {port}.")
    return given


def _start(settings: Settings, port: int, client_port: int, companion: Companion) -> None:
    from dataclasses import asdict

    from idp.cli.house import context, opened, set_up
    from idp.cli.serving import Listening, serve
    from idp.demo.account import NAME, ensure_user
    from idp.demo.registration import ensure_clients

    base = f"http://localhost:{client_port}"
    set_up(settings, upgrade=True)
    with opened(settings) as house:
        with context(house) as ctx:
            password = ensure_user(ctx)
        with context(house) as ctx:
            registrations = ensure_clients(ctx, base)
    companion.tell(settings.issuer, [asdict(each) for each in registrations])

    def announce() -> None:
        if companion.is_ready():
            click.echo(_welcome(settings, base, NAME, password))
            return
        click.echo("Error: The client applications did not start.", err=True)
        os.kill(os.getpid(), signal.SIGTERM)

    serve(settings, Listening(host=HOST, port=port), announce)


def _welcome(settings: Settings, base: str, name: str, password: str | None) -> str:
    lines = [f"Open {base}", "", f"  Sign in as  {name}"]
    if password is not None:
        return "\n".join([*lines, f"  Password    {password}   (not shown again)", ""])
    command = Path(sys.argv[0]).resolve()
    idp = str(command) if command.name == "idp" else f"{sys.executable} -m idp"
    folder = settings.data_dir.resolve()
    return "\n".join(
        [
            *lines,
            "  Password    was shown at the first start. For another one:",
            f"              IDP_DATA_DIR={folder} {idp} user set-password {name}",
            "",
        ]
    )


def _check_free(port: int, option: str, variable: str) -> None:
    """Let a port pass on which nobody listens, be it under IPv4 or IPv6: a browser tries both."""
    from idp.cli.serving import check_port_free
    from idp.kernel.errors import SetupFault

    try:
        check_port_free(HOST, port)
        with socket.socket(socket.AF_INET6) as probe:
            taken = probe.connect_ex(("::1", port)) == 0
    except SetupFault:
        taken = True
    except OSError:  # a machine without IPv6
        taken = False
    if taken:
        raise SetupFault(
            f"Port {port} is taken. Choose another one: "
            f"`idp demo {option} NUMBER` or `make run {variable}=NUMBER`."
        )
