"""The account page: what is shown, and acts that ask for a fresh proof."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from idp.credentials import totp
from idp.store import users
from tests.app import RelyingParty, claims_of, fields_of, make_provider, submit, text_of


@pytest.fixture
def ada(rp):
    with rp.provider.context() as ctx:
        return users.find_by_username(ctx.db, "ada")


def account(rp: RelyingParty):
    return rp.follow(rp.get("/account"))


def act(rp: RelyingParty, path: str, **values: str):
    return rp.follow(submit(rp.browser, account(rp), path, **values))


def test_it_asks_to_sign_in_and_comes_back(rp):
    page = account(rp)
    assert b'id="page-login"' in page.data

    assert b'id="page-account"' in rp.log_in(page).data


def test_it_names_the_session_the_factors_and_the_connections(rp):
    rp.sign_in(scope="openid email")

    text = text_of(account(rp))

    assert "Ada Example" in text
    assert "Example App" in text
    assert "Your email address" in text
    assert "Password" in text


def test_a_connection_is_revoked_with_its_tokens(rp):
    tokens = rp.sign_in()
    assert rp.userinfo(tokens["access_token"]).status_code == 200

    page = act(rp, "/account/connections/revoke", client_id=rp.client_id)

    assert "has no access any more" in text_of(page)
    assert rp.userinfo(tokens["access_token"]).status_code == 401
    assert b'id="page-consent"' in rp.authorize().data, "asked again"


def test_an_authenticator_is_added_in_a_session_which_rises_to_two_factors(rp, ada):
    rp.sign_in()
    page = act(rp, "/account/authenticator")
    key = re.search(r'id="manual-key"[^>]*>([^<]+)<', page.get_data(as_text=True))[1]

    page = rp.submit(page, action="confirm", code=rp.provider.code(key.replace(" ", "")))

    assert b'id="page-recovery-codes"' in page.data
    assert "session.proved" in rp.provider.event_names()
    assert "Authenticator app" in text_of(account(rp))


def test_an_enrolment_dies_with_the_session_that_began_it(rp):
    """Who leaves must not leave a door open: the page is still in the browser's history."""
    rp.sign_in()
    page = act(rp, "/account/authenticator")
    key = re.search(r'id="manual-key"[^>]*>([^<]+)<', page.get_data(as_text=True))[1]
    act(rp, "/account/sign-out")

    after = rp.submit(page, action="confirm", code=rp.provider.code(key.replace(" ", "")))

    assert b'id="page-login"' in after.data
    assert rp.answer(rp.authorize(prompt="none"))["error"] == "login_required"
    assert "totp.added" not in rp.provider.event_names()


@pytest.mark.parametrize(
    "path",
    ["/account/authenticator", "/account/authenticator/remove", "/account/recovery-codes"],
)
def test_sensitive_acts_ask_for_a_fresh_proof_and_say_why(rp, ada, path):
    secret = rp.provider.add_totp(ada)
    page = rp.log_in(rp.authorize())
    rp.submit(page, code=rp.provider.code(secret))
    rp.provider.clock.forward(minutes=16)

    page = act(rp, path)

    assert b'id="page-login"' in page.data
    assert "please confirm it is you" in text_of(page)
    assert "Use another account" in text_of(page)


def test_an_authenticator_is_removed_and_new_codes_void_the_old(rp, ada):
    secret = rp.provider.add_totp(ada)
    rp.submit(rp.log_in(rp.authorize()), code=rp.provider.code(secret))

    codes = act(rp, "/account/recovery-codes")
    assert b'id="page-recovery-codes"' in codes.data

    with rp.provider.context() as ctx:
        only = totp.list_for(ctx, ada.id)[0].id
    assert "was removed" in text_of(act(rp, "/account/authenticator/remove", authenticator_id=only))
    assert "was removed" not in text_of(
        act(rp, "/account/authenticator/remove", authenticator_id=only)
    )


def test_the_last_authenticator_stays_where_two_factors_are_required(database_url, tmp_path):
    provider = make_provider(database_url, tmp_path, second_factor="required")
    user = provider.add_user()
    rp = RelyingParty(provider, provider.add_client(), provider.browser())
    secret = provider.add_totp(user)
    rp.submit(rp.log_in(rp.authorize()), code=provider.code(secret))
    with provider.context() as ctx:
        only = totp.list_for(ctx, user.id)[0].id

    page = act(rp, "/account/authenticator/remove", authenticator_id=only)

    assert "the last one stays" in text_of(page)
    assert "totp.removed" not in provider.event_names()


def test_nobody_removes_what_belongs_to_another(rp, ada):
    grace = rp.provider.add_user("grace")
    rp.provider.add_totp(grace)
    with rp.provider.context() as ctx:
        hers = totp.list_for(ctx, grace.id)[0].id
    rp.sign_in()

    act(rp, "/account/authenticator/remove", authenticator_id=hers)

    with rp.provider.context() as ctx:
        assert len(totp.list_for(ctx, grace.id)) == 1


def test_signing_out_ends_the_session(rp):
    tokens = rp.sign_in()

    page = act(rp, "/account/sign-out")

    assert b'id="page-logged-out"' in page.data
    assert rp.userinfo(tokens["access_token"]).status_code == 401
    assert rp.answer(rp.authorize(prompt="none"))["error"] == "login_required"


@pytest.mark.parametrize(
    "path",
    [
        "/account/authenticator",
        "/account/authenticator/remove",
        "/account/recovery-codes",
        "/account/connections/revoke",
        "/account/sign-out",
    ],
)
def test_each_act_wants_the_form_token_and_a_session(rp, path):
    page = rp.authorize()
    bare = rp.browser.post(path, data={}, base_url="https://id.example.test")
    assert bare.status_code == 403

    token = fields_of(page)["csrf_token"]
    nobody = rp.browser.post(path, data={"csrf_token": token}, base_url="https://id.example.test")
    assert nobody.status_code in (200, 303)
    assert "/login" in nobody.headers.get("Location", "/login")


def test_adding_a_factor_is_no_fresh_proof_of_who_adds_it(rp):
    """Else whoever took a session over could keep it fresh for ever."""
    first = claims_of(rp.sign_in()["id_token"])
    rp.provider.clock.forward(minutes=10)
    page = act(rp, "/account/authenticator")
    key = re.search(r'id="manual-key"[^>]*>([^<]+)<', page.get_data(as_text=True))[1]
    rp.submit(page, action="confirm", code=rp.provider.code(key.replace(" ", "")))

    second = claims_of(rp.sign_in()["id_token"])

    assert second["acr"] == "mfa"
    assert second["auth_time"] == first["auth_time"]


def test_two_removals_at_once_leave_the_factor_that_the_policy_demands(database_url, tmp_path):
    provider = make_provider(database_url, tmp_path, second_factor="required")
    user = provider.add_user()
    rp = RelyingParty(provider, provider.add_client(), provider.browser())
    secret = provider.add_totp(user)
    provider.add_totp(user)
    rp.submit(rp.log_in(rp.authorize()), code=provider.code(secret))
    page = account(rp)
    with provider.context() as ctx:
        both = [each.id for each in totp.list_for(ctx, user.id)]
    cookie = rp.browser.get_cookie("__Host-idp_session", domain="id.example.test").value
    mine = rp.browser.get_cookie("__Host-idp_browser", domain="id.example.test").value
    together = threading.Barrier(2)

    def remove(authenticator_id: str) -> int:
        browser = provider.browser()
        for name, value in (("session", cookie), ("browser", mine)):
            browser.set_cookie(f"__Host-idp_{name}", value, domain="id.example.test", secure=True)
        together.wait()
        form = {"authenticator_id": authenticator_id}
        path = "/account/authenticator/remove"
        return submit(browser, page, path, **form).status_code

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(remove, both)) == [303, 303]

    with provider.context() as ctx:
        assert len(totp.list_for(ctx, user.id)) == 1
