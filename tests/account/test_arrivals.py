"""Letters about a new browser and a new place: few, so that they are read."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from idp.context import Origin
from idp.credentials.arrivals import Arrival, tell_of_new
from idp.credentials.notices import Notice
from idp.store import decisions
from idp.worker.jobs import purge_spent
from tests.account.conftest import find
from tests.account.decided import a_decision
from tests.account.people import MAIL, letters
from tests.support.spec import spec

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_2 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.2 Mobile/15E148 Safari/604.1"
)
STRANGER = Arrival(device_new=True, network="AS3320")


@pytest.fixture
def house(make):
    return make(**MAIL, name="Harbour")


def arrives(house, arrival, user_agent=FIREFOX, address="203.0.113.9"):
    """Somebody signs in as ada, and this is new about it; what was written about."""
    with house.provider.context() as ctx:
        there = replace(ctx, origin=Origin(address=address, user_agent=user_agent))
        return tell_of_new(there, find(house), arrival)


def in_country(code, **traits):
    return Arrival(**{"device_new": False, "country": code, "country_new": True} | traits)


@spec("ASVS 5.0 §6.3.5")
def test_a_new_browser_is_told_of_with_what_where_when_and_what_to_do(house, monkeypatch):
    kept = letters(monkeypatch)

    arrival = replace(STRANGER, country="NO", country_new=True, decision_id="abc")
    assert arrives(house, arrival) is Notice.NEW_BROWSER

    (letter,) = kept
    assert letter["to"] == "ada@example.test"
    assert letter["subject"] == "A new browser signed in to your account · Harbour"
    for told in (
        "Browser: Firefox on Linux",
        "Place: Norway (approximate)",
        "Address: 203.0.113.9",
        "When: 2030-01-01 12:00 UTC",
        "https://id.example.test/account/not-me?sign_in=abc",
    ):
        assert told in letter["text"]


def test_what_nobody_knows_is_not_said(house, monkeypatch):
    kept = letters(monkeypatch)

    arrives(house, STRANGER)

    assert "Place:" not in kept[0]["text"]
    assert "/account/activity" in kept[0]["text"], "there is no decision to speak about"


def test_a_known_browser_in_a_new_country_is_told_of_once_per_country(house):
    told = [arrives(house, in_country(code)) for code in ("NO", "NO", "DE", "NO", "DE")]

    assert told == [Notice.NEW_PLACE, None, Notice.NEW_PLACE, None, None]
    house.provider.clock.forward(days=200)
    assert arrives(house, in_country("NO")) is None


def test_one_sign_in_sends_one_letter_and_the_browser_comes_first(house):
    assert arrives(house, in_country("NO", device_new=True)) is Notice.NEW_BROWSER
    assert arrives(house, in_country("NO")) is None, "its letter named the country"


def test_what_was_there_before_is_not_told_of(house, monkeypatch):
    kept = letters(monkeypatch)

    arrives(house, Arrival(device_new=False, country="NO", country_new=False))

    assert kept == []


def test_the_first_sign_in_of_an_account_is_compared_with_nothing(house):
    first = in_country("NO", device_new=True, first_sign_in=True)

    assert arrives(house, first) is None
    assert arrives(house, in_country("NO")) is None


def test_a_browser_that_keeps_no_cookies_is_told_of_once_a_day(house):
    told = []
    for hours in (0, 1, 22, 2, 1):
        house.provider.clock.forward(hours=hours)
        with house.provider.context() as ctx:
            purge_spent(ctx)
        told.append(arrives(house, STRANGER))

    assert told == [Notice.NEW_BROWSER, None, None, Notice.NEW_BROWSER, None]


@pytest.mark.parametrize("other", ["browser", "network"])
def test_another_browser_or_another_network_is_told_of_at_once(house, other):
    arrives(house, STRANGER)

    if other == "browser":
        assert arrives(house, STRANGER, SAFARI) is Notice.NEW_BROWSER
    else:
        assert arrives(house, replace(STRANGER, network="AS64500")) is Notice.NEW_BROWSER


def test_who_said_it_was_me_hears_nothing_of_such_a_browser_for_a_month(house):
    ada = find(house)
    with house.provider.context() as ctx:
        said = a_decision(ctx, ada, user_agent=FIREFOX, facts={"network": "AS3320"})
        decisions.add(ctx.db, said)
        decisions.answer(ctx.db, said.id, ada.id, "me", ctx.now)

    assert arrives(house, STRANGER) is None
    assert arrives(house, replace(STRANGER, network="AS64500")) is Notice.NEW_BROWSER
    assert arrives(house, STRANGER, SAFARI) is Notice.NEW_BROWSER
    house.provider.clock.forward(days=31)
    assert arrives(house, STRANGER) is Notice.NEW_BROWSER


def test_a_flood_of_browsers_sends_five_letters_an_hour(house):
    told = [arrives(house, replace(STRANGER, network=f"AS{n}")) for n in range(9)]

    assert told == [Notice.NEW_BROWSER] * 5 + [None] * 4


def test_of_two_sign_ins_at_once_one_sends_the_letter(house):
    together = threading.Barrier(2)

    def sign_in(_):
        together.wait()
        return arrives(house, STRANGER)

    with ThreadPoolExecutor(2) as pool:
        told = list(pool.map(sign_in, range(2)))

    assert set(told) == {None, Notice.NEW_BROWSER}


def test_a_sign_in_that_comes_to_nothing_leaves_the_letter_to_the_next(house):
    with house.provider.context() as ctx:
        assert tell_of_new(ctx, find(house), STRANGER) is Notice.NEW_BROWSER
        ctx.db.rollback()

    with house.provider.context() as ctx:
        assert tell_of_new(ctx, find(house), STRANGER) is Notice.NEW_BROWSER
