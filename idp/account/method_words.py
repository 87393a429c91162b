"""How somebody proved to be there, in words."""

from collections.abc import Iterable

from idp.web.words import gettext as _


def methods_in_words(amr: Iterable[str]) -> list[str]:
    """Return what was shown, each once, in the order in which it was."""
    names = {
        "pwd": _("Password"),
        "otp": _("Authenticator app"),
        "rec": _("Recovery code"),
        "sms": _("Code by text message"),
        "mail": _("Code by mail"),
        "pop": _("Passkey"),
        "swk": _("Passkey"),
        "hwk": _("Security key"),
        "bound": _("New passkey"),
    }
    return list(dict.fromkeys(names[method] for method in amr if method in names))
