"""Signing in on the hosted pages: password, second factor, enrolment, and what opens a session."""

import re

import pytest

from idp.credentials import recovery, totp
from idp.store import users
from tests.app import (
    FLAT,
    ISSUER,
    PASSWORD,
    RelyingParty,
    claims_of,
    fields_of,
    link_of,
    make_provider,
    text_of,
)
from tests.support.spec import spec


def ada(rp: RelyingParty):
    with rp.provider.context() as ctx:
        return users.find_by_username(ctx.db, "ada")


def session_cookie(rp: RelyingParty) -> str | None:
    cookie = rp.browser.get_cookie("__Host-idp_session", domain="id.example.test")
    return cookie.value if cookie else None


def manual_key(page) -> str:
    found = re.search(r'id="manual-key"[^>]*>([^<]+)<', page.get_data(as_text=True))
    return found[1].replace(" ", "")


@pytest.fixture
def encouraging(database_url, tmp_path):
    provider = make_provider(database_url, tmp_path, second_factor="encouraged")
    provider.add_user()
    return RelyingParty(provider, provider.add_client(first_party=True), provider.browser())


@pytest.fixture
def demanding(database_url, tmp_path):
    provider = make_provider(database_url, tmp_path, second_factor="required")
    provider.add_user()
    return RelyingParty(provider, provider.add_client(first_party=True), provider.browser())


def test_a_password_alone_opens_a_session_of_one_factor(rp):
    claims = claims_of(rp.sign_in()["id_token"])

    assert (claims["acr"], claims["amr"]) == ("sfa", ["pwd"])
    assert rp.provider.event_names().count("session.opened") == 1


def test_the_name_may_be_spelt_in_another_case(rp):
    assert "code" in rp.answer(rp.allow(rp.log_in(rp.authorize(), username=" ADA ")))


def test_the_email_address_does_as_well_while_it_is_one_persons(rp):
    assert b'id="page-consent"' in rp.log_in(rp.authorize(), username="Ada@Example.TEST").data

    rp.provider.add_user("twin", email="ada@example.test")
    page = rp.authorize(prompt="login")
    assert b'id="page-login"' in rp.log_in(page, username="ada@example.test").data
    assert b'id="page-consent"' in rp.log_in(page, username="ada").data


def test_a_name_goes_before_anothers_email_address(rp):
    rp.provider.add_user("ada@example.test", password="another quiet password", email=None)

    page = rp.log_in(rp.authorize(), username="ada@example.test")

    assert b'id="page-login"' in page.data


@spec("ASVS 5.0 V6.3.8")
def test_unknown_user_disabled_user_and_wrong_password_get_one_answer(rp):
    disabled = rp.provider.add_user("gone")
    with rp.provider.context() as ctx:
        users.change(ctx.db, disabled.id, ctx.now, disabled_at=ctx.now)

    answers = [
        rp.log_in(rp.authorize(), username=name, password=password)
        for name, password in (("ada", "wrong"), ("nobody", "wrong"), ("gone", PASSWORD))
    ]

    assert {answer.status_code for answer in answers} == {200}
    assert len({re.sub(r"ada|nobody|gone", "X", text_of(answer)) for answer in answers}) == 1
    assert session_cookie(rp) is None


def test_an_empty_form_is_answered_with_what_is_missing(rp):
    page = rp.log_in(rp.authorize(), username="", password="")

    assert page.status_code == 400
    assert "Enter your user name and your password" in text_of(page)


@spec("NIST SP 800-63B-4 §3.2.2", "ASVS 6.3.1")
def test_guessing_brings_growing_waits_and_the_right_password_waits_too(rp):
    page = rp.authorize()
    answers = [rp.log_in(page, password="wrong") for _ in range(6)]

    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert "Too many attempts" in text_of(answers[-1])
    assert rp.log_in(page).status_code == 429

    rp.provider.clock.forward(seconds=5)
    assert b'id="page-consent"' in rp.log_in(page).data


@spec("ASVS 6.3.1")
def test_a_stranger_cannot_lock_a_known_device_out(rp):
    """I11: this browser signed ada in before, so nobody else's failures make it wait."""
    rp.sign_in()
    stranger = RelyingParty(rp.provider, rp.registered, rp.provider.browser())
    page = stranger.authorize()
    for _ in range(20):
        stranger.log_in(page, password="wrong")

    assert stranger.log_in(page).status_code == 429
    again = rp.log_in(rp.authorize(prompt="login"))
    assert "code" in rp.answer(again)


def test_who_has_an_authenticator_shows_it_and_the_session_has_two_factors(rp):
    user = ada(rp)
    secret = rp.provider.add_totp(user)

    page = rp.log_in(rp.authorize())
    assert b'id="page-login-code"' in page.data
    assert session_cookie(rp) is None, "a half-done sign-in is no session"
    assert rp.answer(rp.authorize(prompt="none"))["error"] == "login_required"

    wrong = rp.submit(page, code="000000")
    assert "That code is not right" in text_of(wrong)

    page = rp.submit(wrong, code=rp.provider.code(secret))
    claims = claims_of(rp.redeem(rp.answer(rp.allow(page))["code"]).get_json()["id_token"])
    assert (claims["acr"], claims["amr"]) == ("mfa", ["mfa", "otp", "pwd"])


@spec("ASVS 6.5.1")
def test_a_code_is_accepted_once_ever(rp):
    user = ada(rp)
    secret = rp.provider.add_totp(user)
    code = rp.provider.code(secret)
    rp.submit(rp.log_in(rp.authorize()), code=code)

    again = rp.submit(rp.log_in(rp.authorize(prompt="login")), code=code)

    assert "That code is not right, or it was used already" in text_of(again)


@spec("ASVS 6.5.1")
def test_a_recovery_code_takes_the_place_of_the_authenticator_once(rp):
    user = ada(rp)
    rp.provider.add_totp(user)
    with rp.provider.context() as ctx:
        code = recovery.regenerate(ctx, user.id)[0]

    def with_recovery_code():
        page = rp.log_in(rp.authorize(prompt="login"))
        return rp.submit(rp.get(link_of(page, "use-recovery")), recovery_code=code.lower())

    assert b'id="page-consent"' in with_recovery_code().data
    assert "not one of your unused recovery codes" in text_of(with_recovery_code())


def test_another_browser_cannot_go_on_with_a_half_done_sign_in(rp):
    user = ada(rp)
    secret = rp.provider.add_totp(user)
    page = rp.log_in(rp.authorize())
    other = RelyingParty(rp.provider, rp.registered, rp.provider.browser())

    path = page.request.path + "?" + page.request.query_string.decode()
    stolen = other.follow(other.get(path))

    assert b'id="page-login"' in stolen.data
    assert "belongs to another browser" in text_of(stolen)
    assert b'id="page-consent"' in rp.submit(page, code=rp.provider.code(secret)).data


def test_where_it_is_encouraged_a_second_factor_is_offered_and_can_wait(encouraging):
    rp = encouraging
    page = rp.log_in(rp.authorize())
    assert b'id="page-enrol"' in page.data
    assert session_cookie(rp) is None

    assert "code" in rp.answer(rp.submit(page, action="skip"))
    assert "factor_offer.declined" in rp.provider.event_names()

    assert "code" in rp.answer(rp.log_in(rp.authorize(prompt="login"))), "not asked twice"
    rp.provider.clock.forward(days=31)
    assert b'id="page-enrol"' in rp.log_in(rp.authorize()).data


def test_enrolling_opens_a_session_of_two_factors_and_shows_the_codes_once(encouraging):
    rp = encouraging
    page = rp.log_in(rp.authorize())
    secret = manual_key(page)
    assert "<svg" in page.get_data(as_text=True)

    wrong = rp.submit(page, action="confirm", code="123")
    assert "That code is not right" in text_of(wrong)
    assert manual_key(wrong) == secret, "the same key, or the app would have to scan again"

    codes = rp.submit(wrong, action="confirm", code=rp.provider.code(secret))
    assert b'id="page-recovery-codes"' in codes.data
    again = rp.submit(wrong, action="confirm", code=rp.provider.code(secret))
    assert "code" in rp.answer(again), "an old page leads on, and enrols nothing twice"

    over = rp.follow(rp.get(link_of(codes, "continue")))
    assert "has been answered already" in text_of(over)
    answer = rp.answer(rp.authorize())
    claims = claims_of(rp.redeem(answer["code"]).get_json()["id_token"])
    assert claims["acr"] == "mfa"
    with rp.provider.context() as ctx:
        assert recovery.remaining(ctx, claims["sub"]) == 10
        assert len(totp.list_for(ctx, claims["sub"])) == 1


@spec("ASVS 6.3.3")
def test_where_it_is_required_nobody_gets_around_it(demanding):
    rp = demanding
    page = rp.log_in(rp.authorize())
    assert b'id="page-enrol"' in page.data
    assert b'id="skip"' not in page.data

    forced = rp.submit(page, action="skip")

    assert b'id="page-enrol"' in forced.data
    assert session_cookie(rp) is None
    assert rp.answer(rp.authorize(prompt="none"))["error"] == "login_required"


@spec("ASVS 5.0 V7.2.4")
def test_the_session_secret_changes_with_each_proof_and_the_old_one_is_dead(rp):
    """I6."""
    first = claims_of(rp.sign_in()["id_token"])
    old = session_cookie(rp)
    rp.provider.clock.forward(minutes=5)

    again = rp.log_in(rp.authorize(prompt="login"))
    second = claims_of(rp.redeem(rp.answer(again)["code"]).get_json()["id_token"])

    assert session_cookie(rp) != old
    assert second["sid"] == first["sid"]
    assert second["auth_time"] == first["auth_time"] + 300
    thief = RelyingParty(rp.provider, rp.registered, rp.provider.browser())
    thief.browser.set_cookie("__Host-idp_session", old, domain="id.example.test", secure=True)
    assert thief.answer(thief.authorize(prompt="none"))["error"] == "login_required"


def test_another_account_takes_the_browser_over_and_the_first_session_ends(rp):
    rp.provider.add_user("grace")
    first = rp.sign_in()

    page = rp.authorize(prompt="select_account")
    page = rp.submit(page, account="other")
    answer = rp.answer(rp.allow(rp.log_in(page, username="grace")))

    assert (
        claims_of(rp.redeem(answer["code"]).get_json()["id_token"])["sub"]
        != claims_of(first["id_token"])["sub"]
    )
    assert rp.userinfo(first["access_token"]).status_code == 401
    ended = [e for e in rp.provider.audit() if e.name == "session.ended"]
    assert [e.data["reason"] for e in ended] == ["another_account"]


@spec("ASVS 5.0 V7.3.1")
def test_a_session_ends_when_it_is_idle(party):
    rp = party(policy=FLAT)
    rp.sign_in()
    rp.provider.clock.forward(minutes=59)
    assert "code" in rp.answer(rp.authorize(prompt="none"))
    rp.provider.clock.forward(minutes=59)
    assert "code" in rp.answer(rp.authorize(prompt="none")), "activity moves the idle limit"
    rp.provider.clock.forward(minutes=61)
    assert rp.answer(rp.authorize(prompt="none"))["error"] == "login_required"


@spec("ASVS 5.0 V7.3.2")
def test_activity_never_moves_the_absolute_limit(party):
    rp = party(policy=FLAT)
    rp.sign_in()
    for _ in range(23):
        rp.provider.clock.forward(minutes=31)
        assert "code" in rp.answer(rp.authorize(prompt="none"))
    rp.provider.clock.forward(minutes=8)
    assert rp.answer(rp.authorize(prompt="none"))["error"] == "login_required"


def test_the_sign_in_page_without_a_client_leads_to_the_account(rp):
    page = rp.log_in(rp.get("/login"))

    assert page.request.path == "/account"
    assert b'id="page-account"' in page.data


def test_the_session_cookie_is_host_only_http_only_and_lax(rp):
    page = rp.authorize()
    answer = rp.browser.post(
        "/login",
        base_url=ISSUER,
        data={
            **fields_of(page),
            "identifier": "ada",
            "password": PASSWORD,
        },
    )

    cookies = answer.headers.getlist("Set-Cookie")
    session = next(c for c in cookies if c.startswith("__Host-idp_session="))
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(session.split("; "))
    assert "Domain" not in session
    assert "Max-Age" not in session
