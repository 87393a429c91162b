"""RP-Initiated Logout 1.0: who shows the ID token of this session ends it; others must ask."""

from urllib.parse import urlencode

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from idp.protocol.keys import service as keys
from tests.app import ISSUER, claims_of, header_of, link_of, submit, text_of
from tests.protocol.parties import (
    SECRET_COOKIE,
    page_of,
    party,
    refused,
    session_of,
    token_error,
)
from tests.support.spec import spec

BYE = "https://app.example.test/bye"
STATE = "".join(chr(33 + n % 94) for n in range(128))


@pytest.fixture
def rp(provider):
    provider.add_user()
    return party(provider, post_logout_redirect_uris=(BYE, BYE + "?a=1"))


def leave(rp, method="GET", **parameters):
    if method == "GET":
        return rp.follow(rp.get(f"/logout?{urlencode(parameters)}"))
    return rp.follow(rp.browser.post("/logout", data=parameters, base_url=ISSUER))


def is_over(rp):
    return refused(rp, rp.authorize(prompt="none")) == "login_required"


def ended(provider):
    return [e.data["reason"] for e in provider.audit() if e.name == "session.ended"]


@spec("RP-Initiated Logout §2", "RP-Initiated Logout §3")
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("uri", [BYE, BYE + "?a=1"])
def test_the_client_ends_the_session_and_gets_its_state_back_and_nothing_else(
    provider, rp, method, uri
):
    tokens = rp.sign_in()
    code = rp.answer(rp.authorize())["code"]

    response = leave(
        rp,
        method,
        id_token_hint=tokens["id_token"],
        post_logout_redirect_uri=uri,
        state=STATE,
    )

    separator = "&" if "?" in uri else "?"
    assert response.headers["Location"] == f"{uri}{separator}{urlencode({'state': STATE})}"
    assert response.status_code == 303
    assert is_over(rp)
    assert rp.browser.get_cookie(SECRET_COOKIE, domain="id.example.test") is None
    assert ended(provider) == ["client_logout"]
    assert rp.userinfo(tokens["access_token"]).status_code == 401
    assert token_error(rp.redeem(code)) == (400, "invalid_grant")


@spec("RP-Initiated Logout §3")
def test_without_state_none_is_added(rp):
    hint = rp.sign_in()["id_token"]

    response = leave(rp, id_token_hint=hint, post_logout_redirect_uri=BYE)

    assert response.headers["Location"] == BYE


@spec("RP-Initiated Logout §2", "OIDC Core §3.1.2.1")
def test_a_hint_serves_as_long_as_its_session_expired_or_not_and_its_key_rotated(provider, rp):
    hint = rp.sign_in()["id_token"]
    provider.clock.forward(minutes=1)
    with provider.context() as ctx:
        keys.rotate(ctx, "RS256")
    provider.clock.forward(minutes=50)
    assert "code" in rp.answer(rp.authorize(prompt="none", id_token_hint=hint))

    response = leave(rp, id_token_hint=hint, post_logout_redirect_uri=BYE)

    assert response.headers.get("Location") == BYE
    assert is_over(rp)


@spec("RP-Initiated Logout §2")
def test_the_client_may_name_itself_as_well(rp):
    hint = rp.sign_in()["id_token"]

    response = leave(rp, id_token_hint=hint, client_id=rp.client_id, post_logout_redirect_uri=BYE)

    assert response.headers["Location"] == BYE


@spec("RP-Initiated Logout §2", "RP-Initiated Logout §3", "RP-Initiated Logout §4")
def test_what_is_not_in_order_redirects_nobody_and_asks_the_person(provider, rp):
    tokens = rp.sign_in()
    hint = tokens["id_token"]
    other = party(provider, rp.browser, first_party=True)
    theirs = other.redeem(other.answer(other.authorize())["code"]).get_json()["id_token"]
    head, body, signature = hint.split(".")
    foreign = jwt.encode(
        {**header_of(hint), "alg": "RS256"}, claims_of(hint), RSAKey.generate_key(2048)
    )
    home = {"post_logout_redirect_uri": BYE, "state": STATE}
    for parameters in (
        {"id_token_hint": hint, "post_logout_redirect_uri": "https://evil.example/"},
        {"id_token_hint": hint, "post_logout_redirect_uri": BYE + "?foo=bar"},
        {"id_token_hint": hint, "post_logout_redirect_uri": BYE + "/"},
        {"id_token_hint": foreign, **home},
        {"id_token_hint": f"{head}.{body}.{signature[:-5]}AAAAA", **home},
        {"id_token_hint": f"eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{body}.", **home},
        {"id_token_hint": tokens["access_token"], **home},
        {"id_token_hint": "garbage", **home},
        {"id_token_hint": theirs, **home},
        {"id_token_hint": hint, "client_id": other.client_id, **home},
        home,
        {"client_id": "unknown", **home},
    ):
        for method in ("GET", "POST"):
            page = leave(rp, method, **parameters)
            assert (page.status_code, page_of(page)) == (200, "logout"), parameters
            assert "Location" not in page.headers
            assert "evil.example" not in page.get_data(as_text=True)
    assert "code" in rp.answer(rp.authorize(prompt="none"))


@spec("RP-Initiated Logout §2")
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("parameters", [{}, {"state": STATE}], ids=["nothing", "only state"])
def test_without_anything_the_person_is_asked_and_then_signed_out(provider, rp, method, parameters):
    rp.sign_in()

    page = leave(rp, method, **parameters)
    assert page_of(page) == "logout"
    done = submit_logout(rp, page, "logout")

    assert page_of(done) == "logged-out"
    assert is_over(rp)
    assert ended(provider) == ["user_logout"]
    assert rp.browser.get_cookie(SECRET_COOKIE, domain="id.example.test") is None


def submit_logout(rp, page, action):
    return rp.follow(submit(rp.browser, page, "/logout/confirm", action=action))


def proved_in_another_tab(rp):
    """Let the session have another secret, while the next request still shows the old one."""
    old = rp.browser.get_cookie(SECRET_COOKIE, domain="id.example.test").value
    rp.log_in(rp.authorize(prompt="login"))
    rp.browser.set_cookie(SECRET_COOKIE, old, domain="id.example.test", secure=True)


def test_who_agreed_is_signed_out_though_another_tab_proved_the_session_anew_meanwhile(
    provider, rp
):
    rp.sign_in()
    page = leave(rp)
    proved_in_another_tab(rp)

    done = submit_logout(rp, page, "logout")

    assert page_of(done) == "logged-out"
    assert ended(provider) == ["user_logout"]


def test_nobody_reads_that_they_are_signed_out_where_the_account_page_could_end_nothing(
    rp, provider
):
    rp.sign_in()
    account = rp.follow(rp.get("/account"))
    proved_in_another_tab(rp)

    answer = submit(rp.browser, account, "/account/sign-out")

    assert answer.headers["Location"] == "/logout"
    assert ended(provider) == []


@spec("RP-Initiated Logout §2")
def test_a_client_without_a_hint_gets_the_person_back_when_they_agree(rp):
    rp.sign_in()
    page = leave(rp, client_id=rp.client_id, post_logout_redirect_uri=BYE, state=STATE)
    assert page_of(page) == "logout"
    assert "Example App asks to sign you out" in text_of(page)

    response = submit_logout(rp, page, "logout")

    assert response.headers["Location"] == f"{BYE}?{urlencode({'state': STATE})}"
    assert is_over(rp)


@spec("RP-Initiated Logout §2")
def test_whoever_stays_stays(rp):
    rp.sign_in()

    page = submit_logout(rp, leave(rp), "stay")

    assert page_of(page) == "account"
    assert "code" in rp.answer(rp.authorize(prompt="none"))


@spec("RP-Initiated Logout §6")
def test_a_foreign_page_signs_nobody_out(provider, rp):
    rp.sign_in()
    page = leave(rp)

    forged = rp.submit(page, csrf_token="x", action="logout")
    assert forged.status_code in {403, 200}
    direct = rp.browser.post("/logout/confirm", data={"action": "logout"}, base_url=ISSUER)

    assert direct.status_code == 403
    assert ended(provider) == []


@spec("RP-Initiated Logout §2")
def test_without_a_hint_url_and_session_there_is_nothing_to_end(rp):
    page = leave(rp)

    assert page_of(page) == "logged-out"
    assert "You are not signed in" in text_of(page)
    assert link_of(page, "sign-in-again") == "/login"


@spec("RP-Initiated Logout §2", "RP-Initiated Logout §3")
def test_a_session_that_is_over_is_no_hindrance_to_going_back(provider, rp):
    hint = rp.sign_in()["id_token"]
    provider.clock.forward(hours=2)

    response = leave(rp, id_token_hint=hint, post_logout_redirect_uri=BYE, state="s")

    assert response.headers["Location"] == f"{BYE}?state=s"


@spec("RP-Initiated Logout §3")
def test_a_bad_hint_sends_nobody_back_even_when_there_is_no_session(rp):
    page = leave(rp, id_token_hint="garbage", client_id=rp.client_id, post_logout_redirect_uri=BYE)

    assert page_of(page) == "logged-out"
    assert "Location" not in page.headers


@spec("RP-Initiated Logout §2")
def test_the_hint_of_an_earlier_session_does_not_end_this_one(provider, rp):
    old = rp.sign_in()["id_token"]
    leave(rp, id_token_hint=old)
    rp.sign_in()
    assert claims_of(old)["sid"] != session_of(provider)

    page = leave(rp, id_token_hint=old, post_logout_redirect_uri=BYE)

    assert page_of(page) == "logout"
    assert "code" in rp.answer(rp.authorize(prompt="none"))


@spec("RFC 6749 §3.1")
def test_a_parameter_that_comes_twice_voids_the_request(provider, rp):
    hint = rp.sign_in()["id_token"]
    query = urlencode(
        [("id_token_hint", hint), ("post_logout_redirect_uri", BYE), ("state", "a"), ("state", "b")]
    )

    by_get = rp.follow(rp.get(f"/logout?{query}"))
    by_post = rp.follow(
        rp.browser.post(
            "/logout",
            data=query,
            content_type="application/x-www-form-urlencoded",
            base_url=ISSUER,
        )
    )

    assert [page_of(by_get), page_of(by_post)] == ["logout", "logout"]
    assert ended(provider) == []


@spec("RP-Initiated Logout §3")
@pytest.mark.parametrize("way", ["GET", "POST", "confirmed"])
def test_a_long_state_comes_back_whole_in_every_way(rp, way):
    hint = rp.sign_in()["id_token"]
    parameters = {"post_logout_redirect_uri": BYE, "state": "s" * 1000}
    if way == "confirmed":
        response = submit_logout(rp, leave(rp, client_id=rp.client_id, **parameters), "logout")
    else:
        response = leave(rp, way, id_token_hint=hint, **parameters)

    assert response.headers.get("Location") == f"{BYE}?state={'s' * 1000}"
    assert is_over(rp)
