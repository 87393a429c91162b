"""The turns of a session's cookies: an honest browser never falls behind, a copy does."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.policy.turns import EVERY, SETTLES, Turn, after, is_behind

OPENED = datetime(2026, 3, 2, 9, tzinfo=UTC)
SECOND = timedelta(seconds=1)
BROWSER, COPY = "browser", "copy"


@pytest.mark.parametrize(
    ("number", "kept", "shown", "behind"),
    [
        (0, False, 0, False),
        (3, True, 3, False),
        (3, False, 3, False),
        (3, False, 2, False),
        (3, True, 2, True),
        (3, False, 1, True),
        (3, True, 0, True),
        (1, False, 0, False),
        (1, True, 0, True),
        (2, True, 3, False),
    ],
)
def test_who_shows_less_than_another_showed_is_behind_unless_an_answer_may_be_lost(
    number, kept, shown, behind
):
    assert is_behind(Turn(number, OPENED, kept=kept), shown) is behind


@pytest.mark.parametrize(
    ("turn", "shown", "waited", "then"),
    [
        (Turn(0, OPENED, kept=False), 0, EVERY - SECOND, None),
        (Turn(0, OPENED, kept=False), 0, EVERY, Turn(1, OPENED + EVERY, kept=False)),
        (Turn(4, OPENED, kept=True), 4, EVERY - SECOND, None),
        (Turn(4, OPENED, kept=True), 4, EVERY, Turn(5, OPENED + EVERY, kept=False)),
        (Turn(4, OPENED, kept=False), 4, SETTLES - SECOND, None),
        (Turn(4, OPENED, kept=False), 4, SETTLES, Turn(4, OPENED, kept=True)),
        (Turn(4, OPENED, kept=False), 3, EVERY, None),
        (Turn(4, OPENED, kept=True), 2, EVERY, None),
        # What was given by a request whose writing was undone is no reason to give it twice.
        (Turn(4, OPENED, kept=True), 5, EVERY, Turn(6, OPENED + EVERY, kept=False)),
        # A clock that was set back.
        (Turn(4, OPENED, kept=True), 4, -EVERY, None),
    ],
)
def test_a_turn_goes_on_when_it_is_kept_and_time_has_come(turn, shown, waited, then):
    assert after(turn, shown, OPENED + waited) == (then or turn)


@dataclass
class Session:
    """A session as the house keeps it, and the cookies that are about in the world."""

    turn: Turn
    jars: dict[str, int]
    now: datetime = OPENED

    def use(self, who: str, *, answered: bool = True) -> bool:
        """Let somebody send a request; True when they were found to be behind."""
        shown = self.jars[who]
        if is_behind(self.turn, shown):
            return True
        self.turn = after(self.turn, shown, self.now)
        if answered:
            self.jars[who] = max(shown, self.turn.number)
        return False


WAITS = st.sampled_from((timedelta(0), SECOND, SETTLES, 5 * SETTLES, EVERY, 3 * EVERY))


@given(st.lists(st.tuples(WAITS, st.booleans()), max_size=40))
def test_a_browser_is_never_behind_however_many_answers_get_lost(uses):
    session = Session(Turn(0, OPENED, kept=False), {BROWSER: 0})

    for waited, answered in uses:
        session.now += waited

        assert not session.use(BROWSER, answered=answered)


@given(st.lists(st.tuples(WAITS, st.lists(st.booleans(), min_size=1, max_size=5)), max_size=20))
def test_requests_at_one_instant_that_all_show_the_old_number_do_not_harm_each_other(bursts):
    session = Session(Turn(0, OPENED, kept=False), {BROWSER: 0})

    for waited, answered in bursts:
        session.now += waited
        shown = session.jars[BROWSER]
        for reached in answered:
            kept, session.jars[BROWSER] = session.jars[BROWSER], shown
            assert not session.use(BROWSER, answered=reached)
            session.jars[BROWSER] = max(kept, session.jars[BROWSER])


@given(
    st.lists(st.tuples(WAITS, st.sampled_from((BROWSER, COPY))), max_size=30),
    st.sampled_from(((BROWSER, COPY), (COPY, BROWSER))),
)
def test_of_two_copies_the_one_that_pauses_while_the_other_goes_on_is_found(uses, both):
    """Whatever both did before: one of them is behind as soon as the other did this much alone."""
    active, paused = both
    session = Session(Turn(0, OPENED, kept=False), {BROWSER: 0, COPY: 0})
    for waited, who in uses:
        session.now += waited
        if session.use(who):
            return

    for waited in (SETTLES, EVERY, EVERY, SETTLES):
        session.now += waited
        if session.use(active):
            return

    assert session.use(paused)
