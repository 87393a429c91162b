"""More evidence of risk never lowers the score; each kind of evidence has its rule here."""

from dataclasses import replace
from itertools import pairwise
from math import isfinite

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.policy.book import Thresholds
from idp.policy.facts import Risk
from idp.policy.risk import THRESHOLDS, Count, Features, Signals, Usual, level_at, score
from idp.policy.risk.features import CREDENTIAL, LEVELS
from idp.policy.risk.likelihood import share_of_all, steps
from idp.policy.terms import DeviceStanding, RiskLevel
from tests.policy.risk import made

SOME = st.floats(0, 1)
LEVEL_NAMES = st.sampled_from(made.NAMES)
NOISE = 1e-9


def no_riskier(calmer: Risk, tenser: Risk) -> bool:
    """The promise: neither score nor level falls (up to the rounding of sums)."""
    if calmer.score > tenser.score + NOISE:
        return False
    return calmer.level <= tenser.level or abs(calmer.score - tenser.score) <= NOISE


@given(made.features(), made.habits(), made.SIGNALS, LEVEL_NAMES, SOME)
def test_who_came_less_often_with_a_value_looks_no_calmer_with_it(
    features, usual, signals, level, part
):
    fewer = made.with_count(usual, level, own=usual.of(level).own * part)

    assert no_riskier(score(features, usual, signals), score(features, fewer, signals))


@given(made.features(), made.habits(), made.SIGNALS, SOME)
def test_who_came_less_often_like_this_with_or_without_a_credential_looks_no_calmer(
    features, usual, signals, part
):
    fewer = made.with_count(usual, CREDENTIAL, own=usual.credential.own * part)

    assert no_riskier(score(features, usual, signals), score(features, fewer, signals))


@given(made.features(), made.habits(), made.SIGNALS, LEVEL_NAMES, SOME)
def test_what_is_new_to_the_user_looks_no_calmer_for_being_rare_among_all(
    features, usual, signals, level, part
):
    """Freeman's ratio alone falls with the share of a value: rare networks would look harmless."""
    new = made.with_count(usual, level, own=0.0)
    common = new.of(level).common
    rarer = made.with_count(new, level, common=common * part)

    assert no_riskier(score(features, new, signals), score(features, rarer, signals))


@given(made.features(), made.habits(), made.SIGNALS, SOME)
def test_however_much_of_what_is_common_has_faded_there_is_a_score(features, usual, signals, left):
    """What fades does so together: no value's share of all moves but towards what is guessed."""
    counts = {
        name: replace(count, common=count.common * left, common_all=count.common_all * left)
        for name, count in usual.counts.items()
    }

    assert isfinite(score(features, replace(usual, counts=counts), signals).score)
    for level in LEVELS:
        before, after = (
            share_of_all(level.share, each[level.name]) for each in (usual.counts, counts)
        )
        guess = share_of_all(level.share, replace(counts[level.name], common=0.0, common_all=0.0))
        assert 0 < after <= 1
        assert min(before, guess) - NOISE <= after <= max(before, guess) + NOISE


@given(made.features(), made.habits(), LEVEL_NAMES)
def test_a_value_that_the_user_never_came_with_never_speaks_for_them(features, usual, level):
    """The trap: dividing by a fourth of the global share makes every stranger's address calm."""
    new = made.with_count(usual, level, own=0.0)
    said = [step for step in steps(LEVELS, features, new) if step.level == level]

    assert all(step.weight >= 0 for step in said)


@given(made.features(), made.habits(), made.SIGNALS, SOME)
def test_who_is_known_less_looks_no_calmer(features, usual, signals, part):
    fewer = replace(usual, learned=usual.learned * part)

    assert no_riskier(score(features, usual, signals), score(features, fewer, signals))


@given(made.features(), made.habits(), made.SIGNALS, st.sampled_from(made.FLAGS))
def test_a_signal_never_calms(features, usual, signals, flag):
    without, with_it = (replace(signals, **{flag: value}) for value in (False, True))

    assert no_riskier(score(features, usual, without), score(features, usual, with_it))


@given(
    made.features(),
    made.habits(),
    made.SIGNALS,
    st.sampled_from(made.COUNTED),
    st.integers(0, 500),
)
def test_more_failures_never_calm(features, usual, signals, kind, more):
    worse = replace(signals, **{kind: getattr(signals, kind) + more})

    assert no_riskier(score(features, usual, signals), score(features, usual, worse))


STANDINGS = (
    (DeviceStanding.TRUSTED, True, True),
    (DeviceStanding.KNOWN, True, False),
    (DeviceStanding.KNOWN, False, True),
    (DeviceStanding.KNOWN, False, False),
    (DeviceStanding.NEW, False, False),
)


@given(made.features(), made.habits(), made.SIGNALS)
def test_the_less_the_browser_is_to_the_user_the_riskier(features, usual, signals):
    risks = [
        score(
            replace(features, known_device=standing is not DeviceStanding.NEW),
            # What was counted is how often the user came like this.
            usual,
            replace(
                signals, device=standing, device_confirmed=confirmed, device_unopposed=unopposed
            ),
        )
        for standing, confirmed, unopposed in STANDINGS
    ]

    assert all(no_riskier(*pair) for pair in pairwise(risks))


@given(made.features(), made.habits(), made.SIGNALS)
def test_a_stronger_factor_never_alarms(features, usual, signals):
    risks = [
        score(features, usual, replace(signals, acr=acr)) for acr in ("phrh", "phr", "mfa", "sfa")
    ]

    assert all(no_riskier(*pair) for pair in pairwise(risks))


@given(made.features(), made.habits(), made.SIGNALS)
def test_the_reasons_add_up_to_the_score_the_strongest_first(features, usual, signals):
    risk = score(features, usual, signals)
    weights = [abs(each.weight) for each in risk.contributions]

    assert risk.score == pytest.approx(sum(each.weight for each in risk.contributions))
    assert weights == sorted(weights, reverse=True)
    assert 0 not in weights
    assert risk.level is level_at(risk.score)


@given(made.features(), made.habits(), made.SIGNALS)
def test_who_brings_a_credential_most_days_is_never_calm_without_one(features, usual, signals):
    """However well an attacker imitates: the same line, the same agent string, the same hour."""
    usual = made.with_count(usual, CREDENTIAL, own=1.0, own_all=5.0)
    without = replace(signals, device=DeviceStanding.NEW, acr="sfa")

    risk = score(replace(features, known_device=False), usual, without)

    assert risk.level > RiskLevel.LOW


def test_who_never_brings_one_is_known_by_their_habits():
    count = Count(own=12, own_all=12, common=100, common_all=10_000)
    without = replace(count, common=5000)
    usual = Usual(learned=12, counts={**dict.fromkeys(made.NAMES, count), CREDENTIAL: without})

    risk = score(Features(**dict.fromkeys(made.NAMES, "usual")), usual, Signals())

    assert risk.level is RiskLevel.LOW
    assert risk.score < -3


def test_of_whom_nothing_is_known_a_new_browser_is_a_doubt():
    """Cold start: the first sign-in is elevated, for nothing speaks for it."""
    risk = score(Features(address="192.0.2.1"), Usual(), Signals())

    assert risk.level is RiskLevel.ELEVATED
    assert {each.name for each in risk.contributions} == {"new_device", "little_history"}


@pytest.mark.parametrize(
    ("points", "level"),
    [(-9, "LOW"), (0.49, "LOW"), (0.5, "ELEVATED"), (5.9, "ELEVATED"), (6, "HIGH")],
)
def test_a_score_has_the_level_whose_threshold_it_reaches(points, level):
    thresholds = Thresholds(elevated=0.5, high=6)

    assert level_at(points, thresholds) is RiskLevel[level]


def test_a_policy_may_have_thresholds_of_its_own():
    strict = Thresholds(elevated=-100, high=-50)
    calm = score(Features(), Usual(), Signals(device=DeviceStanding.TRUSTED), strict)

    assert calm.level is RiskLevel.HIGH
    assert THRESHOLDS.elevated < THRESHOLDS.high
