"""A policy: limits that everybody begins with, ordered rules, and bounds that nothing crosses."""

from dataclasses import dataclass, field
from datetime import timedelta

from idp.policy.terms import AtLimit, Change, DeviceStanding, Moment, Outcome, RiskLevel

NEVER = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long what is allowed lasts.

    Attributes:
        idle: a session ends after this long unused.
        absolute: it ends after this long in any case.
        reauthentication: acts that matter ask again when the last proof is older.
        trusted_device: how long a browser may stand for the second step; nothing: it never does.
        return_within: how long after its idle end a known browser needs one factor only; nothing:
            it always needs all of them.
        remember: how long the cookie outlives the browser's window; nothing: it does not.
        sessions: how many a user may have at once; 0 is as many as they like.
        at_limit: what happens then.
    """

    idle: timedelta
    absolute: timedelta
    reauthentication: timedelta
    trusted_device: timedelta
    return_within: timedelta = NEVER
    remember: timedelta = NEVER
    sessions: int = 0
    at_limit: AtLimit = AtLimit.END_OLDEST


@dataclass(frozen=True, slots=True)
class Share:
    """A duration as a part of what holds otherwise, in (0, 1]."""

    of_default: float


Duration = timedelta | Share


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """The conditions of a rule: all that are said must hold; of a list, one member must."""

    groups: frozenset[str] | None = None
    clients: frozenset[str] | None = None
    moments: frozenset[Moment] | None = None
    devices: frozenset[DeviceStanding] | None = None
    acr: frozenset[str] | None = None
    risks: frozenset[RiskLevel] | None = None
    changes: frozenset[Change] | None = None
    countries: frozenset[str] | None = None
    networks: frozenset[str] | None = None
    hosting: bool | None = None
    tor: bool | None = None
    proof_older_than: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Then:
    """What a rule says, where it says anything; `acr` is the level that must be shown."""

    outcome: Outcome | None = None
    acr: str | None = None
    idle: Duration | None = None
    absolute: Duration | None = None
    reauthentication: Duration | None = None
    trusted_device: Duration | None = None
    return_within: Duration | None = None
    remember: Duration | None = None
    sessions: int | None = None
    at_limit: AtLimit | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the policy, by its name.

    `because` is what people read where the rule asks something of them; those that are built in
    have words of their own.
    """

    name: str
    when: When
    then: Then
    because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What no rule and no default crosses (NIST SP 800-63B-4 §2): None where there is no bound.

    `acr` is the level that everybody shows at least.
    """

    preset: str = "none"
    idle: timedelta | None = None
    absolute: timedelta | None = None
    reauthentication: timedelta | None = None
    trusted_device: timedelta | None = None
    return_within: timedelta | None = None
    remember: timedelta | None = None
    acr: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """From which score on a request is elevated or high."""

    elevated: float
    high: float


# Who is named where no rule has said it.
DEFAULTS, BOUNDS = "defaults", "bounds"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A policy as it is judged by; `version` tells it from every other one."""

    version: str
    defaults: Limits
    rules: tuple[Rule, ...] = ()
    bounds: Bounds = field(default_factory=Bounds)
    thresholds: Thresholds | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the policy says of some facts, and which rule said it.

    `rule` is the one that the outcome is due to, `limited_by` names, for each limit that is not
    the default, the one that moved it; where it was no rule it is `defaults` or `bounds`. `acr` is
    the level that has to be shown, if one has, and `acr_by` the rule that wants it. Whether what
    the outcome asks for has been shown in this sign-in already, and whether it can be shown at all,
    is for the caller to see.
    """

    outcome: Outcome
    rule: str
    limits: Limits
    acr: str | None = None
    acr_by: str = ""
    limited_by: tuple[tuple[str, str], ...] = ()
    version: str
