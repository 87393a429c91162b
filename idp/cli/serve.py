"""`idp serve`: the provider itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from idp.settings import Settings

EVERYWHERE = "0.0.0.0"  # noqa: S104 - where a proxy or a container's network reaches it
DEFAULT_PORT = 8000


@click.command()
@click.option("--host", help="Address to listen on.  [default: 127.0.0.1, or 0.0.0.0 for https]")
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    help="Port to listen on.  [default: the issuer's, or 8000 for https]",
)
@click.option("--workers", type=click.IntRange(1, 256), default=1, show_default=True)
@click.option(
    "--threads",
    type=click.IntRange(1, 64),
    default=4,
    show_default=True,
    help="Requests answered at once by each worker.",
)
def serve(host: str | None, port: int | None, workers: int, threads: int) -> None:
    """Serve the provider.

    On SQLite it migrates first and does the background work too. On PostgreSQL run `idp migrate`
    before, and `idp worker` beside it.
    """
    from idp.cli.house import set_up
    from idp.cli.serving import Listening, check_port_free
    from idp.cli.serving import serve as run
    from idp.kernel.errors import SetupFault
    from idp.settings import load

    settings = load()
    if settings.embedded and workers > 1:
        raise SetupFault(
            "--workers: SQLite lets one process write at a time, so it is served by one worker. "
            "Use PostgreSQL (IDP_DATABASE_URL) for more."
        )
    default_host, default_port = place_of(settings)
    listening = Listening(
        host=host or default_host, port=port or default_port, workers=workers, threads=threads
    )
    check_port_free(listening.host, listening.port)
    set_up(settings, upgrade=settings.embedded)
    ready = f"Serving {settings.issuer} on {listening.host}:{listening.port}"
    run(settings, listening, lambda: click.echo(ready))


def place_of(settings: Settings) -> tuple[str, int]:
    """Return where to listen by default: where a loopback issuer says, else behind a proxy."""
    from urllib.parse import urlsplit

    if settings.plain_http:
        return "127.0.0.1", urlsplit(settings.issuer).port or 80
    return EVERYWHERE, DEFAULT_PORT
