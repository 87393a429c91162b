"""Lifetimes that a client wants, and the operator's caps."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.policy.token_lifetimes import capped, refresh_limits

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SPANS = st.timedeltas(timedelta(seconds=1), timedelta(days=400))
WANTED = st.none() | st.integers(1, 10**9)


@pytest.mark.parametrize(
    ("wanted", "lifetime"),
    [(None, timedelta(minutes=5)), (60, timedelta(minutes=1)), (7200, HOUR), (10**20, HOUR)],
)
def test_a_wish_counts_up_to_the_cap(wanted, lifetime):
    assert capped(wanted, HOUR, timedelta(minutes=5)) == lifetime


def test_a_default_above_the_cap_is_the_cap():
    assert capped(None, HOUR, 2 * HOUR) == HOUR


@given(idle=SPANS, absolute=SPANS, wanted_idle=WANTED, wanted_absolute=WANTED)
def test_no_wish_passes_a_cap_and_idle_never_passes_absolute(
    idle, absolute, wanted_idle, wanted_absolute
):
    limits = refresh_limits(wanted_idle, wanted_absolute, idle, absolute)

    assert limits.idle <= idle
    assert limits.absolute <= absolute
    until_idle, until_absolute = limits.from_now(NOON)
    assert NOON < until_idle <= until_absolute
