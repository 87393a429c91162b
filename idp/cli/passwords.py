"""Passwords come from standard input or a prompt, never from argv, where everybody reads them."""

from collections.abc import Callable
from typing import Any, TextIO, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])
# Far more than a password may have; a file piped in by mistake is not read to its end.
MOST = 8192


def password_option(command: Command) -> Command:
    """Give a command `--password-stdin`."""
    return click.option(
        "--password-stdin",
        is_flag=True,
        help="Read the password from the first line of standard input.",
    )(command)


def read_password(*, from_stdin: bool) -> str:
    """Return the password, asking for it twice on a terminal.

    Raises:
        click.UsageError: nobody is there to be asked.
    """
    stdin: TextIO = click.get_text_stream("stdin", errors="surrogateescape")
    if from_stdin:
        return _valid(stdin.readline(MOST).rstrip("\r\n"))
    if not stdin.isatty():
        raise click.UsageError("No terminal to ask on: use --password-stdin.")
    return _valid(str(click.prompt("Password", hide_input=True, confirmation_prompt=True)))


def _valid(password: str) -> str:
    if not password:
        raise click.UsageError("The password is empty.")
    try:
        password.encode()
    except UnicodeEncodeError as error:
        raise click.UsageError("The password is not valid UTF-8.") from error
    return password
