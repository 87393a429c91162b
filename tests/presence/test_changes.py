"""What changed in a session: most is harmless, what is not is asked about at its first use."""

import pytest

from idp.policy.book import Rule, Then, When
from idp.policy.terms import Change, Moment, Outcome
from tests.app import Provider, RelyingParty
from tests.machines.statements import overheard
from tests.machines.test_statement_counts import verbs
from tests.presence.places import (
    AWAY,
    CHROME,
    DEVICE,
    FIREFOX,
    FIREFOX_NEWER,
    HOME,
    NEIGHBOUR,
    decided,
    how_it_ended,
    in_force,
    letters,
    move,
    recorded,
    ruled,
    session_in,
    thief_of,
)
from tests.protocol.parties import page_of, party
from tests.protocol.refreshing import refreshed


def test_where_nothing_changed_nothing_is_asked_of_the_database(
    provider: Provider, rp: RelyingParty
):
    with overheard(provider) as heard:
        rp.answer(rp.authorize())

    assert verbs(heard) == ["SELECT sessions", "INSERT grants", "INSERT audit_events"]


@pytest.mark.parametrize(
    ("address", "user_agent"),
    [(NEIGHBOUR, FIREFOX), (AWAY, FIREFOX), (HOME, FIREFOX_NEWER), (HOME, CHROME)],
    ids=["another address", "another network", "an update", "another browser beside it"],
)
def test_what_is_harmless_by_itself_is_noted_and_no_more(
    provider: Provider, rp: RelyingParty, address: str, user_agent: str
):
    before = letters(provider)
    move(rp.browser, address, user_agent)

    assert rp.answer(rp.authorize())["code"]

    seen = session_in(provider)
    assert (seen.seen_address, seen.seen_user_agent) == (address, user_agent)
    assert (seen.before_address, seen.before_user_agent) == (HOME, FIREFOX)
    assert (seen.challenge, decided(provider), letters(provider)) == (None, [], before)
    with overheard(provider) as heard:
        rp.authorize()
    assert not any("UPDATE sessions" in each for each in heard.work)


def test_a_copied_cookie_elsewhere_is_stopped_at_its_first_use_and_the_owner_is_told(
    provider: Provider, rp: RelyingParty
):
    before = letters(provider)
    thief = thief_of(provider, rp)

    assert thief.answer(thief.authorize(prompt="none"))["error"] == "login_required"

    assert session_in(provider).challenge == "network_and_browser_changed"
    assert decided(provider) == [("ask_again", "network_and_browser_changed")]
    assert letters(provider) == before + 1
    assert provider.event_names().count("session.challenged") == 1


def test_the_owner_goes_on_with_a_new_secret_and_the_copy_is_dead(
    provider: Provider, rp: RelyingParty
):
    token = rp.sign_in()["refresh_token"]
    thief = thief_of(provider, rp)
    thief.authorize()

    page = rp.authorize()
    assert page_of(page) == "login"
    assert "Something about your session changed" in page.get_data(as_text=True)
    assert rp.answer(rp.log_in(page))["code"]

    assert refreshed(rp, token)["access_token"]
    assert thief.answer(thief.authorize(prompt="none"))["error"] == "login_required"
    assert session_in(provider).challenge is None


@pytest.mark.parametrize("without", ["", DEVICE], ids=["with it", "without it"])
def test_the_credential_that_was_copied_along_stands_for_no_second_step_any_more(
    provider: Provider, without: str
):
    secret = provider.add_totp(provider.add_user())
    rp = party(provider)
    move(rp.browser)
    rp.submit(rp.log_in(rp.authorize()), code=provider.code(secret), trust="yes")
    copy = thief_of(provider, rp, AWAY, FIREFOX, without="__Host-idp_session")

    thief_of(provider, rp, without=without).authorize()

    distrusted = not without
    assert ("devices.distrusted" in provider.event_names()) is distrusted
    page = copy.log_in(copy.authorize())
    assert (page_of(page) == "login-code") is distrusted


def test_the_thief_who_acts_in_the_account_gets_nowhere(provider: Provider, rp: RelyingParty):
    thief = thief_of(provider, rp)

    for path in ("/account", "/account/devices", "/login/step-up", "/login"):
        assert page_of(thief.follow(thief.get(path))) == "login"
    assert session_in(provider).challenge == "network_and_browser_changed"


def test_a_session_cookie_without_its_device_credential_is_asked_about(
    provider: Provider, rp: RelyingParty
):
    thief = thief_of(provider, rp, HOME, FIREFOX, without=DEVICE)

    assert page_of(thief.authorize()) == "login"

    assert session_in(provider).challenge == "device_credential_missing"


def test_who_comes_without_address_and_user_agent_is_somebody(provider: Provider, rp: RelyingParty):
    thief = thief_of(provider, rp, "", "", without=DEVICE)

    assert page_of(thief.authorize()) == "login"

    assert session_in(provider).challenge is not None


def test_the_same_cookies_from_the_same_network_and_browser_are_not_told_apart(
    provider: Provider, rp: RelyingParty
):
    """What cannot be known is not claimed: that takes a secret which does not leave the device."""
    thief = thief_of(provider, rp, NEIGHBOUR, FIREFOX)

    assert thief.answer(thief.authorize())["code"]


def test_one_secret_in_two_places_by_turns_ends_where_nobody_was_asked_before(
    provider: Provider, rp: RelyingParty
):
    policy = ruled(provider)
    lenient = tuple(r for r in policy.rules if r.name != "network_and_browser_changed")
    in_force(provider, type(policy)(version="lenient", defaults=policy.defaults, rules=lenient))
    thief = thief_of(provider, rp)
    assert thief.answer(thief.authorize())["code"]
    before = letters(provider)

    page = rp.authorize()

    assert page_of(page) == "login"
    assert "The rules of this service ended your session" in page.get_data(as_text=True)
    assert how_it_ended(provider) == "policy:copied_cookie"
    assert ("end", "copied_cookie") in decided(provider)
    assert letters(provider) == before + 1
    assert page_of(thief.authorize()) == "login"


def test_a_new_address_alone_ends_nothing_whatever_the_policy_says(
    provider: Provider, rp: RelyingParty
):
    harsh = Rule("harsh", When(changes=frozenset({Change.NETWORK})), Then(outcome=Outcome.END))
    ruled(provider, harsh)
    rp.authorize()
    move(rp.browser, AWAY)

    assert page_of(rp.authorize()) == "login"

    assert how_it_ended(provider) is None
    assert session_in(provider).challenge == "harsh"


def test_nor_does_it_where_the_rule_is_one_of_this_very_request(
    provider: Provider, rp: RelyingParty
):
    moved = When(moments=frozenset({Moment.AUTHORIZE}), changes=frozenset({Change.NETWORK}))
    ruled(provider, Rule("harsh", moved, Then(outcome=Outcome.END)))
    rp.authorize()
    move(rp.browser, AWAY)

    assert page_of(rp.authorize()) == "login"

    assert how_it_ended(provider) is None
    assert session_in(provider).challenge == "harsh"


def test_what_a_policy_refuses_is_refused_there_and_let_be_at_home(
    provider: Provider, rp: RelyingParty
):
    here_only = Rule(
        "not_from_there",
        When(networks=frozenset({"198.51.100.0/24"})),
        Then(outcome=Outcome.REFUSE),
    )
    ruled(provider, here_only)
    move(rp.browser, AWAY)

    for page in (rp.authorize(), rp.get("/account"), rp.authorize()):
        assert (page.status_code, "Not here, not now" in page.get_data(as_text=True)) == (403, True)
    assert decided(provider) == [("refuse", "not_from_there")]

    move(rp.browser, HOME)
    assert rp.answer(rp.authorize())["code"]
    assert page_of(rp.get("/account")) == "account"


def test_a_decision_keeps_what_it_was_made_of(provider: Provider, rp: RelyingParty):
    thief_of(provider, rp).authorize()

    (decision,) = [each for each in recorded(provider) if each.outcome == "ask_again"]

    assert set(decision.facts["changes"]) >= {"network", "browser", "network_and_browser"}
    assert (decision.address, decision.user_agent) == (AWAY, CHROME)
    assert (decision.moment, decision.client_id) == ("authorize", rp.client_id)
