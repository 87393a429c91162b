"""Why a request looked unlike its user, in words."""

from collections.abc import Iterable

from idp.policy.facts import Contribution
from idp.web.place_words import country_name
from idp.web.words import gettext as _


def in_words(reason: Contribution) -> str:
    """Return one reason as a sentence to the person whom it concerns."""
    told = {**_of_place(reason.detail), **_of_browser(reason.detail), **_of_circumstances()}
    return told.get(reason.name) or _("Something else was taken into account")


def suspicions(reasons: Iterable[Contribution], most: int = 3) -> list[str]:
    """Return what spoke against a request, the strongest first."""
    against = sorted((each for each in reasons if each.weight > 0), key=lambda each: -each.weight)
    return list(dict.fromkeys(map(in_words, against)))[:most]


def _of_place(detail: str) -> dict[str, str]:
    country = country_name(detail)
    network = _("This network is new to us")
    return {
        "new_country": _("You have not signed in from %(country)s before", country=country),
        "new_asn": network,
        "new_prefix": network,
        "new_address": _("You have not signed in from this address before"),
        "seldom_network": _("You have seldom signed in from this network"),
        "rare_network": _("Hardly anybody signs in from this network"),
        "usual_network": _("You often sign in from this network"),
        "hosting": _("The address belongs to a data centre or a VPN"),
        "tor": _("The connection came through the Tor network"),
        "impossible_travel": _("You were far away from here a moment ago"),
        "network_failures": _("There were failed sign-ins from this network"),
    }


def _of_browser(detail: str) -> dict[str, str]:
    kind = _("You have not signed in with a device of this kind before")
    version = _("You have not signed in with this version of the browser before")
    return {
        "new_device": _("This browser is new to us"),
        "unconfirmed_device": _("This browser has signed you in before"),
        "unopposed_device": _("This browser has signed you in before"),
        "known_device": _("This browser has signed you in before"),
        "trusted_device": _("You trust this browser"),
        "device_differs": _("This browser is not the one that it claims to be"),
        "new_kind": kind,
        "new_system": _("You have not signed in with %(system)s before", system=detail),
        "new_browser": _("You have not signed in with %(browser)s before", browser=detail),
        "new_version": version,
        "new_agent": version,
        "seldom_agent": _("You seldom sign in with a browser like this"),
        "rare_agent": _("Hardly anybody signs in with a browser like this"),
        "usual_agent": _("You often sign in with a browser like this"),
    }


def _of_circumstances() -> dict[str, str]:
    hour = _("You seldom sign in at this time of day")
    return {
        "new_hour": hour,
        "new_weekhour": hour,
        "seldom_time": hour,
        "usual_time": _("You often sign in at this time of day"),
        "account_failures": _("There were failed attempts to sign in to your account"),
        "little_history": _("We do not know your habits well yet"),
        "shown_mfa": _("You showed a second factor"),
        "shown_phr": _("You showed a passkey"),
        "shown_phrh": _("You showed a security key"),
    }
