"""What a decision is made of: everything that the rules look at, and nothing else.

A recorded decision keeps its facts, so that a draft policy can be judged by what really happened.
"""

from dataclasses import dataclass
from datetime import timedelta

from idp.policy.terms import Change, DeviceStanding, Moment, RiskLevel


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One request as the policy sees it.

    `acr` is the level that is shown so far, `second_step_owned` whether the user has more to show;
    `proof_age` is the time since the last proof. Of the network, `network` is its AS number
    (`AS3320`) or, where nobody knows that, its prefix, which `prefix` is in any case
    (`203.0.113.0/24`); `country` is an ISO 3166 code or unknown.
    """

    moment: Moment
    groups: frozenset[str] = frozenset()
    client_id: str | None = None
    device: DeviceStanding = DeviceStanding.NEW
    acr: str = "sfa"
    second_step_owned: bool = False
    risk: RiskLevel = RiskLevel.LOW
    changes: frozenset[Change] = frozenset()
    network: str = ""
    prefix: str = ""
    country: str | None = None
    hosting: bool = False
    tor: bool = False
    proof_age: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """One reason for a score, the strongest first: `name` has words, `detail` fills them in.

    `weight` is in natural logarithms of odds: 0.7 is twice as suspicious, -0.7 half.
    """

    name: str
    weight: float
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """How unlike its user a request looks, and why."""

    level: RiskLevel
    score: float
    contributions: tuple[Contribution, ...] = ()


CALM = Risk(level=RiskLevel.LOW, score=0.0)
