"""Why a rule says what it says, in words for prompts, the account page and the command line."""

from idp.policy.book import BOUNDS, DEFAULTS, Policy
from idp.web.words import gettext as _

_ENDS = (".", "!", "?", "…", "。", "؟")


def why(rule: str, because: str = "") -> str:
    """Return why a rule applied: its own words where it has any, and its name where nobody has."""
    built_in = {
        "copied_cookie": _("This session was used in two places by turns"),
        "network_and_browser_changed": _("Your network and your browser changed in one step"),
        "impossible_travel": _(
            "You were somewhere else a moment ago, farther than anybody travels"
        ),
        "device_credential_missing": _(
            "This does not seem to be the browser that you signed in with"
        ),
        "stale_cookie": _("Your session seems to be in use by a copy of this browser's cookies"),
        "high_risk": _("Much about this is unfamiliar to us"),
        "elevated_risk": _("Something about this is unfamiliar to us"),
        "new_browser": _("This browser is new to us"),
        "trusted_browser_with_passkey": _("You trust this browser and showed a passkey"),
        DEFAULTS: _("This is what holds for everybody"),
        BOUNDS: _("This provider asks it of everybody"),
    }
    return because or built_in.get(rule, rule)


def as_sentence(words: str) -> str:
    """Return a rule's own words with a full stop, which operators may write or leave out."""
    return words if words.endswith(_ENDS) or not words else _("%(sentence)s.", sentence=words)


def refusal(policy: Policy, rule: str) -> str:
    """Return that a rule refuses something in a session that stands, and why."""
    return _(
        "The rules of this service do not allow this here and now. %(why)s",
        why=as_sentence(why_of(policy, rule)),
    )


def why_of(policy: Policy, rule: str) -> str:
    """Return why a rule of this policy applied; one of an earlier policy goes by its name."""
    named = (each.because for each in policy.rules if each.name == rule)
    return why(rule, next(named, ""))
