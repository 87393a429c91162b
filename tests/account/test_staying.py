"""The end of a session is said before it comes, with a way to stay (WCAG 2.2 §2.2.1)."""

from datetime import timedelta

import pytest

from idp.policy.book import Rule, Then, When
from idp.policy.terms import Moment, Outcome
from tests.app import Provider, RelyingParty, fields_of, submit, text_of
from tests.presence.places import ruled, session_in
from tests.protocol.parties import page_of, party
from tests.support.spec import spec

JSON = {"Accept": "application/json"}


@pytest.fixture
def rp(provider: Provider) -> RelyingParty:
    provider.add_user()
    made = party(provider)
    made.sign_in()
    made.get("/account")
    return made


def left(rp: RelyingParty) -> dict[str, int]:
    return dict(rp.get("/account/session").get_json())


@spec("WCAG 2.2 §2.2.1")
def test_each_page_says_when_the_session_ends_and_has_a_button_to_stay(
    provider: Provider, rp: RelyingParty
):
    page = rp.get("/account/devices")
    assert "This session ends when it is not used for 60 minutes" in text_of(page)
    provider.clock.forward(minutes=59)

    back = rp.follow(submit(rp.browser, page, "/account/stay", to="/account/devices"))

    assert page_of(back) == "account-devices"
    session = session_in(provider)
    assert session.idle_until == provider.clock.now + timedelta(hours=1)


def test_a_script_stays_without_another_page(provider: Provider, rp: RelyingParty):
    page = rp.get("/account")
    provider.clock.forward(minutes=3)

    stayed = rp.browser.post(
        "/account/stay", data=fields_of(page), headers=JSON, base_url="https://id.example.test"
    )

    assert stayed.get_json()["idle"] == 3600
    assert stayed.headers["Cache-Control"] == "no-store"


def test_asking_how_long_there_is_left_is_no_use_of_the_session(
    provider: Provider, rp: RelyingParty
):
    provider.clock.forward(minutes=50)

    assert left(rp)["idle"] == 600
    provider.clock.forward(minutes=9)
    assert left(rp)["idle"] == 60
    provider.clock.forward(minutes=1)
    assert left(rp) == {"idle": 0, "absolute": 0}


def test_nor_does_who_asks_learn_when_somebody_was_there(provider: Provider, rp: RelyingParty):
    """With copied cookies one could come right behind their owner each time (policy.turns)."""
    provider.clock.forward(minutes=20)
    before = left(rp)["idle"]

    rp.get("/account")

    assert session_in(provider).last_seen_at == provider.clock.now
    assert left(rp)["idle"] == before == 15 * 60


def test_a_session_of_some_minutes_says_less_still(provider: Provider, rp: RelyingParty):
    for minutes, said in ((20, 10), (6, 4), (3, 3)):
        ruled(provider, idle=timedelta(minutes=minutes))
        rp.get("/account")
        assert left(rp)["idle"] == said * 60


def test_the_way_back_leads_to_a_page_of_the_account_alone(rp: RelyingParty):
    page = rp.get("/account")

    answer = submit(rp.browser, page, "/account/stay", to="https://evil.example.test/")

    assert answer.headers["Location"] == "/account"


def test_an_absolute_end_is_said_in_time_and_cannot_be_put_off(
    provider: Provider, rp: RelyingParty
):
    end = session_in(provider).absolute_until
    while provider.clock.now < end - timedelta(minutes=45):
        rp.get("/account")
        provider.clock.forward(minutes=30)
    provider.clock.now = end - timedelta(minutes=9)

    page = rp.get("/account")

    assert "Finish what you are doing, then sign in again." in text_of(page)
    assert "session-end-near" in page.get_data(as_text=True)
    stayed = submit(rp.browser, page, "/account/stay")
    assert stayed.status_code == 303
    assert session_in(provider).idle_until == end


# What the policy says of acts


def confirmed_first(rp: RelyingParty) -> bool:
    page = rp.get("/account/devices")
    return page_of(rp.follow(submit(rp.browser, page, "/account/sessions/end-others"))) == "login"


def test_an_act_takes_a_proof_as_young_as_the_policy_says(provider: Provider, rp: RelyingParty):
    ruled(provider, reauthentication=timedelta(minutes=30))
    provider.clock.forward(minutes=30)
    assert not confirmed_first(rp)

    provider.clock.forward(seconds=1)

    assert confirmed_first(rp)


def test_a_rule_of_the_account_asks_for_each_act(provider: Provider, rp: RelyingParty):
    here = When(moments=frozenset({Moment.ACCOUNT}))
    ruled(provider, Rule("each act", here, Then(outcome=Outcome.ASK_AGAIN)))
    assert not confirmed_first(rp)

    provider.clock.forward(minutes=2, seconds=1)

    assert confirmed_first(rp)
    assert page_of(rp.get("/account")) == "account"


def test_a_level_that_the_policy_wants_of_acts_is_stepped_up_to(
    provider: Provider, rp: RelyingParty
):
    here = When(moments=frozenset({Moment.ACCOUNT}))
    ruled(provider, Rule("surer", here, Then(acr="phr")))

    page = rp.get("/account/devices")
    asked = rp.follow(submit(rp.browser, page, "/account/sessions/end-others"))

    assert page_of(asked).startswith(("login", "enrol"))
    assert "want a surer proof for that" in text_of(asked)
