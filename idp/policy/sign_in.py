"""What a sign-in still needs, judged after each proof."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from idp.policy.acr import KEYS, acr_of, satisfies, two_steps
from idp.policy.factors import Bindable, Owned, Step, shown_by, steps_to
from idp.settings import SecondFactor

OFFER_AGAIN_AFTER = timedelta(days=30)
LEVEL_IS_MISSING = "policy_level_is_shown"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInFacts:
    """What is known about one sign-in at the moment of a proof.

    `wanted` are the levels that somebody asks for, the liked one first; `fresh` says that somebody
    asks for a proof now, which no trusted device stands in for. `reset` says that an operator took
    the factors away, and `by_ticket` that the person came by the ticket that lets new ones in.
    `asked` and `level` are what the policy of sessions wants shown: a second step, and how surely;
    `doubted` says that this may be somebody else, who had better bind nothing.
    """

    amr: tuple[str, ...]
    owned: Owned
    second_factor: SecondFactor
    bindable: tuple[Bindable, ...] = ("key", "totp")
    wanted: tuple[str, ...] = ()
    fresh: bool = False
    device_trusted: bool = False
    reset: bool = False
    by_ticket: bool = False
    asked: bool = False
    level: str | None = None
    doubted: bool = False
    offer_declined_at: datetime | None = None
    demanded_at: datetime | None = None
    grace: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Allow:
    """Nothing is missing: the session may open."""

    rule: str = "enough_is_shown"


@dataclass(frozen=True, slots=True)
class NeedFactor:
    """One of these steps must be shown; the strongest stands first.

    With one of `others` the sign-in would go on as well, only less surely than was asked for.
    """

    rule: str
    steps: tuple[Step, ...]
    others: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Enrol:
    """A factor should be set up; `required` leaves no “not now”, `until` says from when on."""

    rule: str
    kinds: tuple[Bindable, ...]
    required: bool
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Refer:
    """It goes on by the operator's ticket alone."""

    rule: str


@dataclass(frozen=True, slots=True)
class Refuse:
    """It does not go on: what is demanded can neither be shown nor be set up."""

    rule: str


@dataclass(frozen=True, slots=True)
class NoRoom:
    """Everything is shown, but there are as many sessions as there may be."""

    rule: str


Verdict = Allow | NeedFactor | Enrol | Refer | Refuse | NoRoom
Rule = Callable[[SignInFacts, datetime], Verdict | None]


def reset_takes_the_ticket(facts: SignInFacts, now: datetime) -> Verdict | None:
    """Who knows the password alone binds nothing where an operator took the factors away."""
    del now
    if not facts.reset or (facts.by_ticket and two_steps(facts.amr)):
        return None
    if not facts.by_ticket:
        return Refer("reset_takes_the_ticket")
    return Enrol("reset_takes_the_ticket", facts.bindable, required=True)


def policy_level_is_shown(facts: SignInFacts, now: datetime) -> Verdict | None:
    """The level that the policy demands is shown, or set up by who is not in doubt."""
    del now
    if facts.level is None or satisfies(acr_of(facts.amr), facts.level):
        return None
    if steps := steps_to(facts.level, facts.amr, facts.owned):
        return NeedFactor(LEVEL_IS_MISSING, steps)
    kinds = tuple(kind for kind in facts.bindable if _would_reach(facts.level, kind, facts.amr))
    if facts.doubted or not kinds:
        # Whoever has nothing to show would else bind what a stranger brought along.
        return Refuse(LEVEL_IS_MISSING)
    return Enrol(LEVEL_IS_MISSING, kinds, required=True)


def policy_asks_for_a_step(facts: SignInFacts, now: datetime) -> Verdict | None:
    """Where the policy asks, a second step is shown now: no trusted browser stands in for it."""
    del now
    if not facts.asked or two_steps(facts.amr):
        return None
    steps = steps_to(None, facts.amr, facts.owned)
    return NeedFactor("policy_asks_for_a_step", steps) if steps else None


def asked_level_is_shown(facts: SignInFacts, now: datetime) -> Verdict | None:
    """What is there and reaches a level that was asked for is shown at once.

    Who has shown something else instead is not asked twice: whether that will do is for whoever
    asked to say.
    """
    del now
    held = acr_of(facts.amr)
    if two_steps(facts.amr) or any(satisfies(held, level) for level in facts.wanted):
        return None
    for level in facts.wanted:
        if steps := steps_to(level, facts.amr, facts.owned):
            others = tuple(each for each in facts.owned.steps if each not in steps)
            return NeedFactor("asked_level_is_shown", steps, others)
    return None


def phishing_resistance_is_shown(facts: SignInFacts, now: datetime) -> Verdict | None:
    """Where the policy wants it, who has a key shows the key."""
    del now
    wanted = facts.second_factor is SecondFactor.PHISHING_RESISTANT
    if not wanted or satisfies(acr_of(facts.amr), "phr"):
        return None
    steps = steps_to("phr", facts.amr, facts.owned)
    return NeedFactor("phishing_resistance_is_shown", steps) if steps else None


def trusted_device_stands_in(facts: SignInFacts, now: datetime) -> Verdict | None:
    """A browser that is trusted stands for the second step, unless somebody wants it fresh."""
    del now
    strict = facts.second_factor is SecondFactor.PHISHING_RESISTANT
    stands = facts.device_trusted and not facts.fresh and not strict and not facts.wanted
    return Allow("trusted_device_stands_in") if stands and facts.owned.second_step else None


def enrolled_factor_is_shown(facts: SignInFacts, now: datetime) -> Verdict | None:
    """Who has a second step shows it."""
    del now
    if two_steps(facts.amr):
        return None
    optional = facts.second_factor in (SecondFactor.OFF, SecondFactor.ENCOURAGED)
    owned = facts.owned
    if optional and not (owned.key or owned.totp):
        # A code by mail is there for everybody: it is asked for only where the policy wants more.
        return None
    steps = steps_to(None, facts.amr, owned)
    return NeedFactor("enrolled_factor_is_shown", steps) if steps else None


def key_is_required(facts: SignInFacts, now: datetime) -> Verdict | None:
    """Where phishing resistance is required, who has no key binds one."""
    required = facts.second_factor is SecondFactor.PHISHING_RESISTANT
    if not required or satisfies(acr_of(facts.amr), "phr") or "key" not in facts.bindable:
        return None
    return _demanded(facts, ("key",), "key_is_required", now)


def second_factor_is_required(facts: SignInFacts, now: datetime) -> Verdict | None:
    """Where two factors are required, who has one binds another before the session opens."""
    strict = (SecondFactor.REQUIRED, SecondFactor.PHISHING_RESISTANT)
    if facts.second_factor not in strict or two_steps(facts.amr):
        return None
    return _demanded(facts, facts.bindable, "second_factor_is_required", now)


def second_factor_is_offered(facts: SignInFacts, now: datetime) -> Verdict | None:
    """Where it is encouraged, it is offered, and not again for a while after a “not now”."""
    if facts.second_factor is not SecondFactor.ENCOURAGED or two_steps(facts.amr):
        return None
    if facts.doubted:
        # Nobody is invited to bind what a stranger may have brought along.
        return None
    declined = facts.offer_declined_at
    if declined is not None and now < declined + OFFER_AGAIN_AFTER:
        return None
    return Enrol("second_factor_is_offered", facts.bindable, required=False)


def _would_reach(level: str, kind: Bindable, amr: tuple[str, ...]) -> bool:
    """Tell whether a factor that is bound now, and then shown, reaches a level."""
    bound = Owned(password=False, key=kind == "key", totp=kind == "totp")
    return bool(steps_to(level, amr, bound))


def _demanded(facts: SignInFacts, kinds: tuple[Bindable, ...], rule: str, now: datetime) -> Verdict:
    """Demand a factor, at once or from the end of the grace period on."""
    until = (facts.demanded_at or now) + facts.grace
    return Enrol(rule, kinds, required=now >= until, until=until if facts.grace else None)


RULES: tuple[Rule, ...] = (
    reset_takes_the_ticket,
    policy_level_is_shown,
    asked_level_is_shown,
    phishing_resistance_is_shown,
    policy_asks_for_a_step,
    trusted_device_stands_in,
    enrolled_factor_is_shown,
    key_is_required,
    second_factor_is_required,
    second_factor_is_offered,
)


def judge_sign_in(facts: SignInFacts, now: datetime) -> Verdict:
    """Decide what comes next; the first rule with an opinion wins."""
    for rule in RULES:
        if (verdict := rule(facts, now)) is not None:
            return verdict
    return Allow()


def must_stay(owned: Owned, without: Owned, second_factor: SecondFactor) -> bool:
    """Tell whether a factor has to stay, because the policy demands what would be gone with it."""
    if not without.password and not without.key:
        # Whoever has no password signs in with a key.
        return True
    if second_factor is SecondFactor.PHISHING_RESISTANT:
        return owned.key and not without.key
    return second_factor is SecondFactor.REQUIRED and owned.second_step and not without.second_step


def judge_recovery(amr: tuple[str, ...], owned: Owned) -> Allow | NeedFactor:
    """Say what a forgotten password still takes: a link by mail stands for no second factor."""
    steps = tuple(step for step in owned.steps if step != "mail")
    shown = {method for step in steps for method in shown_by(step, owned)} | KEYS
    if not steps or shown & set(amr):
        return Allow("link_was_opened")
    return NeedFactor("factor_is_not_bypassed", steps)
