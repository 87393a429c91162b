"""What happens between two steps of a sign-in: resets, second thoughts, old pages, short cuts."""

import re

import pytest

from idp.admission import reset
from idp.credentials.hashing import PasswordHashing
from idp.kernel.clock import epoch
from idp.store import users
from tests.app import link_of, text_of
from tests.login.keys import has_session, id_token, page_id, user_of
from tests.machines.statements import overheard
from tests.support.spec import spec


def reset_factors_of_ada(provider):
    with provider.context() as ctx:
        return reset.reset_factors(ctx, users.find(ctx.db, user_of(provider).id), "lost the phone")


@spec("ASVS 6.4.4")
@pytest.mark.parametrize("policy", ["off", "encouraged"])
def test_a_password_that_is_hashed_during_a_reset_opens_nothing(party, monkeypatch, policy):
    rp = party(second_factor=policy)
    rp.provider.add_totp(user_of(rp.provider))
    page, verify, done = rp.authorize(), PasswordHashing.verify, []

    def slowly(self, stored, password):
        right = verify(self, stored, password)
        if not done:
            done.append(reset_factors_of_ada(rp.provider))
        return right

    monkeypatch.setattr(PasswordHashing, "verify", slowly)
    answer = rp.log_in(page)

    assert page_id(answer) == "login-refer"
    assert not has_session(rp)


@spec("OIDC Core §2")
def test_not_now_is_no_proof(party):
    rp = party(second_factor="encouraged")
    page = rp.log_in(rp.authorize(prompt="login"))
    typed = epoch(rp.provider.clock.now)
    rp.provider.clock.forward(minutes=14)

    token = id_token(rp, rp.submit(page, action="skip"))

    assert token["auth_time"] == typed


def test_cancelling_ends_what_was_begun(party):
    rp = party(second_factor="off")
    rp.provider.add_totp(user_of(rp.provider))
    page = rp.log_in(rp.authorize())
    again = page.request.full_path

    assert page_id(rp.submit(page, action="cancel")) == "app.example.test"
    assert page_id(rp.get(again)) != "login-code"


def test_an_old_page_of_a_reset_that_was_used_is_an_ordinary_sign_in(party):
    rp = party(second_factor="off")
    provider = rp.provider
    provider.add_totp(user_of(provider))
    link = reset_factors_of_ada(provider).url.partition("id.example.test")[2]
    old = rp.get(link_of(rp.follow(rp.get(link)), "sign-in"))
    page = rp.log_in(rp.get(link_of(rp.follow(rp.get(link)), "sign-in")))
    key = re.search(r'id="manual-key"[^>]*>([^<]+)<', page.get_data(as_text=True))
    secret = key[1].replace(" ", "")
    rp.submit(page, action="confirm", code=provider.code(secret))
    rp.browser.delete_cookie("__Host-idp_session", domain="id.example.test")
    provider.clock.forward(minutes=2)

    page = rp.submit(rp.log_in(old), code=provider.code(secret))

    assert has_session(rp), text_of(page)


@spec("OIDC Core §3.1.2.1")
def test_max_age_is_not_met_by_a_trusted_browser(party):
    rp = party(second_factor="required")
    secret = rp.provider.add_totp(user_of(rp.provider))
    rp.submit(rp.log_in(rp.authorize()), code=rp.provider.code(secret), trust="yes")
    rp.provider.clock.forward(days=1)
    rp.log_in(rp.follow(rp.get("/account")))
    assert has_session(rp)

    assert page_id(rp.authorize(max_age="60")) == "login-code"


@spec("ASVS 6.3.8")
def test_a_wrong_password_costs_the_same_where_a_browser_is_known(party):
    rp = party(second_factor="off")
    rp.log_in(rp.authorize())
    rp.browser.delete_cookie("__Host-idp_session", domain="id.example.test")
    page = rp.get("/login")

    def cost(name: str) -> int:
        with overheard(rp.provider) as said:
            rp.submit(page, identifier=name, password="wrong wrong wrong")
        return len(said.work)

    rp.provider.add_user("grace")
    cost("grace")
    cost("nobody")
    assert cost("grace") == cost("nobody-2") == cost("grace")


@spec("ASVS 7.5.1")
def test_where_only_the_second_step_is_missing_it_alone_is_asked_for(party):
    rp = party(second_factor="required")
    secret = rp.provider.add_totp(user_of(rp.provider))
    rp.submit(rp.log_in(rp.authorize()), code=rp.provider.code(secret), trust="yes")
    rp.provider.clock.forward(days=1)
    rp.log_in(rp.follow(rp.get("/account")))

    page = rp.get("/account/password")
    asked = rp.follow(page)

    assert page_id(asked) == "login-code"
    assert "You are about to change your password." in text_of(asked)
    assert "you were signed in here without it" in text_of(asked)
    assert "One more step to confirm that it is you." in text_of(asked)
    assert page_id(rp.submit(asked, code=rp.provider.code(secret))) == "account-password"


def test_the_reason_stays_on_the_second_page(party):
    rp = party(second_factor="required")
    secret = rp.provider.add_totp(user_of(rp.provider))
    rp.submit(rp.log_in(rp.authorize()), code=rp.provider.code(secret))
    rp.provider.clock.forward(minutes=20)
    asked = rp.follow(rp.get("/account/password"))
    assert "it is 20 minutes old" in text_of(asked)

    asked = rp.log_in(asked)

    assert page_id(asked) == "login-code"
    assert "You are about to change your password." in text_of(asked)


def test_a_step_up_that_sets_up_a_factor_asks_for_a_fresh_proof_in_the_clients_name(party):
    rp = party(second_factor="encouraged")
    rp.submit(rp.log_in(rp.authorize()), action="skip")
    rp.provider.clock.forward(minutes=20)

    asked = rp.authorize(claims='{"id_token":{"acr":{"essential":true,"value":"mfa"}}}')

    assert page_id(asked) == "login"
    assert "Example App asks for a proof that you have yet to set up." in text_of(asked)
    asked = rp.log_in(asked)
    assert page_id(asked) == "enrol"


def test_a_demand_of_the_house_is_not_put_in_the_clients_mouth(party):
    rp = party(second_factor="required")

    page = rp.log_in(rp.authorize())

    assert "Your account needs a second step before you go on." in text_of(page)
    assert page_id(rp.submit(page, action="cancel")) == "app.example.test"


def test_a_trusted_browser_that_has_to_bind_a_key_shows_the_step_it_was_spared_first(party):
    rp = party(second_factor="encouraged")
    secret = rp.provider.add_totp(user_of(rp.provider))
    rp.submit(rp.log_in(rp.authorize()), code=rp.provider.code(secret), trust="yes")
    rp.provider.clock.forward(days=1)
    rp.log_in(rp.follow(rp.get("/account")))
    assert has_session(rp)

    asked = rp.authorize(claims='{"id_token":{"acr":{"essential":true,"value":"phr"}}}')
    assert page_id(asked) == "login"
    step = rp.log_in(asked)
    assert page_id(step) == "login-code"
    assert page_id(rp.submit(step, code=rp.provider.code(secret))) == "enrol-passkey"
