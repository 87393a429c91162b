"""A token comes to a command by a prompt or by standard input, where nobody else reads it."""

import sys

import click

# In bytes, and more than a token of ours has; a file piped in by mistake is not read to its end.
MOST = 16 * 1024
STDIN = "-"


def token_of(token: str | None) -> str:
    """Return the token that is given, typed or piped in.

    Raises:
        click.UsageError: there is none, or too much of it.
    """
    if token is None and sys.stdin.isatty():
        token = str(click.prompt("Token", hide_input=True))
    elif token in (None, STDIN):
        line = sys.stdin.buffer.readline(MOST + 1)
        if len(line) > MOST:
            raise click.UsageError("The first line is too long for a token.")
        token = line.decode("utf-8", "replace")
    token = (token or "").strip().removeprefix("Bearer ").removeprefix("DPoP ").strip()
    if not token:
        raise click.UsageError("There is no token.")
    return token
