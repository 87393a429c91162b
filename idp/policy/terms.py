"""The words that facts, rules and decisions share."""

from enum import IntEnum, StrEnum


class RiskLevel(IntEnum):
    """How unlike its user a request looks."""

    LOW = 0
    ELEVATED = 1
    HIGH = 2

    @property
    def word(self) -> str:
        """The level as policies and people write it."""
        return self.name.lower()


class DeviceStanding(StrEnum):
    """What a browser is to a user; a trusted one is known as well."""

    NEW = "new"
    KNOWN = "known"
    TRUSTED = "trusted"


class Moment(StrEnum):
    """When somebody is judged."""

    SIGN_IN = "sign_in"
    AUTHORIZE = "authorize"
    REFRESH = "refresh"
    ACCOUNT = "account"


class Change(StrEnum):
    """What is different in a session since it was seen last.

    `network` and `browser` are each harmless by themselves; `network_and_browser` are both in one
    step. `copied_cookie` says that one secret is used in two places by turns, `impossible_travel`
    that nobody gets that far in that time, `device` that the browser does not show the credential
    that it had, `stale_cookie` that another copy of its cookies has gone on (policy.turns).
    """

    NETWORK = "network"
    COUNTRY = "country"
    BROWSER = "browser"
    DEVICE = "device"
    NETWORK_AND_BROWSER = "network_and_browser"
    COPIED_COOKIE = "copied_cookie"
    IMPOSSIBLE_TRAVEL = "impossible_travel"
    STALE_COOKIE = "stale_cookie"


class Outcome(StrEnum):
    """What a decision says, the mildest first."""

    ALLOW = "allow"
    SHORTEN = "shorten"
    ASK_FACTOR = "ask_factor"
    ASK_AGAIN = "ask_again"
    REFUSE = "refuse"
    END = "end"

    @property
    def severity(self) -> int:
        """How far it goes: 0 is the mildest."""
        return _SEVERITY[self]


_SEVERITY = {outcome: severity for severity, outcome in enumerate(Outcome)}


class AtLimit(StrEnum):
    """What happens when a user has as many sessions as they may have."""

    END_OLDEST = "end_oldest"
    REFUSE_NEW = "refuse_new"
