"""What an operator is told of rules that come too late."""

import pytest
from hypothesis import given

from idp.policy.built_in import built_in
from idp.policy.judge import judge
from idp.policy.overruled import overruled
from idp.policy.terms import Change, Outcome
from idp.settings import Settings
from tests.policy.books import FACTS, HIGH, HOURS, LOW, MINUTES, POLICIES, policy, rule

THEFT = {"changes": frozenset({Change.COPIED_COOKIE})}
GUARD = rule("guard", when=THEFT, outcome=Outcome.END)


def told(*rules):
    return [(it.rule.name, it.by.name, it.never_heard) for it in overruled(policy(*rules))]


def test_nothing_is_to_be_said_of_the_built_in_rules():
    assert list(overruled(built_in(Settings()))) == []


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [
        ({}, {"tor": True}),
        ({"tor": True}, {"tor": True}),
        ({"risks": frozenset({LOW, HIGH})}, {"risks": frozenset({HIGH}), "tor": True}),
        ({"proof_older_than": MINUTES}, {"proof_older_than": HOURS}),
    ],
)
def test_a_rule_is_never_heard_behind_one_that_always_applies_with_it(wide, narrow):
    first, second = rule("first", when=wide, idle=HOURS), rule("second", when=narrow, idle=MINUTES)

    assert told(first, second) == [("second", "first", True)]
    assert told(second, first) == ([] if wide != narrow else [("first", "second", True)])


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (rule("first", idle=HOURS), rule("second", absolute=HOURS)),
        (rule("first", when={"tor": True}, idle=HOURS), rule("second", idle=MINUTES)),
        (
            rule("first", when={"tor": True}, idle=HOURS),
            rule("second", when={"tor": False}, idle=MINUTES),
        ),
    ],
)
def test_a_rule_that_is_heard_now_and_then_is_not_told_of(first, second):
    assert told(first, second) == []


def test_a_rule_that_says_nothing_is_none_that_comes_too_late():
    """No file has one, but what is told of a policy holds of every policy."""
    assert told(rule("silent")) == []
    assert told(rule("first", idle=HOURS), rule("silent")) == [("silent", "first", True)]


def test_an_exception_that_disarms_a_guard_against_theft_is_told_of():
    office = rule("office", when={"networks": frozenset({"AS64500"})}, outcome=Outcome.ALLOW)

    assert told(office, GUARD) == [("guard", "office", False)]


@pytest.mark.parametrize(
    ("first", "guard"),
    [
        (rule("stricter", outcome=Outcome.END), rule("guard", when=THEFT, outcome=Outcome.REFUSE)),
        (rule("meant", when=THEFT | {"tor": True}, outcome=Outcome.ASK_AGAIN), GUARD),
        (rule("silent", idle=HOURS), GUARD),
        (
            rule("elsewhere", when={"tor": False}, outcome=Outcome.ALLOW),
            rule("guard", when=THEFT | {"tor": True}, outcome=Outcome.END),
        ),
        (
            rule("calm", when={"risks": frozenset({LOW})}, outcome=Outcome.ALLOW),
            rule("guard", when=THEFT | {"risks": frozenset({HIGH})}, outcome=Outcome.END),
        ),
        (rule("asking", outcome=Outcome.ALLOW), rule("silent guard", when=THEFT, idle=MINUTES)),
    ],
)
def test_a_guard_that_stands_is_not_told_of(first, guard):
    assert [each for each in told(first, guard) if not each[2]] == []


@given(book=POLICIES, seen=FACTS)
def test_a_rule_that_is_never_heard_may_as_well_be_left_out(book, seen):
    dead = {id(it.rule) for it in overruled(book) if it.never_heard}
    left = tuple(each for each in book.rules if id(each) not in dead)
    shorter = policy(*left, defaults=book.defaults, bounds=book.bounds, thresholds=book.thresholds)

    assert judge(shorter, seen) == judge(book, seen)
