"""Factories and strategies for policies and facts."""

from dataclasses import fields
from datetime import timedelta

from hypothesis import strategies as st

from idp.policy.acr import LEVELS
from idp.policy.book import Bounds, Limits, Policy, Rule, Share, Then, Thresholds, When
from idp.policy.facts import Facts
from idp.policy.terms import AtLimit, Change, DeviceStanding, Moment, Outcome, RiskLevel

LOW, ELEVATED, HIGH = RiskLevel
NEW, KNOWN, TRUSTED = DeviceStanding
MINUTES, HOURS, DAYS = (timedelta(**{unit: 1}) for unit in ("minutes", "hours", "days"))
LIMITS = Limits(
    idle=HOURS,
    absolute=12 * HOURS,
    reauthentication=15 * MINUTES,
    trusted_device=30 * DAYS,
    return_within=12 * HOURS,
)


def facts(**values):
    """A quiet sign-in in a browser that is known."""
    return Facts(**{"moment": Moment.SIGN_IN, "device": KNOWN} | values)


def rule(name="a rule", when=None, **then):
    return Rule(name, When(**(when or {})), Then(**then))


def policy(*rules, **values):
    return Policy(**{"version": "v", "defaults": LIMITS, "rules": rules} | values)


DURATIONS = tuple(name.name for name in fields(Limits) if name.name not in ("sessions", "at_limit"))
_LENGTHS = st.timedeltas(timedelta(0), 2 * DAYS)
_GROUPS, _CLIENTS = ("staff", "admins"), ("mail", "payroll")
_COUNTRIES, _NETWORKS = ("NO", "NZ"), ("AS64500", "AS64501", "203.0.113.0/24", "203.0.0.0/16")
_PREFIXES = ("203.0.113.0/24", "198.51.100.0/24", "2001:db8::/48", "")


def _some(values):
    return st.none() | st.frozensets(st.sampled_from(values), min_size=1)


def _limit(name):
    return st.none() | _LENGTHS | st.floats(0.01, 1).map(Share)


CONDITIONS = st.builds(
    When,
    groups=_some(_GROUPS),
    clients=_some(_CLIENTS),
    moments=_some(tuple(Moment)),
    devices=_some(tuple(DeviceStanding)),
    acr=_some(LEVELS),
    risks=_some(tuple(RiskLevel)),
    changes=_some(tuple(Change)),
    countries=_some(_COUNTRIES),
    networks=_some(_NETWORKS),
    hosting=st.none() | st.booleans(),
    tor=st.none() | st.booleans(),
    proof_older_than=st.none() | _LENGTHS,
)
# Rules that often apply, so that they meet.
BROAD_CONDITIONS = st.builds(
    When, devices=_some(tuple(DeviceStanding)), risks=_some(tuple(RiskLevel))
)
SAYINGS = st.builds(
    Then,
    outcome=st.none() | st.sampled_from([each for each in Outcome if each is not Outcome.SHORTEN]),
    acr=st.none() | st.sampled_from(LEVELS),
    sessions=st.none() | st.integers(0, 5),
    at_limit=st.none() | st.sampled_from(AtLimit),
    **{name: _limit(name) for name in DURATIONS},
)
RULES = st.builds(
    Rule, st.text("abc", min_size=1), BROAD_CONDITIONS | BROAD_CONDITIONS | CONDITIONS, SAYINGS
)
BOUNDS = st.builds(
    Bounds,
    acr=st.none() | st.sampled_from(LEVELS),
    **{name: st.none() | _LENGTHS for name in DURATIONS},
)
ANY_LIMITS = st.builds(
    Limits,
    sessions=st.integers(0, 5),
    at_limit=st.sampled_from(AtLimit),
    **dict.fromkeys(DURATIONS, _LENGTHS),
)
POLICIES = st.builds(
    Policy,
    version=st.just("v"),
    defaults=ANY_LIMITS,
    rules=st.lists(RULES, max_size=6).map(tuple),
    bounds=BOUNDS,
    thresholds=st.tuples(st.floats(-5, 5), st.floats(0, 5)).map(
        lambda pair: Thresholds(elevated=pair[0], high=pair[0] + pair[1])
    ),
)
FACTS = st.builds(
    Facts,
    moment=st.sampled_from(Moment),
    groups=st.frozensets(st.sampled_from(_GROUPS)),
    client_id=st.none() | st.sampled_from(_CLIENTS),
    device=st.sampled_from(DeviceStanding),
    acr=st.sampled_from(LEVELS),
    second_step_owned=st.booleans(),
    risk=st.sampled_from(RiskLevel),
    changes=st.frozensets(st.sampled_from(Change)),
    network=st.sampled_from((*_NETWORKS, "")),
    prefix=st.sampled_from(_PREFIXES),
    country=st.none() | st.sampled_from(_COUNTRIES),
    hosting=st.booleans(),
    tor=st.booleans(),
    proof_age=_LENGTHS,
)
