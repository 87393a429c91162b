"""What another policy would have said: each difference is counted once, and as what it is."""

from datetime import timedelta

import pytest

from idp.policy.book import Bounds, Limits, Policy, Rule, Share, Then, Thresholds, When
from idp.policy.extent import longest
from idp.policy.facts import Facts
from idp.policy.terms import DeviceStanding, Moment, Outcome, RiskLevel
from idp.policy.what_if import Moved, Past, Replay, Tally, Word, difference

HOUR = timedelta(hours=1)
LIMITS = Limits(idle=HOUR, absolute=12 * HOUR, reauthentication=HOUR, trusted_device=HOUR)
STRICT = Policy(
    version="strict",
    defaults=LIMITS,
    rules=(
        Rule(
            "doubt",
            When(risks=frozenset({RiskLevel.ELEVATED, RiskLevel.HIGH})),
            Then(outcome=Outcome.ASK_FACTOR, absolute=Share(0.5)),
        ),
        Rule("short", When(devices=frozenset({DeviceStanding.NEW})), Then(idle=HOUR / 4)),
    ),
    thresholds=Thresholds(elevated=1.0, high=2.0),
)


def past(outcome=Outcome.ALLOW, *, score=0.0, opened=True, limits=LIMITS, acr_shown="sfa", **facts):
    known = {"moment": Moment.SIGN_IN, "device": DeviceStanding.KNOWN, "second_step_owned": True}
    known["acr"] = acr_shown
    return Past(
        facts=Facts(**(known | facts)),
        score=score,
        opened=opened,
        done=Word(outcome=outcome, rule="then", limits=limits),
    )


def said(outcome=Outcome.ALLOW, limits=LIMITS, acr=None):
    return Word(outcome=outcome, rule="other", limits=limits, acr=acr)


def counted(then, was):
    tally = Tally()
    tally.add(difference(was, then))
    plain = {"decisions", "prompts_done", "prompts_then", "sessions"}
    return {name for name, count in tally.counts.items() if count and name not in plain}


def test_a_decision_is_judged_again_at_the_level_that_the_policy_makes_of_its_score():
    calm, doubtful = Replay(STRICT).word(past(score=0.9)), Replay(STRICT).word(past(score=1.0))

    assert (calm.outcome, calm.limits.absolute) == (Outcome.ALLOW, 12 * HOUR)
    assert (doubtful.outcome, doubtful.rule) == (Outcome.ASK_FACTOR, "doubt")
    assert doubtful.limits.absolute == 6 * HOUR


def test_whoever_has_no_second_step_is_not_asked_but_let_in_for_a_shorter_while():
    word = Replay(STRICT).word(past(score=1.0, second_step_owned=False))
    shown = Replay(STRICT).word(past(score=1.0, second_step_owned=False, acr_shown="mfa"))

    assert (word.outcome, word.rule) == (Outcome.SHORTEN, "doubt")
    assert word.limits.idle == HOUR / 2
    assert shown.outcome is Outcome.ASK_FACTOR


ASK, AGAIN, REFUSE, END = Outcome.ASK_FACTOR, Outcome.ASK_AGAIN, Outcome.REFUSE, Outcome.END
AUTHORIZE = {"moment": Moment.AUTHORIZE, "opened": False}


@pytest.mark.parametrize(
    ("was", "then", "differences"),
    [
        (past(), said(), set()),
        (past(ASK), said(AGAIN), set()),
        (past(), said(ASK), {"prompts_added"}),
        (past(ASK), said(), {"prompts_removed"}),
        (past(**AUTHORIZE), said(ASK), {"prompts_added"}),
        (past(), said(REFUSE), {"refusals_added"}),
        (past(), said(END), {"refusals_added"}),
        (past(REFUSE, opened=False), said(), {"refusals_removed"}),
        (past(REFUSE, opened=False), said(ASK), {"refusals_removed", "prompts_added"}),
        (past(**AUTHORIZE), said(END), {"ends_added"}),
        (past(END, **AUTHORIZE), said(), {"ends_removed"}),
        (past(END, **AUTHORIZE), said(REFUSE), {"ends_removed", "refusals_added"}),
        (past(END, **AUTHORIZE), said(END), set()),
    ],
)
def test_each_difference_is_counted_as_what_it_is(was, then, differences):
    assert counted(then, was) == differences


def with_level(acr, *, owned=True, moment=Moment.SIGN_IN):
    facts = Facts(moment=moment, acr=acr, device=DeviceStanding.KNOWN, second_step_owned=owned)
    return Past(facts=facts, score=0.0, opened=False, done=said())


@pytest.mark.parametrize(
    ("was", "then", "differences"),
    [
        (with_level("mfa"), said(ASK), {"demands_met"}),
        (with_level("mfa"), said(ASK, acr="phr"), {"prompts_added"}),
        (with_level("phr"), said(ASK, acr="phr"), {"demands_met"}),
        (with_level("mfa", moment=Moment.ACCOUNT), said(ASK), {"prompts_added"}),
        (with_level("sfa", owned=False), said(ASK, acr="mfa"), {"prompts_added", "out_of_reach"}),
        (with_level("mfa", owned=False), said(acr="mfa"), set()),
    ],
)
def test_what_was_shown_anyway_is_no_prompt_and_what_nobody_has_is_out_of_reach(
    was, then, differences
):
    assert counted(then, was) == differences


def test_prompts_are_counted_before_and_after():
    tally = Tally()
    for done, then in ((ASK, ASK), (ASK, Outcome.ALLOW), (Outcome.ALLOW, AGAIN)):
        tally.add(difference(past(done), said(then)))

    assert (tally.counts["prompts_done"], tally.counts["prompts_then"]) == (2, 2)


def test_sessions_are_shorter_or_longer_by_their_limits():
    tally = Tally()
    shorter = Limits(idle=HOUR / 2, absolute=8 * HOUR, reauthentication=HOUR, trusted_device=HOUR)
    mixed = Limits(idle=HOUR / 4, absolute=24 * HOUR, reauthentication=HOUR, trusted_device=HOUR)
    tally.add(difference(past(), said(limits=shorter)))
    tally.add(difference(past(), said(limits=mixed)))
    tally.add(difference(past(), said()))

    names = ("sessions", "shortened", "lengthened")
    assert [tally.counts[name] for name in names] == [3, 2, 1]
    assert tally.moved["idle_shorter"] == Moved(2, HOUR * 1.25, HOUR * 0.75)
    assert tally.moved["absolute_longer"].mean == 12 * HOUR
    assert Moved().mean == timedelta(0)


def test_only_sessions_that_opened_and_would_open_have_a_life():
    tally = Tally()
    tally.add(difference(past(opened=False), said()))
    tally.add(difference(past(), said(REFUSE)))
    tally.add(difference(past(limits=None), said()))
    tally.add(difference(past(), said(limits=None)))

    assert tally.counts["sessions"] == 0


def test_the_longest_limit_is_what_any_rule_says_within_the_bounds():
    generous = Policy(
        version="generous",
        defaults=LIMITS,
        rules=(
            Rule("a week", When(), Then(absolute=timedelta(days=7))),
            Rule("half", When(), Then(idle=Share(0.5))),
        ),
    )
    bound = Policy(
        version="bound",
        defaults=LIMITS,
        rules=generous.rules,
        bounds=Bounds(preset="aal2", absolute=24 * HOUR),
    )

    assert longest(generous, "absolute") == timedelta(days=7)
    assert longest(bound, "absolute") == 24 * HOUR
    assert longest(bound, "idle") == HOUR
