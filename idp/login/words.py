"""What the pages say: why we ask, what was wrong, how long to wait."""

from datetime import timedelta

from idp.login.service import Wait, Wrong
from idp.web.continuation import Handover
from idp.web.words import gettext as _
from idp.web.words import ngettext


def why(handover: Handover) -> str | None:
    """Return the reason for asking, where it is not the first time."""
    client = handover.client.name if handover.client else ""
    reasons = {
        "client_asks": _("%(client)s asks you to confirm that it is you.", client=client),
        "too_long_ago": _(
            "%(client)s wants a recent sign-in, and yours was a while ago.", client=client
        ),
        "other_account": _("%(client)s needs you to use another account.", client=client),
        "sensitive": _("You are about to change how you sign in, so please confirm it is you."),
        "session_over": _("Your session is over. Please sign in again."),
        "step_lost": _("That step is over or belongs to another browser. Please start again."),
    }
    return reasons.get(handover.reason or "")


def wrong_password(outcome: Wait | Wrong) -> str:
    """Return what to say when a password did not do: the same for every cause."""
    if isinstance(outcome, Wait):
        return waiting(outcome.time)
    return _("That user name and password do not match. Check both and try again.")


def wrong_code(outcome: Wait | Wrong) -> str:
    """Return what to say when a code did not do."""
    if isinstance(outcome, Wait):
        return waiting(outcome.time)
    return _("That code is not right, or it was used already. Enter the one that shows now.")


def wrong_recovery_code(outcome: Wait | Wrong) -> str:
    """Return what to say when a recovery code did not do."""
    if isinstance(outcome, Wait):
        return waiting(outcome.time)
    return _("That is not one of your unused recovery codes. Check it letter by letter.")


def waiting(time: timedelta) -> str:
    """Return how long to wait, in the unit that a person would use."""
    seconds = max(1, round(time.total_seconds()))
    minutes = -(-seconds // 60)
    if seconds <= 90:
        return ngettext(
            "Too many attempts. Wait %(num)d second and try again.",
            "Too many attempts. Wait %(num)d seconds and try again.",
            seconds,
        )
    return ngettext(
        "Too many attempts. Wait %(num)d minute and try again.",
        "Too many attempts. Wait %(num)d minutes and try again.",
        minutes,
    )
