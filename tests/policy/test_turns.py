"""The turns of a session's cookies: an honest browser never falls behind, a copy does."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.policy.turns import EVERY, SETTLES, Held, Turn, after, is_behind

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
    assert is_behind(Turn(number, OPENED, kept=kept), Held(shown, OPENED)) is behind


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
        # What was given by a request whose writing was undone is no reason to give it twice, nor
        # to call behind what was under way beside it.
        (Turn(4, OPENED, kept=True), 5, EVERY, Turn(5, OPENED + EVERY, kept=False)),
        (Turn(4, OPENED, kept=True), 5, SECOND, Turn(5, OPENED + SECOND, kept=False)),
        # A clock that was set back.
        (Turn(4, OPENED, kept=True), 4, -EVERY, None),
        (Turn(4, OPENED, kept=False), 4, -EVERY, None),
    ],
)
def test_a_turn_goes_on_when_it_is_kept_and_time_has_come(turn, shown, waited, then):
    assert after(turn, Held(shown, OPENED), OPENED + waited) == (then or turn)


def test_a_number_settles_in_each_browser_from_when_that_one_was_given_it():
    turn, later = Turn(4, OPENED, kept=False), OPENED + EVERY

    assert after(turn, Held(4, later), later + SETTLES - SECOND) == turn
    assert after(turn, Held(4, later), later + SETTLES).kept
    assert after(Turn(0, OPENED, kept=False), Held(), OPENED + SETTLES).number == 0


@dataclass
class Session:
    """A session as the house keeps it, and the cookies that are about in the world."""

    turn: Turn = field(default_factory=lambda: Turn(0, OPENED, kept=False))
    now: datetime = OPENED

    def asked(self, held: Held, *, lasts: bool = True) -> Held | None:
        """Return what a browser holds after an answer; None where it was found to be behind."""
        if is_behind(self.turn, held):
            return None
        then = after(self.turn, held, self.now)
        self.turn = then if lasts else self.turn
        return Held(then.number, self.now) if then.number > held.number else held


SLOW = 15  # seconds on the way to us, and as many on the way back
FORGETS = timedelta(seconds=30)
WAITS = (timedelta(0), SECOND, SETTLES, 5 * SETTLES, EVERY, 3 * EVERY)


@dataclass
class Browser:
    """A browser and its jar; what it was given it writes to its disk half a minute later."""

    held: Held = field(default_factory=Held)
    given: list[tuple[datetime, Held]] = field(default_factory=list)

    def take(self, held: Held, now: datetime) -> None:
        self.held = held
        self.given.append((now, held))

    def crash(self, now: datetime) -> None:
        on_disk = [held for at, held in self.given if at <= now - FORGETS]
        self.held = on_disk[-1] if on_disk else Held()


@pytest.mark.parametrize("seed", range(15))
def test_a_browser_is_never_behind_whatever_happens_to_its_requests_and_answers(seed: int):
    """They overtake each other, are lost, come of what is undone; and the browser crashes."""
    random, session, browser, sent = Random(seed), Session(), Browser(), OPENED
    on_the_way: list[tuple[datetime, int, str, Held]] = []

    def go_on_until(instant: datetime) -> None:
        while on_the_way and on_the_way[0][0] <= instant:
            session.now, number, what, held = heappop(on_the_way)
            if what == "answer":
                browser.take(held, session.now)
                continue
            given = session.asked(held, lasts=random.random() < 0.9)
            assert given is not None
            if given != held and random.random() < 0.8:
                arrives = session.now + random.randint(0, SLOW) * SECOND
                heappush(on_the_way, (arrives, number, "answer", given))

    for number in range(3000):
        sent += random.choice((random.randint(0, SLOW) * SECOND, random.choice(WAITS)))
        go_on_until(sent)
        if random.random() < 0.1:
            browser.crash(sent)
            on_the_way = [each for each in on_the_way if each[2] == "request"]
        reaches = sent + random.randint(0, SLOW) * SECOND
        heappush(on_the_way, (reaches, number, "request", browser.held))


@given(
    st.lists(st.tuples(st.sampled_from(WAITS), st.sampled_from((BROWSER, COPY))), max_size=30),
    st.sampled_from(((BROWSER, COPY), (COPY, BROWSER))),
)
def test_of_two_copies_the_one_that_pauses_while_the_other_goes_on_is_found(uses, both):
    """Whatever both did before: one of them is behind as soon as the other did this much alone."""
    active, paused = both
    session, jars = Session(), {BROWSER: Held(), COPY: Held()}

    def found(who: str, waited: timedelta) -> bool:
        session.now += waited
        given = session.asked(jars[who])
        jars[who] = given or jars[who]
        return given is None

    for waited, who in uses:
        if found(who, waited):
            return
    if any(found(active, waited) for waited in (SETTLES, EVERY, EVERY, SETTLES)):
        return

    assert found(paused, timedelta(0))
