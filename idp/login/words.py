"""What the pages say: why we ask, what was wrong, how long to wait."""

from datetime import timedelta

from flask_babel import format_timedelta

from idp.credentials.passkeys import Refused
from idp.kernel.clock import epoch
from idp.login.proofs import Wait, Wrong
from idp.policy.factors import Step
from idp.policy.sign_in import Enrol
from idp.web.context import request_context
from idp.web.continuation import Handover
from idp.web.words import gettext as _
from idp.web.words import ngettext


def why(handover: Handover) -> str | None:
    """Return the reason for asking, where it is not the first time, and how old the proof is."""
    client = handover.client.name if handover.client else ""
    reasons = {
        "client_asks": _("%(client)s asks you to confirm that it is you.", client=client),
        "too_long_ago": _(
            "%(client)s wants a recent sign-in, and yours was a while ago.", client=client
        ),
        "other_account": _("%(client)s needs you to use another account.", client=client),
        "sensitive": _("You are about to change something that matters for your account."),
        "session_over": _("Your session is over. Please sign in again."),
        "step_lost": _("That step is over or belongs to another browser. Please start again."),
        "client_wants_more": _(
            "%(client)s asks for a surer proof than your session has shown.", client=client
        )
        if client
        else _("This takes a surer proof than your session has shown."),
        "asked_level_is_shown": _("%(client)s asks for this kind of proof.", client=client),
        "phishing_resistance_is_shown": _("Your account signs in with a passkey."),
        "factor_is_not_bypassed": _(
            "A link by mail is not enough to choose a new password: show your second step too."
        ),
    }
    sentence = reasons.get(handover.reason or "")
    if sentence is None:
        return None
    return " ".join(part for part in (sentence, _age(handover)) if part)


def _age(handover: Handover) -> str | None:
    """Return how old the last proof is, and how old it may be."""
    if handover.proved_at is None:
        return None
    seconds = max(0, epoch(request_context().now) - handover.proved_at)
    old = _span(seconds)
    if handover.age is None:
        return _("You last proved it %(old)s ago.", old=old)
    return _(
        "For that, your last proof may be %(age)s old; it is %(old)s old.",
        age=_span(handover.age),
        old=old,
    )


def _span(seconds: int) -> str:
    """Return a length of time as a person would say it."""
    return str(format_timedelta(timedelta(seconds=seconds), threshold=1.5))


def why_set_up(handover: Handover, verdict: Enrol | None) -> str | None:
    """Return the reason why a factor is to be set up."""
    client = handover.client
    if verdict is None:
        return why(handover) if handover.reason == "client_wants_more" else None
    if verdict.rule == "reset_takes_the_ticket":
        return _("Your second step was reset. Set up a new one before you go on.")
    if not verdict.required:
        return None
    if verdict.rule == "key_is_required":
        return _("Your account needs a passkey before you go on.")
    if client:
        return _("%(client)s needs this second step before you go on.", client=client.name)
    return _("Your account needs this second step before you go on.")


def use_instead(step: Step) -> str:
    """Return the words of the link to another step."""
    return {
        "key": _("Use a passkey or security key"),
        "totp": _("Use your authenticator app"),
        "text": _("Get a code by text message"),
        "mail": _("Get a code by mail"),
        "recovery_code": _("Use a recovery code"),
    }[step]


def wrong_password(outcome: Wait | Wrong) -> str:
    """Return what to say when a password did not do: the same for every cause."""
    if isinstance(outcome, Wait):
        return waiting(outcome.time)
    return _("That user name and password do not match. Check both and try again.")


def wrong_code(step: Step, outcome: Wait | Wrong) -> str:
    """Return what to say when a code did not do."""
    if isinstance(outcome, Wait):
        return waiting(outcome.time)
    if step == "recovery_code":
        return _("That is not one of your unused recovery codes. Check it letter by letter.")
    if step == "totp":
        return _("That code is not right, or it was used already. Enter the one that shows now.")
    return _("That code is not right, or too old. Check it, or get a new one.")


def wrong_passkey() -> str:
    """Return what to say when a passkey did not do: the same for every cause."""
    return _("That passkey could not be accepted. Try again, or use another way.")


def passkey_not_made(refused: Refused) -> str:
    """Return what to say when a passkey could not be bound."""
    reasons = {
        "duplicate": _("That passkey is registered already. Use another device or key."),
        "too_many": _("You have as many passkeys as one account can have. Remove one first."),
        "attestation": _("This kind of passkey or key is not accepted here. Use another one."),
    }
    return reasons.get(refused.reason, _("The passkey could not be created. Please try again."))


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
