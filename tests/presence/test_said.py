"""Where a rule refuses something in a session, or ends it, the person reads which rule and why."""

import pytest

from tests.app import RelyingParty, link_of, make_provider, text_of
from tests.login.judged import BARE
from tests.login.keys import page_id

BECAUSE = "Nobody does this at night"


def rule(outcome, moment):
    return BARE + (
        f'[[rules]]\nname = "night"\nbecause = "{BECAUSE}"\n'
        f'when = {{ moments = ["{moment}"], proof_older_than = "1m" }}\n'
        f'then = {{ outcome = "{outcome}" }}\n'
    )


@pytest.fixture
def later(database_url, tmp_path):
    """Somebody who signed in an hour ago, which a rule of the test's does not like any more."""

    def make(outcome, moment) -> RelyingParty:
        provider = make_provider(database_url, tmp_path, policy=rule(outcome, moment))
        provider.add_user()
        rp = RelyingParty(provider, provider.add_client(first_party=True), provider.browser())
        rp.sign_in()
        provider.clock.forward(minutes=59)
        return rp

    return make


def test_who_is_refused_an_application_reads_why_and_takes_the_answer_home(later):
    rp = later("refuse", "authorize")

    page = rp.authorize()

    assert (page.status_code, page_id(page)) == (403, "error")
    assert f"do not allow this here and now. {BECAUSE}." in text_of(page)
    home = rp.follow(rp.get(link_of(page, "return")))
    answer = rp.answer(home)
    assert answer["error"] == "access_denied"
    assert answer["error_description"] == "The rules of the provider do not allow it here and now."
    assert answer["state"] == rp.parameters()["state"]
    assert page_id(rp.get(link_of(page, "return"))) == "error", "it is answered once"
    assert page_id(rp.get("/account")) == "account"


def test_who_asks_silently_hears_that_the_provider_refuses(later):
    rp = later("refuse", "authorize")

    told = rp.answer(rp.authorize(prompt="none"))

    assert told["error"] == "access_denied"
    assert "The rules of the provider" in told["error_description"]


def test_who_is_refused_the_account_reads_why_and_may_try_again(later):
    rp = later("refuse", "account")

    page = rp.get("/account/devices")

    assert (page.status_code, page_id(page)) == (403, "error")
    assert f"do not allow this here and now. {BECAUSE}." in text_of(page)
    assert link_of(page, "return") == "/account/devices"


@pytest.mark.parametrize("moment", ["authorize", "account"])
def test_whose_session_is_ended_reads_why_at_once(later, moment):
    rp = later("end", moment)

    page = rp.authorize() if moment == "authorize" else rp.follow(rp.get("/account"))

    assert page_id(page) == "login"
    assert f"ended your session. {BECAUSE}. Please sign in again." in text_of(page)
