"""`idp token ...`: what was given to clients and browsers."""

from __future__ import annotations

import click

from idp.cli.token_inspect import inspect
from idp.cli.token_revoke import revoke


@click.group()
def token() -> None:
    """Look into tokens and take them back."""


token.add_command(inspect)
token.add_command(revoke)
