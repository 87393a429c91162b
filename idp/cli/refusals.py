"""How a refusal reads on the terminal: one clear message, never a traceback.

Exit status 1 says that it was understood and refused, 2 that it was not understood.
"""

from errno import EPIPE
from typing import Any

import click

from idp.kernel.errors import IdpError


class Refusing(click.Group):
    """A group whose commands end with a message where a service refuses."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except IdpError as error:
            raise click.ClickException(words_of(error)) from error
        except UnicodeEncodeError as error:
            # So do bytes of an argument stand that are no text.
            if error.reason != "surrogates not allowed":
                raise
            raise click.UsageError("An argument is not valid UTF-8.") from error
        except OSError as error:
            # Whoever reads no further has read enough, which click knows itself.
            if error.errno == EPIPE:
                raise
            said = (error.filename, error.strerror)
            raise click.ClickException(": ".join(str(part) for part in said if part)) from error


def words_of(error: IdpError) -> str:
    """Return what the operator reads; unlike a visitor, an operator may read the detail."""
    from idp.credentials.password_rules import PasswordRefused
    from idp.kernel.errors import SetupFault, Unavailable

    if isinstance(error, PasswordRefused):
        return _password_words(error)
    if isinstance(error, SetupFault):
        return error.detail or error.public
    if isinstance(error, Unavailable):
        return f"The database does not answer ({error.detail})."
    faults = getattr(error, "faults", None)
    if faults:
        return "\n".join([error.public, *(f"  {fault}" for fault in faults)])
    return error.public


def _password_words(error: Any) -> str:
    from idp.credentials.password_rules import Reason

    reasons = {
        Reason.TOO_SHORT: f"It is too short: {error.limit} characters or more are needed.",
        Reason.TOO_LONG: f"It is too long: {error.limit} characters are the most.",
        Reason.COMMON: "It is among the passwords that are tried first.",
        Reason.PREDICTABLE: "It is easy to guess: a pattern, a repetition or few common words.",
        Reason.CONTAINS_IDENTITY: "It is made of the user's name, address or this service's name.",
        Reason.BREACHED: "It is in IDP_BREACHED_PASSWORDS: it was stolen from another service.",
    }
    return f"{error.public} {reasons[error.reason]}"
