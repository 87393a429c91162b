"""What is a change of a session: harmless things are little, copied things are seen."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.policy.changes import Sight, changes_between, distance_between, too_fast
from idp.policy.terms import Change

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
BERLIN, HAMBURG, LISBON, SYDNEY = (52.5, 13.4), (53.6, 10.0), (38.7, -9.1), (-33.9, 151.2)


def sight(network="AS64500", country="DE", at=BERLIN, *, minutes=0, **traits):
    latitude, longitude = at or (None, None)
    return Sight(
        network=network,
        country=country,
        latitude=latitude,
        longitude=longitude,
        at=NOON + timedelta(minutes=minutes),
        **{"browser": "Firefox/Linux", "device_id": "mine"} | traits,
    )


HOME = sight()
THIEF = sight("AS64666", "PT", LISBON, browser="Chrome/Windows", minutes=3)


@pytest.mark.parametrize(
    ("now", "changes"),
    [
        (sight(minutes=5), set()),
        (sight(at=HAMBURG, minutes=1), set()),
        (sight("AS64501", minutes=1), {"network"}),
        (sight("AS64501", at=HAMBURG, minutes=1), {"network"}),
        (sight("AS64501", country=None, at=None, minutes=1), {"network"}),
        (sight("AS64600", "PT", LISBON, minutes=1), {"network", "country"}),
        (sight(country="PT", minutes=1), {"country"}),
        (sight(browser="Chrome/Linux", minutes=1), {"browser"}),
        (sight("AS64501", browser="Chrome/Linux"), {"network", "browser", "network_and_browser"}),
        (sight(device_id="another"), {"device"}),
        (sight(device_id=None), {"device"}),
        (
            sight("AS64666", "AU", SYDNEY, device_id=None, minutes=60),
            {"network", "country", "device", "impossible_travel"},
        ),
        (
            sight("AS64666", "AU", SYDNEY, browser="Chrome/Windows", minutes=60),
            {"network", "country", "browser", "network_and_browser", "impossible_travel"},
        ),
        (
            sight("AS64600", "AU", SYDNEY, browser="Chrome/Windows", minutes=60 * 20),
            {"network", "country", "browser", "network_and_browser"},
        ),
    ],
    ids=[
        "the same place",
        "a carrier's other gateway",
        "Wi-Fi to mobile",
        "mobile gateway elsewhere in the country",
        "a network that no file knows",
        "VPN switched on",
        "a network over a border",
        "another browser",
        "network and browser",
        "another credential",
        "no credential",
        "far away without the credential",
        "far away with another browser",
        "a flight later with another browser",
    ],
)
def test_what_differs_is_named(now, changes):
    assert changes_between(HOME, now) == changes


@pytest.mark.parametrize("minutes", [0, 1, 60])
def test_the_same_browser_with_its_credential_never_travels(minutes):
    """A tunnel is switched on, or a telephone roams by way of its home."""
    away = sight("AS64600", "AU", SYDNEY, minutes=minutes)
    assert changes_between(HOME, away) == {Change.NETWORK, Change.COUNTRY}
    assert changes_between(away, HOME) == {Change.NETWORK, Change.COUNTRY}


def test_without_any_file_a_hop_between_versions_is_another_network_and_no_more():
    four = sight("192.0.2.0/24", None, None)
    six = sight("2001:db8::/48", None, None)
    assert changes_between(four, six) == {Change.NETWORK}
    assert changes_between(six, four, earlier=four) == {Change.NETWORK}


def test_a_cookie_in_two_places_by_turns_is_a_copy():
    back = replace(HOME, at=NOON + timedelta(minutes=9))

    assert Change.COPIED_COOKIE not in changes_between(HOME, THIEF)
    assert Change.COPIED_COOKIE in changes_between(THIEF, back, earlier=HOME)
    assert Change.COPIED_COOKIE in changes_between(
        THIEF, replace(back, network="AS64501"), earlier=HOME
    )


@pytest.mark.parametrize(
    ("between", "back"),
    [
        (replace(THIEF, network=HOME.network), HOME),
        (replace(THIEF, browser=HOME.browser), HOME),
        (THIEF, THIEF),
        (THIEF, replace(THIEF, network="AS64777")),
        (THIEF, replace(HOME, browser="Safari/Apple")),
    ],
    ids=["same network", "same browser", "it stays", "it goes on", "a third browser"],
)
def test_what_is_no_turn_between_two_places_is_no_copy(between, back):
    assert Change.COPIED_COOKIE not in changes_between(between, back, earlier=HOME)


def test_a_session_without_a_credential_has_none_to_lose():
    before = sight(device_id=None)
    assert changes_between(before, sight(device_id="new")) == frozenset()


# Travel


@pytest.mark.parametrize(
    ("where", "country", "minutes", "claimed"),
    [
        (LISBON, "PT", 0, True),
        (LISBON, "PT", 108, True),
        (LISBON, "PT", 110, False),
        (SYDNEY, "AU", 60 * 15, True),
        (SYDNEY, "AU", 60 * 16, False),
        (HAMBURG, "PL", 0, False),
        (SYDNEY, "DE", 0, False),
        (SYDNEY, None, 0, False),
        (None, "AU", 0, False),
    ],
)
def test_too_fast_is_faster_than_an_airliner_and_over_a_border(where, country, minutes, claimed):
    there = sight("AS64666", country, where, minutes=minutes)
    assert too_fast(HOME, there) is claimed
    assert too_fast(there, HOME) is claimed


@pytest.mark.parametrize(
    ("one", "other", "kilometres"),
    [
        (BERLIN, BERLIN, 0),
        (BERLIN, HAMBURG, 256),
        (BERLIN, SYDNEY, 16_090),
        ((0, 0), (0, 180), 20_015),
        ((90, 0), (-90, 77), 20_015),
        ((0, -179.5), (0, 179.5), 111),
    ],
)
def test_distances_are_those_on_the_ground(one, other, kilometres):
    found = distance_between(sight(at=one), sight(at=other))
    assert found == pytest.approx(kilometres, rel=0.01)


# Properties

positions = st.none() | st.tuples(st.floats(-90, 90), st.floats(-180, 180))
sights = st.builds(
    sight,
    network=st.sampled_from(["AS64500", "AS64501", "192.0.2.0/24"]),
    country=st.sampled_from(["DE", "PT", None]),
    at=positions,
    browser=st.sampled_from(["Firefox/Linux", "Chrome/Windows"]),
    device_id=st.sampled_from(["mine", "another", None]),
    minutes=st.integers(0, 3000),
)
ASPECTS = ("network", "browser", "device_id")


@given(sights)
def test_nothing_changes_between_a_sight_and_itself(one):
    assert changes_between(one, one) == frozenset()
    assert changes_between(one, one, earlier=one) == frozenset()


@given(sights, sights)
def test_what_differs_differs_in_both_directions(one, other):
    """But for the credential: only what a session began with can go missing."""
    with_credential = replace(one, device_id="mine"), replace(other, device_id="another")
    assert changes_between(*with_credential) == changes_between(*reversed(with_credential))


@given(sights, sights, sights, st.sets(st.sampled_from(ASPECTS)), st.data())
def test_the_more_differs_the_more_is_said(before, now, earlier, aspects, data):
    """Whoever looks more like before cannot be told to have changed more."""
    closer = replace(now, **{aspect: getattr(before, aspect) for aspect in aspects})
    earlier = data.draw(st.sampled_from([None, earlier]))
    less = changes_between(before, closer, earlier=earlier)
    assert less <= changes_between(before, now, earlier=earlier)


@given(sights, sights, st.integers(0, 3000))
def test_more_time_never_makes_travel_less_possible(before, now, minutes):
    later = replace(now, at=max(before.at, now.at) + timedelta(minutes=minutes))
    assert too_fast(before, later) <= too_fast(before, replace(now, at=max(before.at, now.at)))


@given(sights, sights, st.none() | sights)
def test_a_new_network_alone_is_harmless(before, now, earlier):
    now = replace(now, browser=before.browser, device_id=before.device_id)
    assert changes_between(before, now, earlier=earlier) <= {Change.NETWORK, Change.COUNTRY}


@given(sights, sights, st.none() | sights)
def test_without_files_neither_country_nor_travel_is_claimed(before, now, earlier):
    bare = {"country": None, "latitude": None, "longitude": None}
    said = changes_between(replace(before, **bare), replace(now, **bare), earlier=earlier)
    assert not said & {Change.COUNTRY, Change.IMPOSSIBLE_TRAVEL}
