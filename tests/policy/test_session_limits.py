"""A session's two clocks."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.policy.session_limits import deadlines, idle_after_activity, worth_noting

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SPANS = st.timedeltas(timedelta(seconds=1), timedelta(days=2))


@pytest.mark.parametrize(
    ("idle", "absolute", "idle_until"),
    [(HOUR, 12 * HOUR, NOON + HOUR), (HOUR, HOUR, NOON + HOUR), (2 * HOUR, HOUR, NOON + HOUR)],
    ids=["idle is earlier", "both at once", "absolute is earlier"],
)
def test_a_session_ends_at_the_earlier_of_its_two_clocks(idle, absolute, idle_until):
    limits = deadlines(idle, absolute, NOON)

    assert limits.idle == idle
    assert limits.idle_until == idle_until
    assert limits.absolute_until == NOON + absolute


@given(idle=SPANS, absolute=SPANS, after=st.timedeltas(timedelta(0), timedelta(days=4)))
def test_activity_never_moves_the_idle_limit_past_the_absolute_one(idle, absolute, after):
    end = deadlines(idle, absolute, NOON).absolute_until

    until = idle_after_activity(idle, end, NOON + after)

    assert until <= end
    assert until == min(NOON + after + idle, end)


@given(idle=SPANS, earlier=SPANS, later=SPANS)
def test_later_activity_never_shortens_a_session(idle, earlier, later):
    end = NOON + timedelta(days=5)
    first, second = sorted((earlier, later))

    assert idle_after_activity(idle, end, NOON + first) <= idle_after_activity(
        idle, end, NOON + second
    )


@pytest.mark.parametrize(
    ("minutes", "noted"), [(0, False), (5, False), (6, True), (59, True), (-5, False)]
)
def test_activity_is_worth_noting_after_a_tenth_of_the_idle_time(minutes, noted):
    assert worth_noting(NOON, HOUR, NOON + timedelta(minutes=minutes)) is noted
