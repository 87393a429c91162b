"""Consent: asked once, remembered by scope and claim, taken back at will (OIDC Core §3.1.2.4)."""

import json

from sqlalchemy import delete

from idp.protocol.consent import service as consent
from idp.store.schema import consents
from tests.app import claims_of, text_of
from tests.protocol.parties import page_of, party, reasons, refused, session_of, token_error
from tests.support.spec import spec


def revoke(provider, rp):
    user_id = next(e.user_id for e in provider.audit() if e.name == "session.opened")
    with provider.context() as ctx:
        return consent.revoke(ctx, user_id, rp.client_id)


@spec("OIDC Core §3.1.2.4")
def test_a_third_party_asks_and_a_first_party_need_not(provider, rp):
    ours = party(provider, rp.browser, first_party=True)
    page = rp.log_in(rp.authorize(scope="openid email"))

    assert page_of(page) == "consent"
    assert "Example App" in text_of(page)
    assert "ada@example.test" in text_of(page)
    assert "code" in ours.answer(ours.authorize(scope="openid profile email"))


@spec("OIDC Core §3.1.2.4")
def test_what_was_agreed_is_not_asked_again(rp):
    rp.sign_in(scope="openid email profile")

    for scope in ("openid email profile", "profile openid", "openid"):
        assert "code" in rp.answer(rp.authorize(scope=scope, prompt="none"))


@spec("OIDC Core §3.1.2.4")
def test_only_what_is_new_is_asked_for_and_what_was_agreed_stays(provider, rp):
    rp.sign_in(scope="openid email")

    page = rp.authorize(scope="openid phone")
    assert page_of(page) == "consent"
    assert "It asks for more than you shared with it before." in text_of(page)
    rp.answer(rp.allow(page))

    assert "code" in rp.answer(rp.authorize(scope="openid email phone", prompt="none"))
    given = [e.data["scope"] for e in provider.audit() if e.name == "consent.given"]
    assert set(given[-1]) == {"openid", "phone"}, "what this answer said"


@spec("OIDC Core §3.1.2.4", "OIDC Core §5.5")
def test_single_claims_are_asked_for_and_remembered_too(rp):
    rp.sign_in(scope="openid email")
    phone = json.dumps({"id_token": {"phone_number": None}})
    email = json.dumps({"userinfo": {"email": {"essential": True}}})

    assert "code" in rp.answer(rp.authorize(claims=email, prompt="none"))
    assert refused(rp, rp.authorize(claims=phone, prompt="none")) == "consent_required"
    page = rp.authorize(claims=phone)
    assert "+49 30 901820" in text_of(page)
    rp.answer(rp.allow(page))

    assert "code" in rp.answer(rp.authorize(claims=phone, prompt="none"))


@spec("OIDC Core §3.1.2.1")
def test_the_prompt_asks_again_even_a_first_party(provider, rp):
    rp.sign_in()
    ours = party(provider, rp.browser, first_party=True)

    for each in (rp, ours):
        page = each.authorize(prompt="consent")
        assert page_of(page) == "consent"
        assert "code" in each.answer(each.allow(page))


@spec("OIDC Core §3.1.2.4", "RFC 6749 §4.1.2.1")
def test_a_no_goes_home_and_changes_nothing(provider, rp):
    rp.sign_in()
    before = rp.authorize(scope="openid email", state="of my mind")

    response = rp.submit(before, action="deny")

    assert refused(rp, response) == "access_denied"
    assert rp.answer(response)["state"] == "of my mind"
    assert "consent.denied" in provider.event_names()
    assert "code" in rp.answer(rp.authorize(prompt="none"))
    assert refused(rp, rp.authorize(scope="openid email", prompt="none")) == "consent_required"


def test_anything_but_a_yes_is_a_no(rp):
    page = rp.log_in(rp.authorize())

    assert refused(rp, rp.submit(page)) == "access_denied"


def test_a_consent_taken_back_ends_codes_and_tokens_and_is_asked_for_again(provider, rp):
    tokens = rp.sign_in()
    code = rp.answer(rp.authorize())["code"]
    other = party(provider, rp.browser, first_party=True)
    theirs = other.redeem(other.answer(other.authorize())["code"]).get_json()

    assert revoke(provider, rp) is True

    assert token_error(rp.userinfo(tokens["access_token"])) == (401, "invalid_token")
    assert token_error(rp.redeem(code)) == (400, "invalid_grant")
    assert reasons(provider) == ["grant_ended:consent_revoked"]
    assert refused(rp, rp.authorize(prompt="none")) == "consent_required"
    assert other.userinfo(theirs["access_token"]).status_code == 200
    revoked = [e for e in provider.audit() if e.name == "consent.revoked"]
    assert [e.data["grants_ended"] for e in revoked] == [2]
    assert revoke(provider, rp) is False


def test_consent_is_between_one_user_and_one_client(provider, rp):
    provider.add_user("grace")
    rp.sign_in()
    other = party(provider, rp.browser)
    assert refused(other, other.authorize(prompt="none")) == "consent_required"

    page = rp.submit(rp.authorize(prompt="select_account"), account="other")

    assert page_of(rp.log_in(page, "grace")) == "consent"


def test_a_question_put_to_one_session_is_not_answered_by_another(provider, rp):
    provider.add_user("grace")
    question = rp.log_in(rp.authorize())
    other = party(provider, rp.browser)
    page = rp.submit(other.authorize(prompt="select_account"), account="other")
    rp.log_in(page, "grace")

    late = rp.allow(question)

    assert page_of(late) == "error"
    assert "consent.given" not in provider.event_names()


def test_the_answer_comes_from_our_own_page(provider, rp):
    page = rp.log_in(rp.authorize())

    forged = rp.submit(page, action="allow", csrf_token="x")

    assert (forged.status_code, page_of(forged)) == (403, "error")
    assert "consent.given" not in provider.event_names()
    assert session_of(provider)


@spec("OIDC Core §5.4")
def test_what_the_page_shows_is_what_the_client_gets(rp):
    page = rp.log_in(rp.authorize(scope="openid email address"))
    shown = text_of(page)
    tokens = rp.redeem(rp.answer(rp.allow(page))["code"]).get_json()

    answer = rp.userinfo(tokens["access_token"]).get_json()

    assert answer["email"] in shown
    assert "12345 Testville" in shown
    assert answer.keys() == {"sub", "email", "email_verified", "address"}
    assert claims_of(tokens["access_token"])["scope"] == "openid email address"


@spec("OIDC Core §11")
def test_offline_access_is_ignored_for_a_client_that_cannot_refresh(provider):
    """Nobody is asked to agree to what would not happen."""
    provider.add_user()
    rp = party(provider, scope=("openid", "offline_access"))

    page = rp.log_in(rp.authorize(scope="openid offline_access", prompt="consent"))
    assert "Stay connected" not in text_of(page)

    tokens = rp.redeem(rp.answer(rp.allow(page))["code"]).get_json()
    assert tokens["scope"] == "openid"
    assert "refresh_token" not in tokens


def test_a_grant_whose_consent_is_gone_is_worth_nothing(provider, rp):
    """As when a consent is taken back while its grant is being opened (I3)."""
    code, tokens = rp.code(), rp.sign_in()
    with provider.context() as ctx:
        ctx.db.write(delete(consents))

    assert rp.redeem(code).status_code == 400
    assert rp.userinfo(tokens["access_token"]).status_code == 401


def test_what_was_bought_behind_a_withdrawal_does_not_wake_with_the_next_consent(provider, rp):
    """A grant whose consent went unnoticed by its end: as a race would leave it."""
    tokens = rp.sign_in()
    with provider.context() as ctx:
        ctx.db.write(delete(consents))
    assert rp.userinfo(tokens["access_token"]).status_code == 401

    fresh = rp.sign_in()

    assert rp.userinfo(fresh["access_token"]).status_code == 200
    assert rp.userinfo(tokens["access_token"]).status_code == 401
