"""All interleavings of two requests, statement by statement (I1 to I10, I13)."""

import pytest

from tests.machines.weaving.misuse import MISUSES
from tests.machines.weaving.operations import OPERATIONS
from tests.machines.weaving.plan import CROWDS, PAIRS
from tests.machines.weaving.stage import Stage
from tests.machines.weaving.weave import all_of, alone, some_of, struck
from tests.machines.woven import note
from tests.support.spec import spec

SEEDS = range(12)


@spec("RFC 6749 §10.5", "RFC 9700 §4.14.2", "RFC 7009 §2.1")
@pytest.mark.parametrize("pair", PAIRS, ids=" and ".join)
def test_no_interleaving_of_two_operations_breaks_an_invariant(
    stage: Stage, pair: tuple[str, str], record_property
):
    tally = all_of(stage, pair)

    assert tally.violations == []
    assert tally.schedules > 1
    note(record_property, stage.dialect, "schedules of pairs", tally.schedules)


@pytest.mark.parametrize("crowd", CROWDS, ids=" and ".join)
def test_no_order_that_dice_choose_for_three_to_five_requests_breaks_an_invariant(
    stage: Stage, crowd: tuple[str, ...], record_property
):
    tally = some_of(stage, crowd, [f"{crowd} {seed}" for seed in SEEDS])

    assert tally.violations == []
    note(record_property, stage.dialect, "of three to five", tally.schedules)


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_statement_that_fails_leaves_nothing_and_the_next_try_succeeds(
    stage: Stage, name: str, record_property
):
    tally = struck(stage, name)

    assert tally.violations == []
    note(record_property, stage.dialect, "with a failing statement", tally.schedules)


@pytest.mark.parametrize("name", MISUSES)
def test_what_nobody_may_be_given_is_refused_and_burns_nothing(stage: Stage, name: str):
    assert alone(stage, name).violations == []


@pytest.mark.parametrize("pair", [("revoke", "userinfo"), ("exchange", "userinfo")], ids=str)
def test_schedules_that_are_left_out_bring_nothing_new(stage: Stage, pair: tuple[str, str]):
    reduced, full = all_of(stage, pair), all_of(stage, pair, reduced=False)

    assert full.violations == []
    assert full.schedules > reduced.schedules
    assert full.outcomes == reduced.outcomes
