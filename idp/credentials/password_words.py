"""What pages say about a password that was not taken (NIST SP 800-63B-4 §3.1.1.2: the reason)."""

from idp.credentials.password_rules import PasswordRefused, Reason
from idp.web.words import gettext as _
from idp.web.words import ngettext


def refused(error: PasswordRefused) -> str:
    """Return why a password cannot be used, and what would do instead."""
    limit = error.limit or 0
    reasons = {
        Reason.TOO_SHORT: ngettext(
            "That password is too short. Use %(num)d character or more.",
            "That password is too short. Use %(num)d characters or more.",
            limit,
        ),
        Reason.TOO_LONG: ngettext(
            "That password is too long. Use %(num)d character at most.",
            "That password is too long. Use %(num)d characters at most.",
            limit,
        ),
        Reason.COMMON: _(
            "That password is among the first that are tried. Use one that nobody else would."
        ),
        Reason.PREDICTABLE: _(
            "That password is easy to guess: a pattern, a repetition or a few common words."
        ),
        Reason.CONTAINS_IDENTITY: _(
            "That password is made of your name, your address or the name of this service."
        ),
        Reason.BREACHED: _(
            "That password was stolen from another service, so it is among those that are tried. "
            "Use one that you use nowhere else."
        ),
    }
    return reasons[error.reason]


def advice(minimum: int) -> str:
    """Return what to say before somebody chooses a password."""
    return ngettext(
        "%(num)d character or more. A few unrelated words are easy to remember and hard to guess.",
        "%(num)d characters or more. A few unrelated words are easy to remember and hard to guess.",
        minimum,
    )
