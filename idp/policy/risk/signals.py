"""What speaks for or against somebody beside their habits."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from math import log, log1p

from idp.policy.facts import Contribution
from idp.policy.risk.likelihood import share_of_all
from idp.policy.risk.usual import Count
from idp.policy.terms import DeviceStanding


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """What was noticed about a request.

    Attributes:
        device: what the browser is to the user, by its signed credential.
        device_confirmed: the user said that it is theirs, or it signed in at low risk since; what
            only ever came at a risk is no witness for its owner.
        device_unopposed: it signed in first long enough ago for the user, to whom that was told, to
            have said that it was not them.
        device_differs: the credential came in another browser or system than it was given to.
        impossible_travel: nobody gets here that fast from where the user was last.
        account_failures: failed attempts near this account since its last success.
        network_failures: failed attempts near this network lately.
        hosting: the address belongs to rented machines.
        tor: it is an exit of Tor.
        acr: the level that is shown so far.
    """

    device: DeviceStanding = DeviceStanding.NEW
    device_confirmed: bool = False
    device_unopposed: bool = False
    device_differs: bool = False
    impossible_travel: bool = False
    account_failures: int = 0
    network_failures: int = 0
    hosting: bool = False
    tor: bool = False
    acr: str = "sfa"


# In natural logarithms of odds, as everything here: +2.3 is ten times as suspicious. Chosen on the
# simulated population of tests/population, on other seeds than those that docs/risk.md reports on.
TRUSTED_DEVICE = -7.5
KNOWN_DEVICE = -7.0
UNOPPOSED_DEVICE = -2.0
UNCONFIRMED_DEVICE = -1.5
# Whoever took the user's place has to stay away for so long to look like them.
TIME_TO_OBJECT = timedelta(days=7)
IMPOSSIBLE_TRAVEL = 2.0
# Of a network that the user was on before, little: theirs may be a VPN.
HOSTING, USUAL_HOSTING = 1.5, 0.3
TOR, USUAL_TOR = 2.5, 1.0
ACCOUNT_FAILURES, MOST_ACCOUNT_FAILURES = 0.4, 1.5
NETWORK_FAILURES, MOST_NETWORK_FAILURES = 0.3, 1.5
SHOWN = {"mfa": -1.0, "phr": -4.0, "phrh": -4.5}
# So many sign-ins come without a credential, until it is known better; all of an attacker's do.
WITHOUT_CREDENTIAL = 0.1
CREDENTIAL_DOUBT = 3.0


def contributions(signals: Signals, missing: float, *, new_network: bool) -> Iterator[Contribution]:
    """Yield what each signal contributes; `missing` is what the lack of a credential does."""
    yield from _of_device(signals, missing)
    if signals.impossible_travel:
        yield Contribution(name="impossible_travel", weight=IMPOSSIBLE_TRAVEL)
    if signals.hosting:
        yield Contribution(name="hosting", weight=HOSTING if new_network else USUAL_HOSTING)
    if signals.tor:
        yield Contribution(name="tor", weight=TOR if new_network else USUAL_TOR)
    if count := signals.account_failures:
        weight = min(ACCOUNT_FAILURES * log1p(count), MOST_ACCOUNT_FAILURES)
        yield Contribution(name="account_failures", weight=weight, detail=str(count))
    if count := signals.network_failures:
        weight = min(NETWORK_FAILURES * log1p(count), MOST_NETWORK_FAILURES)
        yield Contribution(name="network_failures", weight=weight, detail=str(count))
    if signals.acr in SHOWN:
        yield Contribution(name=f"shown_{signals.acr}", weight=SHOWN[signals.acr])


def _of_device(signals: Signals, missing: float) -> Iterator[Contribution]:
    if signals.device_differs:
        # A cookie that moved to another browser was moved by somebody: it is as good as none.
        yield Contribution(name="device_differs", weight=missing)
    elif signals.device is DeviceStanding.NEW:
        yield Contribution(name="new_device", weight=missing)
    elif not signals.device_confirmed:
        if signals.device_unopposed:
            yield Contribution(name="unopposed_device", weight=UNOPPOSED_DEVICE)
        else:
            yield Contribution(name="unconfirmed_device", weight=UNCONFIRMED_DEVICE)
    elif signals.device is DeviceStanding.TRUSTED:
        yield Contribution(name="trusted_device", weight=TRUSTED_DEVICE)
    else:
        yield Contribution(name="known_device", weight=KNOWN_DEVICE)


def without_credential(credential: Count) -> float:
    """Return how suspicious it is of this user to come without one: never less than not at all.

    Where nobody has one, as where all browsers forget, it is not suspicious of anybody.
    """
    share = share_of_all(WITHOUT_CREDENTIAL, replace(credential, kinds=0))
    own_all = max(credential.own, credential.own_all)
    return log((own_all + CREDENTIAL_DOUBT) / (credential.own + CREDENTIAL_DOUBT * share))
