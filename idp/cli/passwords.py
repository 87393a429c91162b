"""Passwords come from standard input or a prompt, never from argv, where everybody reads them."""

import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])
# In bytes, and more than a password may have; a file piped in by mistake is not read to its end.
MOST = 16 * 1024


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
    if from_stdin:
        return _valid(_first_line())
    if not sys.stdin.isatty():
        raise click.UsageError("No terminal to ask on: use --password-stdin.")
    return _valid(str(click.prompt("Password", hide_input=True, confirmation_prompt=True)))


def _first_line() -> str:
    line = sys.stdin.buffer.readline(MOST + 1)
    if len(line) > MOST:
        raise click.UsageError("The first line is too long for a password.")
    try:
        return line.decode().rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise click.UsageError("The password is not valid UTF-8.") from error


def _valid(password: str) -> str:
    if not password:
        raise click.UsageError("The password is empty.")
    return password
