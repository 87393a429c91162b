"""What a sign-in teaches, and how much of it is kept."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.policy.risk import Features, Signals, score
from idp.policy.risk.habits import (
    EVICTED,
    MOST_LEARNED,
    MOST_VALUES,
    MOST_VALUES_ELSEWHERE,
    common_names,
    learned,
    taught,
    teaches,
    untaught,
    usual_of,
)
from idp.policy.terms import DeviceStanding, RiskLevel

AT = datetime(2030, 1, 1, 12, tzinfo=UTC)
HOME = Features.of(
    at=AT,
    address="192.0.2.7",
    prefix="192.0.2.0/24",
    asn="AS64500",
    country="NO",
    user_agent="Mozilla/5.0 an agent",
    browser="Firefox",
    version="140.1",
    system="Linux",
    device="desktop",
    known_device=True,
)


def at(address: str) -> Features:
    return Features.of(at=AT, address=address)


def test_features_are_kept_as_values_and_come_back():
    assert Features.read(HOME.values()) == HOME
    assert HOME.values() | {"version": "Firefox 140", "hour": "4"} == HOME.values()


def test_what_is_unknown_is_no_value():
    bare = Features.of(at=AT, address="192.0.2.7", prefix="192.0.2.0/24", asn="192.0.2.0/24")

    assert set(bare.values()) == {"address", "prefix", "hour", "weekhour", "credential"}


def test_a_day_full_of_repeats_teaches_little_more_than_one_sign_in():
    counters = {}
    for _ in range(100):
        counters = taught(counters, HOME, 1.0, day=1)
    assert 1 < learned(counters) <= 1.25

    assert learned(taught(counters, HOME, 1.0, day=2)) >= 2


def test_a_risky_sign_in_repeated_all_day_does_not_teach_what_a_calm_one_does():
    counters = taught({}, HOME, 1.0, day=1)
    for _ in range(100):
        counters = taught(counters, at("203.0.113.9"), 0.25, day=2)

    assert counters["address"]["203.0.113.9"][0] < 0.32


def test_who_comes_first_is_taken_for_the_owner():
    assert learned(taught({}, HOME, 0.25, day=1)) == 1.0


def test_whether_a_browser_keeps_its_credential_is_learned_at_once_but_not_from_the_first():
    counters = taught({}, at("10.0.0.1"), 1.0, day=1)
    assert "credential" not in counters

    assert taught(counters, at("10.0.0.1"), 0.25, day=2)["credential"]["no"][0] == 1.0


@pytest.mark.parametrize(
    ("level", "acr", "amount"),
    [
        ("LOW", "sfa", 1.0),
        ("ELEVATED", "sfa", 0.5),
        ("ELEVATED", "mfa", 0.75),
        ("ELEVATED", "phr", 1.0),
        ("HIGH", "sfa", 0.0),
        ("HIGH", "mfa", 0.0),
        ("HIGH", "phrh", 0.5),
    ],
)
def test_the_riskier_a_success_the_less_it_teaches(level, acr, amount):
    assert teaches(RiskLevel[level], acr) == amount


@given(st.lists(st.tuples(st.integers(0, 60), st.sampled_from((0.25, 1.0))), max_size=120))
def test_counters_stay_small_and_lose_no_experience_to_it(sign_ins):
    counters = {}
    for day, (place, weight) in enumerate(sign_ins):
        counters = taught(counters, at(f"10.0.0.{place}"), weight, day)

    assert all(
        len([name for name in kept if name != EVICTED])
        <= MOST_VALUES.get(level, MOST_VALUES_ELSEWHERE)
        for level, kept in counters.items()
    )
    assert learned(counters) <= MOST_LEARNED + 1.25
    if sign_ins:
        given_out = 1.0 + sum(weight for _, weight in sign_ins[1:])
        assert learned(counters) == pytest.approx(given_out, abs=max(given_out - 32, 0.01))


def test_the_least_used_goes_first_and_of_these_the_oldest():
    counters = {}
    for day in range(MOST_VALUES["address"]):
        counters = taught(counters, at(f"10.0.0.{day}"), 1.0, day)
    counters = taught(counters, at("10.0.0.0"), 1.0, 50)

    after = taught(counters, at("10.0.1.1"), 1.0, 51)["address"]

    assert "10.0.0.0" in after
    assert "10.0.1.1" in after
    assert "10.0.0.1" not in after


def test_who_moves_is_at_home_in_the_new_place_in_time():
    counters = {}
    for day in range(300):
        counters = taught(counters, at("10.0.0.1"), 1.0, day)
    for day in range(300, 340):
        counters = taught(counters, at("10.0.0.2"), 1.0, day)

    assert counters["address"]["10.0.0.2"][0] > counters["address"]["10.0.0.1"][0]


def test_what_was_not_the_users_is_taken_back():
    before = taught({}, HOME, 1.0, day=1)
    poisoned = taught(before, at("203.0.113.9"), 0.25, day=2)

    after = untaught(poisoned, at("203.0.113.9"), 0.25)

    assert after["address"] == before["address"]
    assert untaught(before, HOME, 1.0)["address"] == {}
    assert untaught(before, at("203.0.113.9"), 1.0)["address"] == before["address"]


def test_what_is_usual_is_read_off_the_counters():
    counters = taught({}, HOME, 1.0, day=1)
    common = {("country", "NO"): (40.0, 0), ("country", ""): (100.0, 7)}

    usual = usual_of(counters, HOME, common)

    country = usual.of("country")
    assert (country.own, country.own_all, country.common) == (1.0, 1.0, 40.0)
    assert (country.common_all, country.kinds) == (100.0, 7)
    assert usual.of("address").common_all == 0
    assert usual.learned == 1.0
    assert ("address", "192.0.2.7") not in common_names(HOME)
    assert ("asn", "AS64500") in common_names(HOME)


def test_a_stranger_who_got_in_once_with_the_password_is_no_less_a_stranger_the_next_day():
    counters, common = {}, {}
    for day in range(12):
        counters = taught(counters, HOME, 1.0, day)
    stranger = Features.of(
        at=AT,
        address="203.0.113.9",
        prefix="203.0.113.0/24",
        asn="AS64999",
        country="NO",
        user_agent="another agent",
        browser="Chrome",
        version="140",
        system="Windows",
        device="desktop",
    )
    first = score(stranger, usual_of(counters, stranger, common), Signals())
    for _ in range(20):
        counters = taught(counters, stranger, teaches(RiskLevel.ELEVATED), day=20)

    back = replace(stranger, known_device=True)
    device = Signals(device=DeviceStanding.KNOWN)
    again = score(back, usual_of(counters, back, common), device)

    assert first.level > RiskLevel.LOW
    assert again.level > RiskLevel.LOW
