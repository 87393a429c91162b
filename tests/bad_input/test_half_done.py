"""What is half done in a browser opens nothing for whoever comes next."""

import re
from urllib.parse import urlsplit

import pyotp

from idp.settings import SecondFactor
from tests.app import ISSUER, RelyingParty, fields_of, make_provider, text_of


def key_on(page) -> str:
    found = re.search(r'id="manual-key"[^>]*>([A-Z2-7 ]+)<', page.get_data(as_text=True))
    assert found is not None, text_of(page)
    return found[1].replace(" ", "")


def sign_in_at_home(rp: RelyingParty, username: str = "ada"):
    return rp.log_in(rp.follow(rp.get("/account")), username)


def begin_enrolment(rp: RelyingParty):
    """Press “Add an authenticator app” on the account page."""
    page = rp.get("/account")
    return rp.follow(
        rp.browser.post(
            "/account/authenticator",
            data={"csrf_token": csrf_of(page)},
            base_url=ISSUER,
        )
    )


def csrf_of(page) -> str:
    return fields_of(page)["csrf_token"]


def sign_out(rp: RelyingParty):
    page = rp.get("/account")
    answer = rp.browser.post(
        "/account/sign-out",
        data={"csrf_token": csrf_of(page)},
        base_url=ISSUER,
    )
    assert answer.headers["Location"].startswith("/logged-out?ticket=")
    return answer


def signed_in(rp: RelyingParty) -> bool:
    return b'id="page-account"' in rp.follow(rp.get("/account")).data


def test_an_enrolment_left_open_dies_with_its_session(rp, provider):
    sign_in_at_home(rp)
    enrol = begin_enrolment(rp)
    assert b'id="page-enrol"' in enrol.data, text_of(enrol)
    address = urlsplit(enrol.request.url)
    sign_out(rp)
    assert not signed_in(rp)

    # Somebody else sits down at this browser and finds the page in its history.
    again = rp.follow(rp.get(f"{address.path}?{address.query}"))
    assert b'id="page-enrol"' not in again.data
    code = pyotp.TOTP(key_on(enrol)).at(provider.clock.now)
    rp.submit(enrol, code=code, action="confirm")
    assert not signed_in(rp)


def test_a_step_up_left_open_dies_with_its_session(rp, provider):
    user = provider.add_user("grace")
    sign_in_at_home(rp, "grace")
    secret = provider.add_totp(user)
    wanted = '{"id_token":{"acr":{"essential":true,"values":["mfa"]}}}'
    step = rp.authorize(claims=wanted)
    assert b'id="page-login-code"' in step.data
    sign_out(rp)
    rp.submit(step, code=provider.code(secret), action="verify")
    assert not signed_in(rp)


def test_a_step_up_enrolment_asks_for_a_fresh_proof(rp, provider):
    """The account page asks; this way to the same act must not be the way around it."""
    sign_in_at_home(rp)
    provider.clock.forward(minutes=40)
    assert signed_in(rp)
    enrol = begin_enrolment(rp)
    assert b'id="page-login"' in enrol.data, text_of(enrol)
    step = rp.follow(rp.get("/login/step-up"))
    assert b'id="page-enrol"' not in step.data
    assert b'id="page-account"' in step.data


def test_an_authenticator_enrolled_meanwhile_is_not_skipped(database_url, tmp_path):
    provider = make_provider(database_url, tmp_path, second_factor=SecondFactor.ENCOURAGED)
    user = provider.add_user()
    thief = RelyingParty(provider, provider.add_client(), provider.browser())
    offer = sign_in_at_home(thief)
    assert b'id="page-enrol"' in offer.data
    provider.add_totp(user)
    thief.submit(offer, action="skip")
    assert not signed_in(thief)
    code = pyotp.TOTP(key_on(offer)).at(provider.clock.now)
    thief.submit(offer, code=code, action="confirm")
    assert not signed_in(thief)


def test_a_password_only_session_does_not_remove_the_second_factor(rp, provider):
    user = provider.add_user("grace")
    sign_in_at_home(rp, "grace")
    provider.add_totp(user)
    page = rp.get("/account/authenticators")
    answer = rp.browser.post(
        "/account/authenticator/remove",
        data=fields_of(page),
        base_url=ISSUER,
    )
    assert answer.status_code == 303, text_of(answer)
    again = rp.get("/account/authenticators").get_data(as_text=True)
    assert "remove-authenticator-1" in again
