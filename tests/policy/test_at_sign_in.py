"""What a judgement comes to at a sign-in."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.policy.at_sign_in import (
    UNASKED_SHARE,
    asks,
    refuses,
    settled,
    shortened,
)
from idp.policy.book import Judgement, Limits
from idp.policy.terms import Outcome

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DEFAULTS = Limits(idle=HOUR, absolute=12 * HOUR, reauthentication=HOUR, trusted_device=DAY)


def judged(outcome=Outcome.ALLOW, limited_by=(), **limits):
    return Judgement(
        outcome=outcome,
        rule="a rule",
        limits=replace(DEFAULTS, **limits),
        limited_by=limited_by,
        version="v1",
    )


@pytest.mark.parametrize("outcome", Outcome)
def test_an_outcome_asks_or_refuses_or_lets_in(outcome):
    asking = outcome in (Outcome.ASK_FACTOR, Outcome.ASK_AGAIN)
    refusing = outcome in (Outcome.REFUSE, Outcome.END)

    assert (asks(judged(outcome)), refuses(judged(outcome))) == (asking, refusing)


@pytest.mark.parametrize("outcome", [Outcome.ALLOW, Outcome.SHORTEN])
def test_nothing_is_different_where_nothing_was_asked(outcome):
    assert settled(judged(outcome), DEFAULTS, shown=False) == judged(outcome)


@pytest.mark.parametrize("outcome", [Outcome.ASK_FACTOR, Outcome.ASK_AGAIN])
def test_nothing_is_different_where_what_was_asked_is_shown(outcome):
    assert settled(judged(outcome), DEFAULTS, shown=True) == judged(outcome)


def test_who_has_nothing_more_to_show_stays_for_half_the_time_and_the_rule_is_named():
    ended = settled(judged(Outcome.ASK_FACTOR), DEFAULTS, shown=False)

    assert (ended.outcome, ended.rule) == (Outcome.SHORTEN, "a rule")
    assert (ended.limits.idle, ended.limits.absolute) == (HOUR / 2, 6 * HOUR)
    assert dict(ended.limited_by) == {"idle": "a rule", "absolute": "a rule"}


def test_what_is_shorter_already_stays_as_it_is_with_the_rule_that_made_it_so():
    asked = judged(Outcome.ASK_FACTOR, (("absolute", "another"),), idle=HOUR / 4, absolute=3 * HOUR)
    ended = settled(asked, DEFAULTS, shown=False)

    assert (ended.limits.idle, ended.limits.absolute) == (HOUR / 4, 3 * HOUR)
    assert dict(ended.limited_by) == {"absolute": "another"}


SPANS = st.timedeltas(timedelta(seconds=1), 2 * DAY)


@given(st.sampled_from(Outcome), SPANS, SPANS, st.booleans())
def test_no_end_of_a_sign_in_is_later_than_it_was_judged(outcome, idle, absolute, shown):
    before = judged(outcome, idle=idle, absolute=absolute)
    ended = settled(before, DEFAULTS, shown=shown)

    assert ended.limits.idle <= before.limits.idle
    assert ended.limits.absolute <= before.limits.absolute
    if asks(before) and not shown:
        assert ended.limits.absolute <= DEFAULTS.absolute * UNASKED_SHARE


@pytest.mark.parametrize(
    ("limited_by", "limits", "rule"),
    [
        ((), {}, None),
        ((("trusted_device", "r"),), {"trusted_device": timedelta(0)}, None),
        ((("absolute", "long"),), {"absolute": DAY}, None),
        ((("absolute", "short"),), {"absolute": HOUR}, "short"),
        ((("idle", "i"),), {"idle": HOUR / 2}, "i"),
        ((("idle", "i"), ("absolute", "a")), {"idle": HOUR / 2, "absolute": HOUR}, "a"),
        ((("idle", "i"), ("absolute", "long")), {"idle": HOUR / 2, "absolute": DAY}, "i"),
    ],
)
def test_the_rule_that_shortens_a_session_is_named(limited_by, limits, rule):
    assert shortened(judged(limited_by=limited_by, **limits), DEFAULTS) == rule
