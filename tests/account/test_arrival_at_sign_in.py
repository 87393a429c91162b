"""From the sign-in itself to its letter, its line in the activity, and what its owner says."""

import re

import pytest

from idp.store import decisions, known_devices, sessions
from tests.account.conftest import find
from tests.account.people import MAIL, act, another_browser, letters, visit
from tests.account.test_activity import ACTIVITY
from tests.account.test_was_this_you import ME, NEW, NOT_ME
from tests.app import BUILT_IN, RelyingParty, submit, text_of
from tests.support.judged import CHROME

PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_2 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.2 Mobile/15E148 Safari/604.1"
)


@pytest.fixture
def laptop(make) -> RelyingParty:
    """Somebody who has signed in at the same computer for a month."""
    rp: RelyingParty = another_browser(make(policy=BUILT_IN, **MAIL), CHROME)
    for _ in range(10):
        rp.log_in(visit(rp))
        rp.provider.clock.forward(days=3)
    rp.log_in(visit(rp))
    return rp


def elsewhere(rp: RelyingParty) -> RelyingParty:
    """The same name and password at a telephone in another network."""
    rp.provider.clock.forward(minutes=5)
    phone = another_browser(rp, PHONE)
    phone.browser.environ_base["REMOTE_ADDR"] = "203.0.113.9"
    phone.log_in(visit(phone))
    return phone


def newest(rp: RelyingParty):
    with rp.provider.context() as ctx:
        return decisions.list_of_user(ctx.db, find(rp).id, 1)[0]


def subjects(kept):
    return [letter["subject"].split(" · ")[0] for letter in kept]


def test_a_new_browser_is_told_of_once_and_asked_about_where_its_owner_is_known(
    laptop, monkeypatch
):
    kept = letters(monkeypatch)
    phone = elsewhere(laptop)

    assert subjects(kept) == ["A new browser signed in to your account"]
    assert "Browser: Mobile Safari on iOS" in kept[0]["text"]
    judged = newest(laptop)
    assert f"{NOT_ME}?sign_in={judged.id}" in kept[0]["text"]
    text = text_of(visit(laptop))
    assert "A new browser signed in Mobile Safari on iOS" in text
    assert "Was this you? Yes, it was me" in text
    assert "Was this you?" not in text_of(visit(phone)), "nobody vouches for themselves"
    line = text_of(visit(laptop, ACTIVITY))
    assert "This browser is new to us" in line
    assert "Ends After" in line

    act(laptop, ME, decision=judged.id)

    assert newest(laptop).answer == "me"
    with laptop.provider.context() as ctx:
        device = known_devices.find(ctx.db, judged.device_id, judged.user_id)
    assert device.confirmed_at is not None
    act(phone, "/account/sign-out")
    phone.log_in(visit(phone))
    assert len(kept) == 1, "it is a known one now"
    assert "Was this you?" not in text_of(visit(laptop))


def test_the_link_of_the_letter_ends_what_the_stranger_has(laptop, monkeypatch):
    kept = letters(monkeypatch)
    stranger = elsewhere(laptop)
    link = re.search(r"https://id\.example\.test(/account/not-me\S+)", kept[0]["text"])[1]

    page = laptop.log_in(laptop.follow(laptop.get(link)))
    after = laptop.follow(submit(laptop.browser, page, NOT_ME, new_password=NEW))

    assert "Everybody else is signed out." in text_of(after)
    assert b'id="page-login"' in visit(stranger).data
    ada = find(laptop)
    with laptop.provider.context() as ctx:
        (left,) = sessions.list_live_of_user(ctx.db, ada.id, ctx.now)
    assert left.user_agent == CHROME
    assert "You said that it was not you" in text_of(visit(laptop, ACTIVITY))
    assert subjects(kept)[1:] == ["Everybody was signed out of your account"]
