"""What a sign-in still needs, judged after each proof."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from idp.policy.acr import acr_of, satisfies
from idp.settings import SecondFactor

OFFER_AGAIN_AFTER = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInFacts:
    """What is known about one sign-in at the moment of a proof."""

    amr: tuple[str, ...]
    has_totp: bool
    second_factor: SecondFactor
    offer_declined_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Allow:
    """Nothing is missing: the session may open."""


@dataclass(frozen=True, slots=True)
class NeedFactor:
    """A second factor is there and must be shown."""

    reason: str


@dataclass(frozen=True, slots=True)
class Enrol:
    """A second factor should be set up; `required` leaves no “not now”."""

    required: bool
    reason: str


Verdict = Allow | NeedFactor | Enrol
Rule = Callable[[SignInFacts, datetime], Verdict | None]


def two_factors_shown(facts: SignInFacts, now: datetime) -> Verdict | None:
    """Two factors are enough for everything that we ask today."""
    del now
    return Allow() if satisfies(acr_of(facts.amr), "mfa") else None


def enrolled_factor_is_asked(facts: SignInFacts, now: datetime) -> Verdict | None:
    """Who has a second factor shows it."""
    del now
    return NeedFactor("enrolled") if facts.has_totp else None


def policy_requires_factor(facts: SignInFacts, now: datetime) -> Verdict | None:
    """Where two factors are required, one is set up before the session opens."""
    del now
    required = facts.second_factor is SecondFactor.REQUIRED
    return Enrol(required=True, reason="policy") if required else None


def factor_is_offered(facts: SignInFacts, now: datetime) -> Verdict | None:
    """Where it is encouraged, it is offered, and not again for a while after a “not now”."""
    if facts.second_factor is not SecondFactor.ENCOURAGED:
        return None
    declined = facts.offer_declined_at
    if declined is not None and now < declined + OFFER_AGAIN_AFTER:
        return None
    return Enrol(required=False, reason="encouraged")


RULES: tuple[Rule, ...] = (
    two_factors_shown,
    enrolled_factor_is_asked,
    policy_requires_factor,
    factor_is_offered,
)


def judge_sign_in(facts: SignInFacts, now: datetime) -> Verdict:
    """Decide what comes next; the first rule with an opinion wins."""
    for rule in RULES:
        if (verdict := rule(facts, now)) is not None:
            return verdict
    return Allow()
