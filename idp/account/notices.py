"""What an account page says after an act, carried over the redirect by a ticket."""

from idp.web import continuation, parameters
from idp.web.continuation import Handover
from idp.web.words import gettext as _

PURPOSE = "notice"


def with_notice(path: str, key: str) -> str:
    """Return the address of an account page with something to say."""
    return continuation.url(path, PURPOSE, Handover(to=path, reason=key))


def notice() -> dict[str, object] | None:
    """Return what this request's ticket says, how it sounds, and whether to look at the devices."""
    said = continuation.receive(PURPOSE, parameters.query())
    key = said.reason or "" if said else ""
    sentence = _sentences().get(key)
    if sentence is None:
        return None
    return {"text": sentence, "bad": key in _BAD, "devices": key in _ABOUT_FACTORS}


# Nothing happened, and the person should know why.
_BAD = {
    "factor_needed",
    "password_needed",
    "phone_needed",
    "too_many_passkeys",
    "too_many_apps",
    "name_missing",
    "code_not_sent",
}
# Whoever changes how they sign in may want other sessions to end (ASVS 5.0 §7.4.3).
_ABOUT_FACTORS = {"added", "passkey_removed", "app_removed", "password_removed"}


def _sentences() -> dict[str, str]:
    return {
        "confirmed": _("Confirmed. Now press the button again."),
        "added": _("Added. You can use it from now on."),
        "factor_needed": _(
            "This one stays: without it you could not sign in as this account needs."
        ),
        "password_needed": _("The password stays: without it you could not sign in any more."),
        "passkey_removed": _("The passkey was removed."),
        "passkey_renamed": _("The passkey has its new name."),
        "passkey_known": _("The warning is gone. The passkey signs you in as before."),
        "app_removed": _("The authenticator app was removed."),
        "app_renamed": _("The authenticator app has its new name."),
        "name_missing": _("A name needs at least one character."),
        "too_many_passkeys": _("You have as many passkeys as an account can have."),
        "too_many_apps": _("You have as many authenticator apps as an account can have."),
        "password_changed": _("Your password was changed, and every other session was ended."),
        "password_set": _("You have a password now."),
        "password_removed": _("Your password was removed. You sign in with your passkey."),
        "profile_saved": _("Your profile was saved."),
        "profile_same": _("Nothing was different, so nothing was changed."),
        "email_sent": _(
            "Open the link that we sent to the new address. Until then nothing changes."
        ),
        "phone_changed": _("Your phone number was changed."),
        "phone_removed": _("Your phone number was removed."),
        "phone_needed": _("The phone number stays: your second step needs it."),
        "code_not_sent": _("Too many codes were sent. Wait a while before you ask for another."),
        "session_ended": _("That device was signed out."),
        "others_ended": _("Every other device was signed out."),
        "device_forgotten": _("That browser is new to us again."),
        "was_me": _("Thank you. We know this as yours now."),
        "secured": _(
            "Everybody else is signed out. Now look whether you know each of these ways to sign "
            "in, and remove what you do not know."
        ),
        "connection_revoked": _("The application has no access any more."),
    }
