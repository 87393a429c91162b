"""A small population holds the bars of docs/risk.md, on seeds of its own."""

import pytest

from tests.population import copies, report
from tests.population.evaluation import Outcome, Share
from tests.population.freeman import Freeman
from tests.population.people import population
from tests.population.report import BARS, Runs
from tests.population.sessions import THEFTS, live_through

SEED, PEOPLE = 201, 900


@pytest.fixture(scope="module")
def runs() -> Runs:
    return Runs.over([SEED], PEOPLE, freeman=False)


def test_with_a_credential_known_browsers_are_left_alone_and_strangers_are_asked(runs: Runs):
    outcome = runs.with_devices

    assert report.known(outcome).value <= 0.01
    # Who got in by a password alone does not look like the user the day after.
    assert Share.of(outcome.returns["naive", 1], report.asked).value > 0.5
    for kind in outcome.attacks:
        caught = report.caught(outcome, kind)
        assert caught.of_all > 500
        # Of so few attacks one may slip through by chance.
        assert caught.of_all - caught.count <= 1


@pytest.mark.parametrize(("kind", "bar"), BARS.items())
def test_without_one_most_are_detected_at_few_challenges(runs: Runs, kind, bar):
    outcome = runs.without

    asked = outcome.asked_of_first(outcome.threshold(kind, 0.99), 12)

    assert asked is not None
    # With some seventy users the median may be off by one.
    assert asked <= bar + 1


def test_of_honest_sessions_none_is_ended_and_few_are_asked():
    sessions = live_through(SEED, 250)

    assert sessions.ended().value <= 0.001
    assert sessions.asked().value <= 0.02
    caught = {theft: sessions.stopped(theft).value for theft in THEFTS}
    assert caught["all cookies, other network, other browser"] == 1
    assert caught["session cookie, other network, same browser"] == 1
    # Said as it is: nobody can tell.
    assert caught["all cookies, same network, same browser"] == 0


def test_a_copy_of_all_cookies_is_found_when_both_go_on_and_no_browser_is_taken_for_one():
    found = {theft: share.value for theft, _, share, _ in copies.rows(SEED, 400)}

    assert copies.honest(SEED, 1500).count == 0
    assert found["every minute from then on"] > 0.9
    assert found["once, an hour after copying"] > 0.7
    # Said as it is: who is done by then was never in two places.
    assert found["once, a minute after copying"] == 0


def test_the_population_has_the_published_marginals():
    found = report.marginals(1, 3000)

    median, most, extreme = map(int, found["sign-ins per user: median / 90 % / 99 %"].split(" / "))
    assert (median, most) == (2, pytest.approx(9, abs=2))
    assert extreme == pytest.approx(28, abs=12)
    assert float(found["users with one sign-in"].split()[0]) == pytest.approx(39.7, abs=8)


def test_the_plain_score_raises_what_was_never_seen_by_four():
    model, (first, *_) = Freeman(), population(1, 3)
    assert model.score(first.user, first.features) == 0
    model.learn(first.user, first.features)
    stranger = next(each for each in population(2, 9) if each.features.asn != first.features.asn)

    assert model.score(first.user, stranger.features) >= 4


def test_an_interval_holds_its_share():
    share = Share(count=3, of_all=100)

    low, high = share.interval
    assert low < share.value < high
    assert Share(0, 0).interval == (0.0, 1.0)
    assert Outcome().asked_of_first(0, 4) is None
