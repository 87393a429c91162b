"""The values that a user's habits are counted by, each in a hierarchy from coarse to fine."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Self

from idp.kernel.encoding import b64url

HOURS_IN_A_BUCKET = 3
SATURDAY = 5
# What a stranger sends must not make a row as long as they like.
_LONGEST_VALUE = 64


@dataclass(frozen=True, slots=True)
class Level:
    """One level of a hierarchy.

    Attributes:
        name: what its values are counted as.
        share: of all sign-ins, which a value is taken to have while nobody is known to have it.
        doubt: how many sign-ins without it a new value stands against: what changes often has more.
        familiar: the most that a usual value speaks for the user, in logarithms of odds: the easier
            it is to come by, the less.
        novelty: the part of the ratio that counts when the value is unusual.
        common: whether it is counted over all users as well.
    """

    name: str
    share: float
    doubt: float
    familiar: float
    novelty: float = 1.0
    common: bool = True


# Single addresses say nothing over all users that their networks do not, and are too many to keep.
NETWORK = (
    Level("country", share=0.05, doubt=0.3, familiar=0.5),
    Level("asn", share=0.01, doubt=0.5, familiar=0.7),
    Level("prefix", share=0.0005, doubt=1.0, familiar=2.0),
    Level("address", share=0.00001, doubt=2.0, familiar=3.0, common=False),
)
# An agent string is copied from any mail's header, and changes with every release.
AGENT = (
    Level("kind", share=0.4, doubt=0.2, familiar=0.1),
    Level("system", share=0.2, doubt=0.3, familiar=0.2),
    Level("browser", share=0.2, doubt=0.4, familiar=0.3),
    Level("version", share=0.05, doubt=2.0, familiar=0.2, novelty=0.2),
    Level("agent", share=0.001, doubt=3.0, familiar=0.2, novelty=0.1),
)
TIME = (
    Level("hour", share=0.125, doubt=4.0, familiar=0.2, novelty=0.4),
    Level("weekhour", share=0.0625, doubt=6.0, familiar=0.1, novelty=0.2),
)
# Whether the browser brought a device credential of the user: for who clears cookies each day, to
# come without one is no news.
CREDENTIAL = "credential"
HIERARCHIES = {"network": NETWORK, "agent": AGENT, "time": TIME}
LEVELS = tuple(level for hierarchy in HIERARCHIES.values() for level in hierarchy)
COMMON = (*(level.name for level in LEVELS if level.common), CREDENTIAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """Where, with what and when somebody signs in; what is unknown is empty and counts for nothing.

    `prefix` is the address's /24 or /48, `asn` as `AS3320`; `version` is the browser with its major
    version, `agent` a digest of the whole string, `kind` the kind of device. The hours are
    those of the user's own clock where they say which it is, else of UTC. `known_device` says that
    a credential of this user's came along.
    """

    address: str = ""
    prefix: str = ""
    asn: str = ""
    country: str = ""
    agent: str = ""
    version: str = ""
    browser: str = ""
    system: str = ""
    kind: str = ""
    hour: str = ""
    weekhour: str = ""
    known_device: bool = False

    @classmethod
    def of(
        cls,
        *,
        at: datetime,
        address: str,
        prefix: str = "",
        asn: str | None = None,
        country: str | None = None,
        user_agent: str = "",
        browser: str = "",
        version: str = "",
        system: str = "",
        device: str = "",
        known_device: bool = False,
    ) -> Self:
        """Return the features of a request: `version` is the browser's, as far as its major part.

        An `asn` that is no AS number but a prefix, for want of a file, is left out: the prefix has
        its own level.
        """
        major = version.partition(".")[0]
        bucket = at.hour // HOURS_IN_A_BUCKET
        weekend = "weekend" if at.weekday() >= SATURDAY else "weekday"
        return cls(
            address=address,
            prefix=prefix,
            asn=asn if asn and asn.startswith("AS") else "",
            country=country or "",
            agent=b64url(sha256(user_agent.encode()).digest()[:12]) if user_agent else "",
            version=f"{browser} {major}"[:_LONGEST_VALUE] if browser and major else "",
            browser=browser[:_LONGEST_VALUE],
            system=system[:_LONGEST_VALUE],
            kind=device[:_LONGEST_VALUE],
            hour=str(bucket),
            weekhour=f"{weekend} {bucket}",
            known_device=known_device,
        )

    def values(self) -> dict[str, str]:
        """Return what is known, by the names that it is counted as."""
        known = {level.name: str(getattr(self, level.name)) for level in LEVELS}
        known = {name: value for name, value in known.items() if value}
        return known | {CREDENTIAL: "yes" if self.known_device else "no"}

    @classmethod
    def read(cls, values: Mapping[str, str]) -> Self:
        """Return the features that `values` wrote."""
        known = {level.name: values.get(level.name, "") for level in LEVELS}
        return cls(**known, known_device=values.get(CREDENTIAL) == "yes")
