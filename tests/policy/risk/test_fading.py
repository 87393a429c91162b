"""What all users did counts less the longer ago it was, and never less than its share."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.policy.risk.fading import HALF_LIFE, faded, worth

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
DAYS = st.timedeltas(timedelta(0), timedelta(days=3650))
PAIR = ("country", "NO")


@pytest.mark.parametrize(("half_lives", "left"), [(0, 1.0), (1, 0.5), (2, 0.25), (10, 1 / 1024)])
def test_a_sign_in_counts_half_after_each_quarter_of_a_year(half_lives, left):
    written = {PAIR: (worth(NOON), 7)}

    assert faded(written, NOON + half_lives * HALF_LIFE) == {PAIR: (pytest.approx(left), 7)}


@given(DAYS, DAYS)
def test_later_never_counts_more(soon, later):
    early, late = sorted((soon, later))
    written = {PAIR: (worth(NOON), 0)}

    assert faded(written, NOON + late)[PAIR][0] <= faded(written, NOON + early)[PAIR][0]


def test_there_is_room_for_two_centuries_of_sign_ins():
    assert 1e9 * worth(datetime(2200, 1, 1, tzinfo=UTC)) < float("inf")
