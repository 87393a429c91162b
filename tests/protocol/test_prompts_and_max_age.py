"""When a person is asked, and when nobody may be (OIDC Core §3.1.2.1, §3.1.2.3, §3.1.2.6)."""

import pytest

from tests.app import PASSWORD, claims_of, text_of
from tests.protocol.parties import (
    disable,
    end_session,
    log_in_as_another,
    page_of,
    party,
    refused,
    session_of,
)
from tests.support.spec import spec


def auth_time(tokens):
    return claims_of(tokens["id_token"])["auth_time"]


@spec("OIDC Core §3.1.2.1", "OIDC Core §3.1.2.6")
def test_none_without_a_session_is_login_required(rp):
    assert refused(rp, rp.authorize(prompt="none")) == "login_required"


@spec("OIDC Core §3.1.2.1")
def test_none_with_a_session_is_a_code_at_once_for_the_same_user_and_sign_in(provider, rp):
    first = rp.sign_in()
    provider.clock.forward(minutes=3)

    response = rp.authorize(prompt="none")
    second = rp.redeem(rp.answer(response)["code"]).get_json()

    kept = ("sub", "sid", "auth_time", "acr", "amr", "iss", "aud")
    before, after = claims_of(first["id_token"]), claims_of(second["id_token"])
    assert {k: before[k] for k in kept} == {k: after[k] for k in kept}
    assert after["iat"] == before["iat"] + 180


@spec("OIDC Core §3.1.2.6")
def test_none_without_consent_is_consent_required(provider, rp):
    rp.sign_in()
    other = party(provider, rp.browser)

    assert refused(other, other.authorize(prompt="none")) == "consent_required"
    assert refused(rp, rp.authorize(prompt="none", scope="openid email")) == "consent_required"


@spec("OIDC Core §3.1.2.6")
def test_none_with_too_old_a_sign_in_is_login_required(provider, rp):
    rp.sign_in()
    provider.clock.forward(seconds=61)

    assert refused(rp, rp.authorize(prompt="none", max_age="60")) == "login_required"
    assert "code" in rp.answer(rp.authorize(prompt="none", max_age="61"))


@spec("OIDC Core §3.1.2.6")
@pytest.mark.parametrize("how", ["logout", "idle", "absolute", "disabled"])
def test_none_after_the_session_is_login_required(provider, rp, how):
    tokens = rp.sign_in()
    if how == "logout":
        end_session(provider, session_of(provider))
    elif how == "idle":
        provider.clock.forward(minutes=61)
    elif how == "absolute":
        for _ in range(25):
            provider.clock.forward(minutes=29)
            rp.authorize(prompt="none")
    else:
        disable(provider, claims_of(tokens["id_token"])["sub"])

    assert refused(rp, rp.authorize(prompt="none")) == "login_required"


def test_activity_keeps_a_session_until_its_absolute_end(provider, rp):
    rp.sign_in()
    for _ in range(24):
        provider.clock.forward(minutes=29)
        assert "code" in rp.answer(rp.authorize(prompt="none"))
    provider.clock.forward(minutes=24)

    assert refused(rp, rp.authorize(prompt="none")) == "login_required"


@spec("OIDC Core §3.1.2.1")
def test_login_asks_again_although_a_session_lives(provider, rp):
    first = rp.sign_in()
    provider.clock.forward(seconds=2)

    page = rp.authorize(prompt="login")
    assert page_of(page) == "login"
    assert "asks you to confirm that it is you" in text_of(page)
    second = rp.redeem(rp.answer(rp.log_in(page))["code"]).get_json()

    assert auth_time(second) == auth_time(first) + 2
    assert claims_of(second["id_token"])["sid"] == claims_of(first["id_token"])["sid"]


@spec("OIDC Core §3.1.2.1")
def test_login_is_not_satisfied_by_going_back_without_a_password(rp):
    rp.sign_in()
    page = rp.authorize(prompt="login")

    wrong = rp.log_in(page, password="a wrong one, surely")
    assert page_of(wrong) == "login"
    assert page_of(rp.authorize(prompt="login")) == "login"


@spec("OIDC Core §3.1.2.1")
def test_a_proof_for_one_request_is_none_for_the_next(rp):
    rp.sign_in()
    rp.answer(rp.log_in(rp.authorize(prompt="login")))

    assert page_of(rp.authorize(prompt="login")) == "login"


@spec("OIDC Core §3.1.2.1", "OIDC Core §2")
def test_max_age_asks_again_when_the_sign_in_is_older(provider, rp):
    first = rp.sign_in(max_age="1")
    provider.clock.forward(seconds=2)

    page = rp.authorize(max_age="1")
    assert page_of(page) == "login"
    assert "wants a recent sign-in" in text_of(page)
    second = rp.redeem(rp.answer(rp.log_in(page))["code"]).get_json()

    assert auth_time(second) == auth_time(first) + 2


@spec("OIDC Core §3.1.2.1", "OIDC Core §2")
def test_a_generous_max_age_asks_nobody_and_auth_time_stays(provider, rp):
    first = rp.sign_in(max_age="15000")
    provider.clock.forward(seconds=5)

    second = rp.redeem(rp.answer(rp.authorize(max_age="10000"))["code"]).get_json()

    assert auth_time(second) == auth_time(first)
    assert isinstance(auth_time(second), int)


@spec("OIDC Core §3.1.2.1")
def test_max_age_0_always_asks_and_once(rp):
    rp.sign_in()

    page = rp.authorize(max_age="0")

    assert page_of(page) == "login"
    assert "code" in rp.answer(rp.log_in(page))
    assert refused(rp, rp.authorize(max_age="0", prompt="none")) == "login_required"


@spec("OIDC Registration §2")
def test_default_max_age_counts_when_the_request_has_none(provider):
    provider.add_user()
    rp = party(provider, default_max_age=60)
    rp.sign_in()
    provider.clock.forward(seconds=90)

    assert page_of(rp.authorize()) == "login"
    assert "code" in rp.answer(rp.authorize(max_age="100"))


@spec("OIDC Core §3.1.2.1")
def test_several_prompts_are_all_kept(rp):
    rp.sign_in()

    consent = rp.log_in(rp.authorize(prompt="login consent"))

    assert "code" in rp.answer(rp.allow(consent))


@spec("OIDC Core §3.1.2.1", "OIDC Core §3.1.2.6")
def test_select_account_offers_the_one_that_is_there_and_any_other(provider, rp):
    provider.add_user("grace")
    rp.sign_in()

    page = rp.authorize(prompt="select_account")
    assert page_of(page) == "select-account"
    same = rp.submit(page, account=session_of(provider))
    assert "code" in rp.answer(same)

    page = rp.submit(rp.authorize(prompt="select_account"), account="other")
    tokens = rp.redeem(rp.answer(rp.allow(rp.log_in(page, "grace")))["code"]).get_json()
    name = rp.userinfo(tokens["access_token"]).get_json()["sub"]
    assert name == claims_of(tokens["id_token"])["sub"]
    ended = [e.data["reason"] for e in provider.audit() if e.name == "session.ended"]
    assert ended == ["another_account"]


@spec("OIDC Core §3.1.2.1")
def test_select_account_with_nobody_there_is_a_sign_in(rp):
    page = rp.authorize(prompt="select_account")

    assert page_of(page) == "login"
    assert "code" in rp.answer(rp.allow(rp.log_in(page)))


@spec("OIDC Core §3.1.2.6")
def test_select_account_can_be_cancelled(rp):
    rp.sign_in()
    page = rp.authorize(prompt="select_account")

    assert refused(rp, rp.submit(page, action="cancel")) == "access_denied"


def test_a_second_client_needs_no_second_sign_in(provider, rp):
    first = claims_of(rp.sign_in()["id_token"])
    other = party(provider, rp.browser, redirect_uris=("https://other.example.test/cb",))

    page = other.authorize()
    assert page_of(page) == "consent"
    second = claims_of(other.redeem(other.answer(other.allow(page))["code"]).get_json()["id_token"])

    assert [second[k] for k in ("sid", "sub", "auth_time")] == [
        first[k] for k in ("sid", "sub", "auth_time")
    ]
    assert second["aud"] == other.client_id != first["aud"]
    assert provider.event_names().count("session.opened") == 1


def test_another_browser_has_no_part_in_the_session(provider, rp):
    rp.sign_in()
    stranger = party(provider)

    assert refused(stranger, stranger.authorize(prompt="none")) == "login_required"


def test_a_person_may_leave_the_account_that_is_proposed(provider, rp):
    provider.add_user("grace")
    rp.sign_in()

    consent = log_in_as_another(rp, rp.authorize(prompt="login"), "grace", PASSWORD)

    assert page_of(consent) == "consent"
