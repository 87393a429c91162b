"""The judge: the first rule that speaks decides, and riskier never fares better."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.policy.acr import LEVELS
from idp.policy.book import NEVER, Bounds, Share, Then, Thresholds
from idp.policy.conditions import holds
from idp.policy.judge import judge, level_of
from idp.policy.terms import AtLimit, DeviceStanding, Outcome, RiskLevel
from tests.policy.books import (
    DURATIONS,
    ELEVATED,
    FACTS,
    HIGH,
    HOURS,
    KNOWN,
    LIMITS,
    LOW,
    MINUTES,
    NEW,
    POLICIES,
    RULES,
    TRUSTED,
    facts,
    policy,
    rule,
)
from tests.support.spec import spec

STRICTNESS = (TRUSTED, KNOWN, NEW)


def no_better(one, other):
    """Tell whether who gets `one` may do no more, in nothing, than who gets `other`."""
    shorter = all(getattr(one.limits, each) <= getattr(other.limits, each) for each in DURATIONS)
    room = [it.limits.sessions or float("inf") for it in (one, other)]
    levels = [-1 if it.acr is None else LEVELS.index(it.acr) for it in (one, other)]
    refused = [it.limits.at_limit is AtLimit.REFUSE_NEW for it in (one, other)]
    asked = one.outcome.severity >= other.outcome.severity
    return (
        shorter
        and room[0] <= room[1]
        and levels[0] >= levels[1]
        and refused[0] >= refused[1]
        and asked
    )


def test_where_no_rule_applies_the_defaults_hold():
    said = judge(policy(rule(when={"groups": frozenset({"staff"})}, absolute=HOURS)), facts())

    assert (said.outcome, said.rule, said.limits) == (Outcome.ALLOW, "defaults", LIMITS)
    assert (said.acr, said.limited_by, said.version) == (None, (), "v")


def test_of_each_setting_the_first_rule_that_speaks_of_it_decides():
    said = judge(
        policy(
            rule("first", idle=MINUTES),
            rule("second", idle=2 * MINUTES, absolute=HOURS, outcome=Outcome.ASK_AGAIN),
            rule("third", outcome=Outcome.REFUSE, sessions=1, at_limit=AtLimit.REFUSE_NEW),
        ),
        facts(),
    )

    assert (said.outcome, said.rule) == (Outcome.ASK_AGAIN, "second")
    assert (said.limits.idle, said.limits.absolute, said.limits.sessions) == (MINUTES, HOURS, 1)
    assert said.limited_by == (
        ("idle", "first"),
        ("absolute", "second"),
        ("sessions", "third"),
        ("at_limit", "third"),
    )


def test_a_share_is_one_of_the_default():
    said = judge(policy(rule(absolute=Share(0.25), idle=Share(1.0))), facts())

    assert said.limits.absolute == LIMITS.absolute / 4
    assert said.limited_by == (("absolute", "a rule"),)


def test_a_rule_may_give_longer_than_the_default():
    said = judge(policy(rule(absolute=24 * HOURS)), facts())

    assert (said.outcome, said.rule) == (Outcome.ALLOW, "defaults")
    assert said.limits.absolute == 24 * HOURS


@pytest.mark.parametrize("limit", ["idle", "absolute"])
def test_a_shorter_life_without_a_question_is_an_outcome_of_its_own(limit):
    said = judge(policy(rule("short", **{limit: Share(0.5)})), facts())

    assert (said.outcome, said.rule) == (Outcome.SHORTEN, "short")


def test_another_limit_that_is_shorter_shortens_no_session():
    assert judge(policy(rule(reauthentication=MINUTES)), facts()).outcome is Outcome.ALLOW


def test_a_rule_that_allows_keeps_later_rules_from_asking():
    allowing = rule("office", when={"networks": frozenset({"AS64500"})}, outcome=Outcome.ALLOW)
    asking = rule("elsewhere", outcome=Outcome.ASK_FACTOR)

    assert judge(policy(allowing, asking), facts(network="AS64500")).rule == "office"
    assert judge(policy(allowing, asking), facts(network="AS64501")).rule == "elsewhere"


def test_a_level_that_is_demanded_and_not_shown_is_asked_for():
    book = policy(rule("payroll", acr="phr"))

    assert judge(book, facts(acr="mfa")).outcome is Outcome.ASK_FACTOR
    assert judge(book, facts(acr="mfa")).rule == "payroll"
    assert judge(book, facts(acr="phrh")).outcome is Outcome.ALLOW
    assert judge(book, facts(acr="phrh")).acr == "phr"


def test_asking_for_a_level_takes_nothing_back_that_goes_further():
    book = policy(rule("gone", outcome=Outcome.END), rule("payroll", acr="phr"))

    assert (judge(book, facts()).outcome, judge(book, facts()).rule) == (Outcome.END, "gone")


def test_riskier_gets_the_strictest_of_what_calmer_gets():
    book = policy(
        rule("calm", when={"risks": frozenset({LOW})}, idle=MINUTES, outcome=Outcome.ASK_AGAIN),
        rule("tense", when={"risks": frozenset({HIGH})}, idle=2 * MINUTES, outcome=Outcome.ALLOW),
    )
    said = judge(book, facts(risk=HIGH))

    assert (said.limits.idle, said.outcome, said.rule) == (MINUTES, Outcome.ASK_AGAIN, "calm")
    assert judge(book, facts(risk=LOW)).rule == "calm"


def test_an_unlimited_number_of_sessions_is_the_laxest():
    book = policy(
        rule("new", when={"devices": frozenset({NEW})}, sessions=0),
        rule("all", sessions=3),
    )

    assert judge(book, facts(device=NEW)).limits.sessions == 3


@spec("NIST SP 800-63B-4 §2.2.3")
def test_bounds_are_applied_last():
    bounds = Bounds(idle=MINUTES, absolute=HOURS, trusted_device=NEVER, acr="mfa")
    said = judge(policy(rule(idle=20 * HOURS, absolute=20 * HOURS), bounds=bounds), facts())

    assert (said.limits.idle, said.limits.absolute) == (MINUTES, HOURS)
    assert (said.outcome, said.rule, said.acr) == (Outcome.ASK_FACTOR, "bounds", "mfa")
    assert dict(said.limited_by)["trusted_device"] == "bounds"


def test_an_idle_time_is_never_longer_than_the_session():
    said = judge(policy(rule("day", idle=24 * HOURS), rule("hour", absolute=MINUTES)), facts())

    assert said.limits.idle == said.limits.absolute == MINUTES
    assert dict(said.limited_by)["idle"] == "hour"


@pytest.mark.parametrize(
    ("score", "level"), [(0.9, LOW), (1.0, ELEVATED), (1.9, ELEVATED), (2.0, HIGH), (99.0, HIGH)]
)
def test_a_score_is_suspicious_from_the_thresholds_on(score, level):
    assert level_of(policy(thresholds=Thresholds(elevated=1.0, high=2.0)), score) is level


@given(book=POLICIES, scores=st.tuples(st.floats(-9, 9), st.floats(-9, 9)))
def test_a_higher_score_is_never_a_lower_level(book, scores):
    assert level_of(book, min(scores)) <= level_of(book, max(scores))


@given(book=POLICIES, seen=FACTS, other=st.sampled_from(RiskLevel))
def test_riskier_never_lives_longer_and_is_never_asked_less(book, seen, other):
    low, high = sorted((seen.risk, other))

    assert no_better(judge(book, replace(seen, risk=high)), judge(book, replace(seen, risk=low)))


@given(book=POLICIES, seen=FACTS, other=st.sampled_from(DeviceStanding))
def test_a_browser_that_is_less_known_never_fares_better(book, seen, other):
    known, newer = sorted((seen.device, other), key=STRICTNESS.index)

    assert no_better(
        judge(book, replace(seen, device=newer)), judge(book, replace(seen, device=known))
    )


@given(book=POLICIES, seen=FACTS)
def test_bounds_are_never_crossed(book, seen):
    said = judge(book, seen)

    for name in DURATIONS:
        bound = getattr(book.bounds, name)
        assert bound is None or getattr(said.limits, name) <= bound
    assert timedelta(0) <= said.limits.idle <= said.limits.absolute
    if book.bounds.acr is not None:
        assert LEVELS.index(said.acr) >= LEVELS.index(book.bounds.acr)


@given(book=POLICIES, seen=FACTS, order=st.randoms(use_true_random=False))
def test_the_order_of_equal_facts_is_irrelevant(book, seen, order):
    def shuffled(values):
        listed = list(values)
        order.shuffle(listed)
        return frozenset(listed)

    again = replace(seen, groups=shuffled(seen.groups), changes=shuffled(seen.changes))

    assert judge(book, again) == judge(book, seen)


@given(book=POLICIES, seen=FACTS, rules=st.tuples(RULES, RULES))
def test_a_rule_that_does_not_apply_changes_nothing(book, seen, rules):
    """Neither here nor in what is less suspicious, which is looked at as well."""
    idle = [
        each
        for each in rules
        if not any(
            holds(each.when, replace(seen, risk=risk, device=device))
            for risk in RiskLevel
            for device in DeviceStanding
        )
    ]
    longer = replace(book, rules=(*idle, *book.rules, *idle))

    assert judge(longer, seen) == judge(book, seen)


@given(book=POLICIES, seen=FACTS, late=RULES)
def test_a_later_rule_never_changes_what_a_rule_that_always_applies_has_decided(book, seen, late):
    everything = Then(
        outcome=Outcome.ALLOW,
        acr="mfa",
        sessions=2,
        at_limit=AtLimit.END_OLDEST,
        **dict.fromkeys(DURATIONS, HOURS),
    )
    first = replace(rule("first"), then=everything)
    decided = replace(book, rules=(first,))

    assert judge(replace(book, rules=(first, late)), seen) == judge(decided, seen)


@given(book=POLICIES, seen=FACTS)
def test_a_judgement_names_rules_of_the_policy(book, seen):
    said = judge(book, seen)
    names = {each.name for each in book.rules} | {"defaults", "bounds"}

    assert {said.rule, *(by for _, by in said.limited_by)} <= names
    moved = {name for name, _ in said.limited_by}
    differing = {
        name
        for name in (*DURATIONS, "sessions", "at_limit")
        if getattr(said.limits, name) != getattr(book.defaults, name)
    }
    assert moved == differing
